package import Foundation
import GRDB
package import MailkeepModel

/// What lists show of a message.
///
/// Sealed at rest.
package struct MessageSummary: Sendable, Equatable {
    package struct Party: Sendable, Equatable {
        package var name: String?
        package var address: String

        package init(name: String?, address: String) {
            self.name = name
            self.address = address
        }
    }

    package struct Attachment: Sendable, Equatable {
        package var name: String?
        package var contentType: String
        package var size: Int

        package init(name: String?, contentType: String, size: Int) {
            self.name = name
            self.contentType = contentType
            self.size = size
        }
    }

    /// The SHA-256 of the raw bytes: the message's identity (design decision 4).
    package var sha256: Data
    package var messageID: String?
    package var subject: String
    package var from: [Party]
    package var to: [Party]
    package var cc: [Party]
    package var snippet: String
    package var attachments: [Attachment]

    package init(
        sha256: Data,
        messageID: String?,
        subject: String,
        from: [Party],
        to: [Party],
        cc: [Party],
        snippet: String,
        attachments: [Attachment]
    ) {
        self.sha256 = sha256
        self.messageID = messageID
        self.subject = subject
        self.from = from
        self.to = to
        self.cc = cc
        self.snippet = snippet
        self.attachments = attachments
    }
}

/// A message as a viewer sees it on a record's page.
package struct VisibleMessage: Sendable, Equatable {
    package var id: MessageID
    package var summary: MessageSummary
    package var size: Int64
    package var sentAt: Timestamp
    /// The owner of the first mailbox that allows it.
    package var owner: UserID
    package var ownerName: String
    package var ownerIsActive: Bool
    /// The address of that mailbox.
    package var mailbox: String
    /// The owner's own address is in From.
    package var isSentByOwner: Bool
    package var ground: VisibilityPolicy.Ground
    package var content: ContentLocation
}

extension ReadTransaction {
    /// A record's mail as `viewer` may see it, newest first; empty where the viewer may not open the record.
    ///
    /// - Parameters:
    ///   - offset: how many to pass over.
    ///   - limit: how many to give at the most; nil gives all.
    ///   - owner: in whose mailboxes they are to be seen; nil for anybody's.
    package func visibleMessages(
        on record: RecordKey,
        to viewer: UserID,
        in owner: UserID? = nil,
        offset: Int = 0,
        limit: Int? = nil
    ) throws -> [VisibleMessage] {
        var arguments = Visibility.arguments(viewer: viewer, record: record)
        arguments += ["offset": offset, "limit": limit ?? -1]
        if let owner { arguments += ["owner": owner.rawValue] }
        return try rows(
            Visibility.visibleEntries + Self.chosenMessages(ofOwner: owner != nil),
            arguments
        ).map(visibleMessage)
    }

    /// One message of a record as `viewer` may see it; nil for absent and forbidden alike (V1).
    package func visibleMessage(
        _ message: MessageID,
        on record: RecordKey,
        to viewer: UserID,
        in owner: UserID? = nil
    ) throws -> VisibleMessage? {
        var arguments = Visibility.arguments(viewer: viewer, record: record)
        arguments += ["message": message.rawValue, "offset": 0, "limit": 1]
        if let owner { arguments += ["owner": owner.rawValue] }
        return try row(
            Visibility.visibleEntries
                + Self.chosenMessages("AND visible.message_id = :message", ofOwner: owner != nil),
            arguments
        ).map(visibleMessage)
    }

    /// Whose mail on a record a viewer sees, beside their own, and of what account type it is.
    package func ownersOfVisibleMessages(
        on record: RecordKey,
        to viewer: UserID
    ) throws -> [(id: UserID, name: String, accountType: AccountType?)] {
        try rows(
            Visibility.visibleEntries + """
                SELECT owner.id, owner.name, mail_addon.account_type FROM user AS owner
                LEFT JOIN mail_addon ON mail_addon.user_id = owner.id
                WHERE owner.id IN (SELECT owner_id FROM visible) AND owner.id <> :viewer
                ORDER BY owner.name COLLATE NOCASE, owner.id
                """,
            Visibility.arguments(viewer: viewer, record: record)
        ).map {
            (
                id: UserID(rawValue: $0["id"]), name: $0["name"],
                accountType: ($0["account_type"] as String?).flatMap(AccountType.init)
            )
        }
    }

    /// An active user's own stored mail, newest first (V0); empty for one who is not active.
    ///
    /// - Parameters:
    ///   - offset: how many to pass over.
    ///   - limit: how many to give at the most; nil gives all.
    package func ownMessages(of viewer: UserID, offset: Int = 0, limit: Int? = nil) throws -> [VisibleMessage] {
        try rows(
            Visibility.ownEntries + Self.chosenMessages(),
            ["viewer": viewer.rawValue, "offset": offset, "limit": limit ?? -1]
        ).map(visibleMessage)
    }

    /// One message of an active user's own; nil for absent and another's alike (V0, V1).
    package func ownMessage(_ message: MessageID, of viewer: UserID) throws -> VisibleMessage? {
        try row(
            Visibility.ownEntries + Self.chosenMessages("AND visible.message_id = :message"),
            ["viewer": viewer.rawValue, "message": message.rawValue, "offset": 0, "limit": 1]
        ).map(visibleMessage)
    }

    /// Of each visible message that also fulfils a condition, newest first, the place in the first mailbox that allows it.
    ///
    /// What is large of a message is read once it is known which ones `:limit` and `:offset` ask for.
    ///
    /// - Parameter isOfOwner: whether it is to be the first mailbox of `:owner`.
    static func chosenMessages(_ condition: String = "", ofOwner isOfOwner: Bool = false) -> String {
        let isFirst =
            isOfOwner
            ? """
            visible.owner_id = :owner AND visible.place_rank = (
                SELECT MIN(other.place_rank) FROM visible AS other
                WHERE other.message_id = visible.message_id AND other.owner_id = :owner)
            """ : "visible.place_rank = 1"
        return """
            , chosen AS MATERIALIZED (
                SELECT visible.message_id, visible.entry_id, visible.mailbox_id, visible.owner_id, visible.ground
                FROM visible CROSS JOIN message ON message.id = visible.message_id
                WHERE \(isFirst) \(condition)
                ORDER BY message.sent_at DESC, message.id DESC LIMIT :limit OFFSET :offset
            )
            SELECT message.id, message.size, message.sent_at, message.sealed_summary, content.*,
                   owner.id AS owner_id, owner.name AS owner_name, owner.status AS owner_status, chosen.ground,
                   mailbox.address AS mailbox_address,
                   EXISTS (SELECT 1 FROM entry_address
                           JOIN internal_address ON internal_address.hash = entry_address.hash
                           WHERE entry_address.entry_id = chosen.entry_id AND entry_address.fields & 1
                             AND internal_address.user_id = owner.id) AS is_sent
            FROM chosen
            CROSS JOIN message ON message.id = chosen.message_id
            CROSS JOIN content ON content.key = message.content_key
            CROSS JOIN user AS owner ON owner.id = chosen.owner_id
            CROSS JOIN mailbox ON mailbox.id = chosen.mailbox_id
            ORDER BY message.sent_at DESC, message.id DESC
            """
    }

    func visibleMessage(_ row: Row) throws -> VisibleMessage {
        let key: Data = row["key"]
        guard let ground = VisibilityPolicy.Ground(rawValue: row["ground"]) else {
            throw StoreError(.damaged, "a message is visible for a reason that is unknown")
        }
        return VisibleMessage(
            id: MessageID(rawValue: row["id"]),
            summary: try sealing.openSummary(row["sealed_summary"], of: key, MessageSummary.init(encoded:)),
            size: row["size"],
            sentAt: Timestamp(rawValue: row["sent_at"]),
            owner: UserID(rawValue: row["owner_id"]),
            ownerName: row["owner_name"],
            ownerIsActive: row["owner_status"] == UserStatus.active.rawValue,
            mailbox: row["mailbox_address"],
            isSentByOwner: row["is_sent"],
            ground: ground,
            content: ContentLocation(key, in: row)
        )
    }
}
