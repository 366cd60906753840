import GRDB
package import MailkeepModel

extension ReadTransaction {
    /// The next mails of a record as `viewer` may see it, newest first; none where the viewer may not open the record.
    ///
    /// - Parameter message: the last of those before; nil at first.
    package func visibleMessages(
        on record: RecordKey,
        to viewer: UserID,
        after message: VisibleMessage?,
        limit: Int
    ) throws -> [VisibleMessage] {
        try rows(
            Visibility.visibleEntries + Self.chosenMessages(Self.isFurther),
            Visibility.arguments(viewer: viewer, record: record) + Self.arguments(after: message, limit: limit)
        ).map(visibleMessage)
    }

    /// The next of an active user's own stored mails, newest first (V0).
    ///
    /// - Parameter message: the last of those before; nil at first.
    package func ownMessages(of viewer: UserID, after message: VisibleMessage?, limit: Int) throws -> [VisibleMessage] {
        try rows(
            Visibility.ownEntries + Self.chosenMessages(Self.isFurther),
            ["viewer": viewer.rawValue] + Self.arguments(after: message, limit: limit)
        ).map(visibleMessage)
    }

    /// The folders of an active user that hold a message of their own (V0), each name once.
    package func ownFolders(of message: MessageID, of viewer: UserID) throws -> [String] {
        try rows(
            """
            SELECT DISTINCT folder.name FROM entry
            JOIN folder ON folder.id = entry.folder_id
            JOIN mailbox ON mailbox.id = folder.mailbox_id
            JOIN user AS owner ON owner.id = mailbox.user_id
            WHERE entry.message_id = :message AND owner.id = :viewer AND owner.status = 'active'
            ORDER BY folder.name
            """,
            ["viewer": viewer.rawValue, "message": message.rawValue]
        ).map { $0["name"] }
    }

    /// Pages follow the order itself, so that mail which comes meanwhile moves nothing.
    private static let isFurther = "AND (message.sent_at, message.id) < (:sent_at, :after)"

    private static func arguments(after message: VisibleMessage?, limit: Int) -> StatementArguments {
        [
            "sent_at": message?.sentAt.rawValue ?? Int64.max, "after": message?.id.rawValue ?? Int64.max,
            "offset": 0, "limit": limit,
        ]
    }
}
