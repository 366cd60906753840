package import Foundation
import GRDB
package import MailkeepModel

/// Where a backup's mail was read from.
package enum BackupOrigin: String, Sendable {
    /// The leaver's own mailbox.
    case mailbox
    /// A source that an administrator attached (L9).
    case backupSource = "backup_source"
    /// Only what had been synchronised: the mail server did not answer (B10).
    case synchronised
}

/// A backup as it stands.
package struct BackupDetails: Sendable, Equatable {
    package var id: BackupID
    package var user: UserID
    package var kind: BackupKind
    package var status: BackupStatus
    package var mailbox: MailboxID
    package var address: String
    /// The domain that was judged (B4): mailboxes of the user in this domain are covered.
    package var domain: String
    package var requestedBy: UserID
    package var requestedAt: Timestamp
    package var startedAt: Timestamp?
    package var endedAt: Timestamp?
    /// Up to which moment the backup is complete (B10).
    package var coveredUntil: Timestamp?
    /// When it goes on that rests, as its mail server asks for.
    package var restsUntil: Timestamp?
    package var origin: BackupOrigin?
    /// Why it failed, or why only synchronised mail is in it.
    package var error: String?
    package var errorDetail: String?
    package var progress: BackupProgress
    /// Of a completed backup: messages, those that no earlier backup held, raw bytes.
    package var messages: Int
    package var added: Int
    package var messageBytes: Int64
    package var root: Data?
    package var signature: Data?
    package var manifest: ContentLocation?
}

/// How far the reading for a backup has come (B6).
package struct BackupProgress: Sendable, Equatable {
    /// Folders whose headers are read, and all folders.
    package var foldersDone: Int
    package var folders: Int
    /// Associated mails that are new, and those of them that are stored.
    package var found: Int
    package var stored: Int
    /// Raw bytes of these.
    package var bytes: Int64

    package init(foldersDone: Int, folders: Int, found: Int, stored: Int, bytes: Int64) {
        self.foldersDone = foldersDone
        self.folders = folders
        self.found = found
        self.stored = stored
        self.bytes = bytes
    }
}

/// What a completed backup fixes.
package struct BackupSeal: Sendable {
    package var messages: Int
    package var added: Int
    package var messageBytes: Int64
    package var root: Data
    package var signature: Data
    package var manifest: DurableContent
    /// The head of the audit log that the manifest names.
    package var auditHead: Data
    package var coveredUntil: Timestamp?
    package var origin: BackupOrigin
    package var error: String?
    package var errorDetail: String?

    package init(
        messages: Int,
        added: Int,
        messageBytes: Int64,
        root: Data,
        signature: Data,
        manifest: DurableContent,
        auditHead: Data,
        coveredUntil: Timestamp?,
        origin: BackupOrigin,
        error: String?,
        errorDetail: String?
    ) {
        self.messages = messages
        self.added = added
        self.messageBytes = messageBytes
        self.root = root
        self.signature = signature
        self.manifest = manifest
        self.auditHead = auditHead
        self.coveredUntil = coveredUntil
        self.origin = origin
        self.error = error
        self.errorDetail = errorDetail
    }
}

/// A message that a backup holds, and the folders that it was in.
package struct BackupMessage: Sendable {
    package var id: MessageID
    /// Of the raw bytes (design decision 4).
    package var sha256: Data
    package var size: Int64
    package var sentAt: Timestamp
    /// The first address of From; told only where the page is read for a viewer.
    package var sender: String?
    package var folders: [String]
    /// No earlier backup of the user held it.
    package var isNew: Bool
    /// The viewer for whom the page was read may see it.
    package var isVisible: Bool
    package var content: ContentLocation
}

extension ReadTransaction {
    /// What the rules need to know of a user's backups.
    package func backupState(of user: UserID) throws -> BackupState {
        BackupState(
            isPending: try exists(
                "SELECT 1 FROM backup WHERE user_id = ? AND status IN ('waiting', 'in_progress')",
                [user.rawValue]
            ),
            isCompleted: try exists(
                "SELECT 1 FROM backup WHERE user_id = ? AND status = 'completed'",
                [user.rawValue]
            )
        )
    }

    /// A backup.
    package func backup(_ id: BackupID) throws -> BackupDetails? {
        try row(Self.selectBackup + "WHERE backup.id = ?", [id.rawValue]).map(backup)
    }

    /// All backups, of one user or of all, newest first.
    package func backups(of user: UserID? = nil) throws -> [BackupDetails] {
        try rows(
            Self.selectBackup + "WHERE ?1 IS NULL OR backup.user_id = ?1 ORDER BY backup.id DESC",
            [user?.rawValue]
        ).map(backup)
    }

    /// The pending backup of a user.
    package func pendingBackup(of user: UserID) throws -> BackupDetails? {
        try row(
            Self.selectBackup + "WHERE backup.user_id = ? AND backup.status IN ('waiting', 'in_progress')",
            [user.rawValue]
        ).map(backup)
    }

    /// The completed backup that stands for a user, and a later one that is not completed (P4, B10).
    package func latestBackups(of user: UserID) throws -> (standing: BackupDetails?, attempt: BackupDetails?) {
        let newest = Self.selectBackup + "WHERE backup.user_id = ?"
        let standing = try row(
            newest + " AND backup.status = 'completed' ORDER BY backup.id DESC LIMIT 1",
            [user.rawValue]
        ).map(backup)
        let last = try row(newest + " ORDER BY backup.id DESC LIMIT 1", [user.rawValue]).map(backup)
        return (standing, last?.status == .completed ? nil : last)
    }

    /// The folders of a backup with their counts.
    package func folders(of backup: BackupID) throws -> [FolderCounts] {
        try rows("SELECT * FROM backup_folder WHERE backup_id = ? ORDER BY name", [backup.rawValue]).map { row in
            var counts = FolderCounts(
                name: row["name"],
                onServer: row["on_server"],
                excluded: (row["excluded"] as String?).flatMap(FolderExclusion.init)
            )
            counts.considered = row["considered"]
            counts.removed = row["removed"]
            counts.associated = row["associated"]
            counts.stored = row["stored"]
            counts.copies = row["copies"]
            counts.storedBefore = row["stored_before"]
            counts.vanished = row["vanished"]
            counts.tooLarge = row["too_large"]
            counts.unreadable = row["unreadable"]
            counts.notRead = row["not_read"]
            counts.expired = (row["expired"] as Int) == 0 ? nil : row["expired"]
            return counts
        }
    }

    /// The messages that a backup holds, by content key, a page at a time.
    ///
    /// - Parameters:
    ///   - key: the content key of the last message of the page before; nil for the first page.
    ///   - viewer: for whom `isVisible` is told; nil where nobody sees the page.
    package func messages(
        of backup: BackupDetails,
        after key: Data?,
        limit: Int,
        exportedBy viewer: UserID? = nil
    ) throws -> [BackupMessage] {
        var arguments: StatementArguments = [
            "user": backup.user.rawValue, "key": key ?? Data(), "backup": backup.id.rawValue, "limit": limit,
        ]
        if let viewer { arguments += ["viewer": viewer.rawValue] }
        let names = try folderNames(of: backup.user)
        return try rows(
            """
            SELECT message.id, message.size, message.sent_at, message.sealed_summary, content.*,
                   backup.id = :backup AS is_new, \(viewer == nil ? "0" : Visibility.mayExport) AS is_visible,
                   (SELECT group_concat(folder_id) FROM entry WHERE entry.message_id = message.id) AS folders
            FROM message
            CROSS JOIN backup_message ON backup_message.message_id = message.id AND backup_message.user_id = :user
            CROSS JOIN backup ON backup.id = backup_message.backup_id
            CROSS JOIN content ON content.key = message.content_key
            WHERE message.content_key > :key AND backup.id <= :backup AND (backup.status = 'completed' OR backup.id = :backup)
            ORDER BY message.content_key LIMIT :limit
            """,
            arguments
        ).map { row in
            let contentKey: Data = row["key"]
            let (sha256, sender) = try sealing.openSummary(row["sealed_summary"], of: contentKey) { encoded in
                guard viewer != nil else { return (try MessageSummary.sha256(inEncoded: encoded), String?.none) }
                let summary = try MessageSummary(encoded: encoded)
                return (summary.sha256, summary.from.first?.address)
            }
            return BackupMessage(
                id: MessageID(rawValue: row["id"]),
                sha256: sha256,
                size: row["size"],
                sentAt: Timestamp(rawValue: row["sent_at"]),
                sender: sender,
                folders: Set(
                    ((row["folders"] as String?) ?? "").split(separator: ",").compactMap {
                        Int64($0).flatMap { names[$0] }
                    }
                ).sorted(),
                isNew: row["is_new"],
                isVisible: row["is_visible"],
                content: ContentLocation(contentKey, in: row)
            )
        }
    }

    private func folderNames(of user: UserID) throws -> [Int64: String] {
        let folders = try rows(
            """
            SELECT folder.id, folder.name FROM mailbox JOIN folder ON folder.mailbox_id = mailbox.id
            WHERE mailbox.user_id = ?
            """,
            [user.rawValue]
        )
        return Dictionary(folders.map { ($0["id"], $0["name"]) }, uniquingKeysWith: { first, _ in first })
    }

    private static let selectBackup = """
        SELECT backup.*, mailbox.address, content.segment, content.offset, content.length,
               (SELECT job.not_before FROM job WHERE job.backup_id = backup.id AND job.state = 'waiting') AS rests_until
        FROM backup JOIN mailbox ON mailbox.id = backup.mailbox_id
        LEFT JOIN content ON content.key = backup.manifest_key

        """

    private func backup(_ row: Row) throws -> BackupDetails {
        guard let status = BackupStatus(rawValue: row["status"]), let kind = BackupKind(rawValue: row["kind"]) else {
            throw StoreError(.damaged, "a backup has an unknown status")
        }
        let moment = { (column: String) in (row[column] as Int64?).map(Timestamp.init) }
        let manifest = (row["manifest_key"] as Data?).map { key in
            // In a damaged database nothing may tell where it lies: nowhere, then.
            (row["segment"] as Int64?) == nil
                ? ContentLocation(key: key, segment: 0, offset: 0, length: 0) : ContentLocation(key, in: row)
        }
        return BackupDetails(
            id: BackupID(rawValue: row["id"]),
            user: UserID(rawValue: row["user_id"]),
            kind: kind,
            status: status,
            mailbox: MailboxID(rawValue: row["mailbox_id"]),
            address: row["address"],
            domain: row["domain"],
            requestedBy: UserID(rawValue: row["requested_by"]),
            requestedAt: Timestamp(rawValue: row["requested_at"]),
            startedAt: moment("started_at"),
            endedAt: moment("ended_at"),
            coveredUntil: moment("covered_until"),
            restsUntil: moment("rests_until"),
            origin: (row["source"] as String?).flatMap(BackupOrigin.init),
            error: row["error"],
            errorDetail: row["error_detail"],
            progress: BackupProgress(
                foldersDone: row["folders_done"],
                folders: row["folders"],
                found: row["found"],
                stored: row["stored"],
                bytes: row["bytes"]
            ),
            messages: row["messages"],
            added: row["added"],
            messageBytes: row["message_bytes"],
            root: row["root"],
            signature: row["signature"],
            manifest: manifest
        )
    }
}

extension WriteTransaction {
    /// Asks for a backup and queues its job.
    package func insertBackup(
        of user: UserID,
        kind: BackupKind,
        addon: MailAddonSettings,
        requestedBy: UserID,
        permissions: JobPermissions,
        at now: Timestamp
    ) throws -> BackupID {
        let id = try insert(
            """
            INSERT INTO backup (user_id, kind, status, mailbox_id, domain, requested_by, requested_at)
            VALUES (?, ?, 'waiting', ?, ?, ?, ?)
            """,
            [
                user.rawValue, kind.rawValue, addon.mailbox.rawValue, addon.domain, requestedBy.rawValue,
                now.rawValue,
            ]
        )
        let backup = BackupID(rawValue: id)
        try insertJob(.backup, user: user, backup: backup, permissions: permissions, at: now)
        return backup
    }

    /// A backup is being worked on.
    ///
    /// What an interrupted attempt had taken is let go, to be taken anew.
    package func beginBackup(_ id: BackupID, at now: Timestamp) throws {
        try run(
            """
            UPDATE backup SET status = 'in_progress', started_at = COALESCE(started_at, ?), error = NULL,
                error_detail = NULL
            WHERE id = ? AND status IN ('waiting', 'in_progress')
            """,
            [now.rawValue, id.rawValue]
        )
        guard database.changesCount > 0 else { return }
        try run("DELETE FROM backup_message WHERE backup_id = ?", [id.rawValue])
    }

    /// Notes how far a backup has come.
    package func updateProgress(_ id: BackupID, _ progress: BackupProgress) throws {
        try run(
            """
            UPDATE backup SET folders_done = ?, folders = ?, found = ?, stored = ?, bytes = ?
            WHERE id = ? AND status = 'in_progress'
            """,
            [
                progress.foldersDone, progress.folders, progress.found, progress.stored, progress.bytes, id.rawValue,
            ]
        )
    }

    /// Notes why and until when a backup rests that is in progress.
    package func noteRest(of id: BackupID, _ error: String, until: String) throws {
        try run(
            "UPDATE backup SET error = ?, error_detail = ? WHERE id = ? AND status = 'in_progress'",
            [error, until, id.rawValue]
        )
    }

    /// Stores the counts per folder of a backup.
    package func setFolders(_ folders: [FolderCounts], of backup: BackupID) throws {
        try run("DELETE FROM backup_folder WHERE backup_id = ?", [backup.rawValue])
        for folder in folders {
            try run(
                """
                INSERT INTO backup_folder (backup_id, name, on_server, considered, removed, associated, stored, copies,
                                           stored_before, vanished, too_large, unreadable, not_read, expired,
                                           excluded)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    backup.rawValue, folder.name, folder.onServer, folder.considered, folder.removed, folder.associated,
                    folder.stored, folder.copies, folder.storedBefore, folder.vanished, folder.tooLarge,
                    folder.unreadable, folder.notRead, folder.expired ?? 0, folder.excluded?.rawValue,
                ]
            )
        }
    }

    /// Completes a backup: all of it becomes visible in this transaction (B8).
    ///
    /// - Returns: false when it is no longer in progress (it was cancelled); nothing changes then.
    /// - Throws: `StoreError` (`constraint`) where it holds other messages than its manifest names.
    package func completeBackup(_ id: BackupID, _ seal: BackupSeal, at now: Timestamp) throws -> Bool {
        guard try exists("SELECT 1 FROM backup WHERE id = ? AND status = 'in_progress'", [id.rawValue]) else {
            return false
        }
        let held: Int? = try row("SELECT COUNT(*) AS n FROM backup_message WHERE backup_id = ?", [id.rawValue])?["n"]
        guard held == seal.added else {
            throw StoreError(.constraint, "a backup holds other messages than its manifest names")
        }
        try recordContent(seal.manifest)
        try run(
            """
            UPDATE backup SET status = 'completed', ended_at = ?, covered_until = ?, source = ?, error = ?,
                error_detail = ?, messages = ?, added = ?, message_bytes = ?, root = ?, signature = ?, manifest_key = ?,
                audit_head = ?
            WHERE id = ?
            """,
            [
                now.rawValue, seal.coveredUntil?.rawValue, seal.origin.rawValue, seal.error, seal.errorDetail,
                seal.messages, seal.added, seal.messageBytes, seal.root, seal.signature, seal.manifest.key,
                seal.auditHead, id.rawValue,
            ]
        )
        return true
    }

    /// Ends a pending backup without result: what it had taken is let go, and an earlier backup stands.
    ///
    /// - Returns: false when it was not pending.
    package func endBackup(
        _ id: BackupID,
        as status: BackupStatus,
        error: String? = nil,
        detail: String? = nil,
        at now: Timestamp
    ) throws -> Bool {
        try run(
            """
            UPDATE backup SET status = ?, ended_at = ?, error = ?, error_detail = ?
            WHERE id = ? AND status IN ('waiting', 'in_progress')
            """,
            [status.rawValue, now.rawValue, error, detail, id.rawValue]
        )
        guard database.changesCount > 0 else { return false }
        try run("DELETE FROM backup_message WHERE backup_id = ?", [id.rawValue])
        return true
    }
}
