import GRDB
package import MailkeepModel

extension ReadTransaction {
    /// The folders whose messages a backup takes: all that the user has in the domain that was judged, however numbered.
    package func foldersToFreeze(of backup: BackupDetails) throws -> [Int64] {
        try rows(
            """
            SELECT folder.id FROM mailbox JOIN folder ON folder.mailbox_id = mailbox.id
            WHERE mailbox.user_id = ? AND mailbox.domain = ? ORDER BY folder.id
            """,
            [backup.user.rawValue, backup.domain]
        ).map { $0["id"] }
    }

    /// Associated messages of a folder that no backup of the user holds (B2), of the next `limit` mails that are stored.
    ///
    /// - Parameter uid: the last UID of the page before; 0 for the first page.
    /// - Returns: the messages, and the page's last UID, nil where there is no further mail.
    package func messagesToFreeze(
        into backup: BackupDetails,
        folder: Int64,
        after uid: UInt32,
        limit: Int
    ) throws -> (messages: [MessageID], last: UInt32?) {
        let page = try rows(
            """
            SELECT entry.uid, entry.message_id,
                   NOT EXISTS (SELECT 1 FROM backup_message AS held
                               WHERE held.user_id = :user AND held.message_id = entry.message_id)
                   AND \(Visibility.isAssociated) AS is_due
            FROM entry WHERE entry.folder_id = :folder AND entry.uid > :uid AND entry.message_id IS NOT NULL
            ORDER BY entry.uid LIMIT :limit
            """,
            ["user": backup.user.rawValue, "folder": folder, "uid": Int64(uid), "limit": limit]
        )
        return (
            page.filter { $0["is_due"] }.map { MessageID(rawValue: $0["message_id"]) },
            page.last.map { UInt32(clamping: $0["uid"] as Int64) }
        )
    }
}

extension WriteTransaction {
    /// Takes messages, which no earlier backup of the user holds, into a backup that is not yet visible.
    ///
    /// Those that were removed since they were found, or are to be erased (R4), are passed by.
    ///
    /// - Returns: how many were taken; 0 when the backup holds them already, or is not in progress.
    package func freeze(_ messages: [MessageID], into backup: BackupDetails) throws -> Int {
        guard try exists("SELECT 1 FROM backup WHERE id = ? AND status = 'in_progress'", [backup.id.rawValue]) else {
            return 0
        }
        var count = 0
        for message in messages {
            try run(
                """
                INSERT OR IGNORE INTO backup_message (user_id, message_id, backup_id)
                SELECT ?, message.id, ? FROM message
                WHERE message.id = ?
                  AND NOT \(Self.isToBeErased("message.id"))
                """,
                [backup.user.rawValue, backup.id.rawValue, message.rawValue]
            )
            count += database.changesCount
        }
        return count
    }
}
