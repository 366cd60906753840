import GRDB
package import MailkeepModel

/// What others would see of a user's mail under a sharing setting.
package struct SharingPreview: Sendable, Equatable {
    package var sharing: SharingSetting
    /// Messages, records on whose pages they stand, and other users who may open these.
    package var messages: Int
    package var records: Int
    package var users: Int

    package init(sharing: SharingSetting, messages: Int, records: Int, users: Int) {
        self.sharing = sharing
        self.messages = messages
        self.records = records
        self.users = users
    }
}

extension ReadTransaction {
    /// How much of an active user's stored mail others would see by the user's setting, were it `sharing`.
    ///
    /// What they see whatever the setting (V2, B7) is not counted, and neither is a record that nobody else may open.
    package func preview(of sharing: SharingSetting, for user: UserID) throws -> SharingPreview {
        var preview = SharingPreview(sharing: sharing, messages: 0, records: 0, users: 0)
        let sharedRecords: String
        switch sharing {
        case .none: return preview
        case .recordLevel:
            sharedRecords = """
                WHERE EXISTS (SELECT 1 FROM email_share WHERE email_share.user_id = :viewer
                              AND email_share.record_key = standing.record_key)
                """
        case .all: sharedRecords = ""
        }
        let counts = try row(
            Visibility.pagesOfOwnMail + """
                chosen AS MATERIALIZED (SELECT DISTINCT record_key FROM standing \(sharedRecords)),

                """ + Visibility.otherUsersOfChosen + """
                    SELECT (SELECT COUNT(DISTINCT standing.message_id) FROM standing
                            WHERE standing.record_key IN (SELECT record_key FROM other)) AS messages,
                           COUNT(DISTINCT record_key) AS records, COUNT(DISTINCT user_id) AS users
                    FROM other
                    """,
            ["viewer": user.rawValue]
        )
        guard let counts else { return preview }
        preview.messages = counts["messages"]
        preview.records = counts["records"]
        preview.users = counts["users"]
        return preview
    }
}
