package import Foundation
import GRDB
package import MailkeepModel

/// A copy of a message in a mailbox, as its bytes can be asked for again.
package struct ContentPlace: Sendable, Equatable {
    package let key: Data
    package let user: UserID
    package let mailbox: MailboxID
    package let folder: String
    package let uidValidity: UInt32
    /// The folder's UIDs below this one are known.
    package let nextUID: UInt32
    package let uid: UInt32
}

/// A mail server, and whether it speaks POP3.
package struct MailServerInUse: Sendable, Hashable {
    package let server: MailServer
    package let accountType: AccountType
}

/// What is looked at to tell whether a data directory is sound.
extension ReadTransaction {
    /// What SQLite finds wrong with the database's structure; the first few.
    package func integrityFaults() throws -> [String] {
        try String.fetchAll(database, sql: "PRAGMA integrity_check(10)").filter { $0 != "ok" }
    }

    /// How many rows name another that is not there.
    package func danglingRows() throws -> Int {
        let cursor = try Row.fetchCursor(database, sql: "PRAGMA foreign_key_check")
        var count = 0
        while try cursor.next() != nil { count += 1 }
        return count
    }

    /// The latest moment that an entry of the audit log or a job has.
    package func newestMoment() throws -> Timestamp? {
        let newest: Int64? =
            try row(
                """
                SELECT MAX(at) AS at FROM (SELECT MAX(at) AS at FROM audit
                UNION ALL SELECT MAX(created_at) FROM job UNION ALL SELECT MAX(ended_at) FROM job)
                """
            )?["at"]
        return newest.map(Timestamp.init)
    }

    /// Content by its key, from the one after `key` on.
    package func contents(after key: Data?, limit: Int) throws -> [ContentLocation] {
        try rows("SELECT * FROM content WHERE key > ? ORDER BY key LIMIT ?", [key ?? Data(), limit]).map {
            ContentLocation($0["key"], in: $0)
        }
    }

    /// Content that messages and manifests name, and of which nothing tells where it lies.
    package func unplacedContents() throws -> [Data] {
        try rows(
            """
            SELECT content_key AS key FROM message WHERE content_key NOT IN (SELECT key FROM content)
            UNION SELECT manifest_key FROM backup
            WHERE manifest_key IS NOT NULL AND manifest_key NOT IN (SELECT key FROM content)
            """
        ).map { $0["key"] }
    }

    /// The contents of messages and manifests that are among these, or are put together of them.
    package func wholeContents(of keys: some Sequence<Data>) throws -> Set<Data> {
        var wholes: Set<Data> = []
        for key in keys {
            for row in try rows(Self.selectWholes("?1"), [key]) { wholes.insert(row["key"]) }
        }
        return wholes
    }

    /// Where the mailboxes hold a message, those first of which it is not known that it is gone.
    package func places(ofContent key: Data) throws -> [ContentPlace] {
        try rows(
            """
            SELECT mailbox.user_id, folder.mailbox_id, folder.name, folder.uid_validity, folder.next_uid, entry.uid
            FROM message CROSS JOIN entry ON entry.message_id = message.id
            CROSS JOIN folder ON folder.id = entry.folder_id CROSS JOIN mailbox ON mailbox.id = folder.mailbox_id
            WHERE message.content_key = ? ORDER BY entry.is_gone, NOT folder.is_current, entry.id
            """,
            [key]
        ).map { row in
            ContentPlace(
                key: key,
                user: UserID(rawValue: row["user_id"]),
                mailbox: MailboxID(rawValue: row["mailbox_id"]),
                folder: row["name"],
                uidValidity: UInt32(clamping: row["uid_validity"] as Int64),
                nextUID: UInt32(clamping: row["next_uid"] as Int64),
                uid: UInt32(clamping: row["uid"] as Int64)
            )
        }
    }

    /// Opens sealed columns: all credentials, and the summaries of the newest messages.
    ///
    /// - Parameter messages: of how many; nil for all.
    /// - Returns: how many were looked at, and how many of them do not open.
    package func examineSeals(messages: Int?) throws -> (count: Int, faults: Int) {
        var (count, faults) = (0, 0)
        func look(_ body: () throws -> Void) throws {
            count += 1
            do { try body() } catch let error as StoreError where error.code == .sealed { faults += 1 }
        }
        for row in try rows("SELECT user_id FROM mail_addon") {
            try look { _ = try credentials(of: UserID(rawValue: row["user_id"])) }
        }
        for row in try rows("SELECT user_id FROM backup_source") {
            try look { _ = try backupSource(of: UserID(rawValue: row["user_id"])) }
        }
        let cursor = try Row.fetchCursor(
            database,
            sql: "SELECT content_key, sealed_summary FROM message ORDER BY id DESC LIMIT ?",
            arguments: [messages ?? -1]
        )
        while let row = try cursor.next() {
            try look { try sealing.openSummary(row["sealed_summary"], of: row["content_key"]) { _ in } }
        }
        return (count, faults)
    }

    /// Jobs that nobody works on, though they need not wait: since before a moment.
    package func stalledJobs(since moment: Timestamp, at now: Timestamp) throws -> [JobID] {
        try rows(
            """
            SELECT id FROM job WHERE state IN ('waiting', 'running')
              AND (state = 'waiting' AND created_at < :since AND COALESCE(not_before, 0) < :since
                   OR state = 'running' AND lease_until < :now)
              AND NOT EXISTS (
                  SELECT 1 FROM job AS other WHERE other.user_id = job.user_id AND other.id <> job.id
                  AND other.state IN ('waiting', 'running') AND other.state = 'running' AND other.lease_until >= :now)
            ORDER BY id
            """,
            ["since": moment.rawValue, "now": now.rawValue]
        ).map { JobID(rawValue: $0["id"]) }
    }

    /// How many jobs wait or are at work.
    package func pendingJobCount() throws -> Int {
        try row("SELECT COUNT(*) AS n FROM job WHERE state IN ('waiting', 'running')")?["n"] ?? 0
    }

    /// Each mail server that active users' settings, pending backups or attached sources name, once.
    package func mailServersInUse() throws -> Set<MailServerInUse> {
        let found = try rows(
            """
            SELECT account_type, mail_addon.host, mail_addon.port, mail_addon.security, mail_addon.ca_certificates
            FROM mail_addon JOIN user ON user.id = mail_addon.user_id
            WHERE user.status = 'active' OR EXISTS (
                SELECT 1 FROM backup WHERE backup.user_id = user.id AND status IN ('waiting', 'in_progress'))
            UNION SELECT account_type, backup_source.host, backup_source.port, backup_source.security,
                         backup_source.ca_certificates
            FROM backup_source JOIN mail_addon ON mail_addon.user_id = backup_source.user_id
            """
        )
        return Set(
            found.compactMap { row in
                guard let server = Self.server(row), let type = AccountType(rawValue: row["account_type"]) else {
                    return nil
                }
                return MailServerInUse(server: server, accountType: type)
            }
        )
    }
}

extension WriteTransaction {
    /// Tells where content and its parts lie now, of which some were damaged, or had no place.
    package func replaceContent(_ content: DurableContent) throws {
        if content.whole.isNew { try place(content.whole.location) }
        try recordContent(content)
    }
}
