import GRDB
package import MailkeepModel

extension ReadTransaction {
    /// The counts of every folder of a mailbox as it is numbered now, and of those of which the user's backups hold
    /// messages otherwise, by name.
    ///
    /// A mail that the backups hold is stored, whatever became of its records since. A mail whose header cannot be read
    /// counts as associated, as it may be. What is still to be erased counts as what has been.
    package func folderCounts(of user: UserID, in mailbox: MailboxID) throws -> [FolderCounts] {
        var folders: [String: FolderCounts] = [:]
        let present = try rows(
            """
            WITH seen AS MATERIALIZED (
                SELECT folder.name, entry.id AS entry_id, entry.message_id, entry.is_gone,
                       CASE
                           WHEN entry.id IS NULL THEN NULL
                           WHEN EXISTS (SELECT 1 FROM backup_message AS held
                                        WHERE held.user_id = :user AND held.message_id = entry.message_id) THEN 'stored'
                           WHEN entry.skipped = 'header_unreadable' THEN 'unreadable'
                           WHEN entry.removed_by = 'retention' THEN 'expired'
                           WHEN \(Self.isToBeErased("entry.message_id")) THEN NULL
                           WHEN NOT \(Visibility.isAssociated) THEN NULL
                           WHEN entry.skipped IS NOT NULL THEN entry.skipped
                           WHEN entry.is_gone AND entry.message_id IS NULL THEN 'vanished'
                           ELSE 'not_read'
                       END AS fate
                FROM folder LEFT JOIN entry ON entry.folder_id = folder.id
                WHERE folder.mailbox_id = :mailbox AND folder.is_current
            )
            SELECT name, COUNT(entry_id) AS considered, COALESCE(SUM(is_gone), 0) AS removed, COUNT(fate) AS associated,
                   COUNT(*) FILTER (WHERE fate = 'stored') AS stored,
                   COUNT(DISTINCT message_id) FILTER (WHERE fate = 'stored') AS messages,
                   COUNT(*) FILTER (WHERE fate = 'vanished') AS vanished,
                   COUNT(*) FILTER (WHERE fate = 'too_large') AS too_large,
                   COUNT(*) FILTER (WHERE fate = 'unreadable') AS unreadable,
                   COUNT(*) FILTER (WHERE fate = 'not_read') AS not_read,
                   NULLIF(COUNT(*) FILTER (WHERE fate = 'expired'), 0) AS expired
            FROM seen GROUP BY name
            """,
            ["user": user.rawValue, "mailbox": mailbox.rawValue]
        )
        for row in present {
            var counts = FolderCounts(name: row["name"])
            counts.considered = row["considered"]
            counts.removed = row["removed"]
            counts.associated = row["associated"]
            counts.stored = row["stored"]
            counts.copies = counts.stored - row["messages"]
            counts.vanished = row["vanished"]
            counts.tooLarge = row["too_large"]
            counts.unreadable = row["unreadable"]
            counts.notRead = row["not_read"]
            counts.expired = row["expired"]
            folders[counts.name] = counts
        }
        for (name, count) in try storedBefore(of: user, in: mailbox) {
            folders[name, default: FolderCounts(name: name)].storedBefore = count
        }
        return folders.values.sorted { $0.name < $1.name }
    }

    /// How many messages the user's backups hold of each folder that are not in it as the mailbox is numbered now.
    private func storedBefore(of user: UserID, in mailbox: MailboxID) throws -> [String: Int] {
        let found = try rows(
            """
            SELECT folder.name, COUNT(DISTINCT held.message_id) AS count
            FROM mailbox CROSS JOIN folder ON folder.mailbox_id = mailbox.id
            CROSS JOIN entry ON entry.folder_id = folder.id
            CROSS JOIN backup_message AS held ON held.user_id = mailbox.user_id AND held.message_id = entry.message_id
            WHERE mailbox.user_id = :user AND NOT (folder.is_current AND folder.mailbox_id = :mailbox)
              AND NOT EXISTS (SELECT 1 FROM entry AS present JOIN folder AS now ON now.id = present.folder_id
                              WHERE present.message_id = entry.message_id AND now.mailbox_id = :mailbox
                                AND now.name = folder.name AND now.is_current)
            GROUP BY folder.name
            """,
            ["user": user.rawValue, "mailbox": mailbox.rawValue]
        )
        return Dictionary(found.map { ($0["name"], $0["count"]) }, uniquingKeysWith: { first, _ in first })
    }

    /// The folders of a mailbox that its last synchronisation left out, and why.
    package func excludedFolders(of mailbox: MailboxID) throws -> [String: FolderExclusion] {
        let found = try rows("SELECT name, reason FROM excluded_folder WHERE mailbox_id = ?", [mailbox.rawValue])
        return Dictionary(
            found.compactMap { row in FolderExclusion(rawValue: row["reason"]).map { (row["name"], $0) } },
            uniquingKeysWith: { first, _ in first }
        )
    }
}

extension WriteTransaction {
    /// Notes which folders of a mailbox were left out, for backups that cannot reach it any more (B10).
    package func setExcludedFolders(_ folders: [String: FolderExclusion], of mailbox: MailboxID) throws {
        guard try excludedFolders(of: mailbox) != folders else { return }
        try run("DELETE FROM excluded_folder WHERE mailbox_id = ?", [mailbox.rawValue])
        for (name, reason) in folders {
            try run(
                "INSERT INTO excluded_folder (mailbox_id, name, reason) VALUES (?, ?, ?)",
                [mailbox.rawValue, name, reason.rawValue]
            )
        }
    }
}
