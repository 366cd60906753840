import GRDB
package import MailkeepModel

extension ReadTransaction {
    /// The counts of every folder of a user's mailboxes in a domain, as the folder is numbered now.
    ///
    /// What was stored under an earlier UIDVALIDITY is in the backup and not counted here, as it would be counted twice
    /// beside one number on the server. What is associated is stored, skipped for a reason, or wanted; a mail whose
    /// header cannot be read counts as associated, as it may be.
    package func folderCounts(of user: UserID, domain: String) throws -> [FolderCounts] {
        let before = try storedBefore(of: user, domain: domain)
        return try rows(
            """
            WITH seen AS MATERIALIZED (
                SELECT folder.name, entry.message_id IS NOT NULL AS is_stored, entry.skipped, entry.is_gone,
                       entry.message_id IS NOT NULL OR entry.skipped IS 'header_unreadable'
                           OR \(Visibility.isAssociated) AS is_associated
                FROM mailbox JOIN folder ON folder.mailbox_id = mailbox.id JOIN entry ON entry.folder_id = folder.id
                WHERE mailbox.user_id = ? AND mailbox.domain = ? AND folder.is_current
            )
            SELECT name, COUNT(*) AS considered, SUM(is_gone) AS removed, SUM(is_associated) AS associated, SUM(is_stored) AS stored,
                   SUM(is_associated AND skipped IS 'vanished') AS vanished,
                   SUM(is_associated AND skipped IS 'too_large') AS too_large,
                   SUM(is_associated AND skipped IS 'unreadable' OR skipped IS 'header_unreadable') AS unreadable
            FROM seen GROUP BY name ORDER BY name
            """,
            [user.rawValue, domain]
        ).map { row in
            var counts = FolderCounts(name: row["name"])
            counts.considered = row["considered"]
            counts.removed = row["removed"]
            counts.associated = row["associated"]
            counts.stored = row["stored"]
            counts.storedBefore = before[counts.name] ?? 0
            counts.vanished = row["vanished"]
            counts.tooLarge = row["too_large"]
            counts.unreadable = row["unreadable"]
            return counts
        }
    }

    /// How many messages each folder held under earlier UIDVALIDITYs, and does not now.
    private func storedBefore(of user: UserID, domain: String) throws -> [String: Int] {
        let found = try rows(
            """
            SELECT folder.name, COUNT(DISTINCT entry.message_id) AS count
            FROM mailbox JOIN folder ON folder.mailbox_id = mailbox.id JOIN entry ON entry.folder_id = folder.id
            WHERE mailbox.user_id = ? AND mailbox.domain = ? AND NOT folder.is_current AND entry.message_id IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM entry AS held JOIN folder AS now ON now.id = held.folder_id
                              WHERE held.message_id = entry.message_id AND now.mailbox_id = mailbox.id
                                AND now.name = folder.name AND now.is_current)
            GROUP BY folder.name
            """,
            [user.rawValue, domain]
        )
        return Dictionary(found.map { ($0["name"], $0["count"]) }, uniquingKeysWith: { first, _ in first })
    }
}
