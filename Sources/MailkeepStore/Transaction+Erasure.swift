package import Foundation
import GRDB
package import MailkeepModel

/// Whose mail is to be erased.
package struct ErasureTarget: Sendable {
    /// The address in the form in which addresses are compared, and its keyed hash.
    package let address: String
    package let hash: Data

    package init(address: String, hash: Data) {
        self.address = address
        self.hash = hash
    }
}

/// What an erasure would erase, and what else refers to it (R4).
package struct ErasurePreview: Sendable {
    /// The stored messages.
    package var totals: MessageTotals
    /// Mails of which only keyed hashes of the addresses are kept.
    package var unread: Int
    /// Messages that have the address with a `+tag` only, which stay.
    package var tagged: Int
    /// Records that have the address and that the viewer may open, and how many others have it or show the messages.
    package var records: [RecordKey]
    package var otherRecords: Int
    /// Completed backups, with how many of their messages become tombstones.
    package var backups: [(backup: BackupID, user: UserID, messages: Int)]
    /// In whose mailboxes they are.
    package var users: [(user: UserID, messages: Int)]
    /// Other addresses that stand in the messages.
    package var correspondents: Int
    /// The standing holds that forbid it (R1).
    package var holds: [HoldID]
}

extension ReadTransaction {
    /// The mails that have the address itself, and those of mailboxes with it.
    ///
    /// A mail with the address under a `+tag` alone is another's, as far as is known (design decision 28).
    fileprivate static let concerned = """
        concerned AS MATERIALIZED (
            SELECT entry.id AS entry_id, entry.message_id FROM entry_address
            CROSS JOIN entry ON entry.id = entry_address.entry_id
            WHERE entry_address.hash = :hash AND entry_address.fields & 63
            UNION
            SELECT entry.id, entry.message_id FROM mailbox CROSS JOIN folder ON folder.mailbox_id = mailbox.id
            CROSS JOIN entry ON entry.folder_id = folder.id
            WHERE mailbox.normalized_address = :address AND entry.message_id IS NOT NULL
        ),
        due AS MATERIALIZED (
            SELECT DISTINCT message_id FROM concerned WHERE message_id IS NOT NULL
        )
        """

    fileprivate static func erasureArguments(_ target: ErasureTarget) -> StatementArguments {
        ["hash": target.hash, "address": target.address]
    }

    fileprivate static let isUnread = "concerned.message_id IS NULL"

    /// The standing holds that cover something of what an address concerns, stored or not (R1).
    package func holds(coveringMailOf target: ErasureTarget) throws -> [HoldID] {
        try rows(
            """
            WITH \(Self.concerned)
            SELECT held_message.hold_id FROM due JOIN held_message ON held_message.message_id = due.message_id
            UNION
            SELECT held_entry.hold_id FROM concerned JOIN held_entry ON held_entry.entry_id = concerned.entry_id
            UNION
            SELECT hold_id FROM hold_address WHERE hash = :hash
            ORDER BY hold_id
            """,
            Self.erasureArguments(target)
        ).map { HoldID(rawValue: $0["hold_id"]) }
    }

    /// How many messages an erasure would erase.
    package func erasureCount(_ target: ErasureTarget) throws -> Int {
        try row("WITH \(Self.concerned) SELECT COUNT(*) AS n FROM due", Self.erasureArguments(target))?["n"] ?? 0
    }

    /// An erasure of an address that has not ended.
    package func pendingErasure(_ target: ErasureTarget) throws -> RemovalID? {
        try row("SELECT id FROM removal WHERE ended_at IS NULL AND address_hash = ? ORDER BY id", [target.hash])
            .map { RemovalID(rawValue: $0["id"]) }
    }

    /// What an erasure would erase, and what else refers to it.
    ///
    /// - Parameter viewer: records that they may not open are counted and not named (V1).
    package func previewErasure(_ target: ErasureTarget, for viewer: UserID) throws -> ErasurePreview {
        let arguments = Self.erasureArguments(target)
        func count(_ sql: String) throws -> Int {
            try row("WITH \(Self.concerned) \(sql)", arguments)?["n"] ?? 0
        }
        let totals = try row(
            """
            WITH \(Self.concerned)
            SELECT COUNT(*) AS messages, SUM(message.size) AS bytes, MIN(message.dated_at) AS oldest,
                   MAX(message.dated_at) AS newest
            FROM due CROSS JOIN message ON message.id = due.message_id
            """,
            arguments
        )
        let records = try rows(
            """
            SELECT DISTINCT record.module, record.id, \(Visibility.mayOpenRecord) AS is_open FROM record_address
            JOIN record ON record.key = record_address.record_key WHERE record_address.hash = :hash
            ORDER BY record.module, record.id
            """,
            ["hash": target.hash, "viewer": viewer.rawValue]
        )
        let open = records.filter { $0["is_open"] }
        return ErasurePreview(
            totals: MessageTotals(totals),
            unread: try count("SELECT COUNT(*) AS n FROM concerned WHERE \(Self.isUnread)"),
            tagged: try row(
                """
                SELECT COUNT(DISTINCT entry.message_id) AS n FROM entry_address
                JOIN entry ON entry.id = entry_address.entry_id
                WHERE entry_address.hash = ? AND NOT entry_address.fields & 63 AND entry.message_id IS NOT NULL
                """,
                [target.hash]
            )?["n"] ?? 0,
            records: open.compactMap { row in
                Module(rawValue: row["module"]).map { RecordKey(module: $0, id: Identifier(rawValue: row["id"])) }
            },
            otherRecords: try records.count - open.count
                + count(
                    """
                    SELECT COUNT(DISTINCT record_address.record_key) AS n FROM concerned
                    JOIN entry_address ON entry_address.entry_id = concerned.entry_id
                    JOIN record_address ON record_address.hash = entry_address.hash
                    WHERE concerned.message_id IS NOT NULL AND entry_address.fields & 63
                      AND record_address.record_key NOT IN (SELECT record_key FROM record_address WHERE hash = :hash)
                    """
                ),
            backups: try rows(
                """
                WITH \(Self.concerned)
                SELECT backup.id, backup.user_id, COUNT(*) AS n FROM due
                JOIN backup_message ON backup_message.message_id = due.message_id
                JOIN backup AS taken ON taken.id = backup_message.backup_id AND taken.status = 'completed'
                JOIN backup ON backup.user_id = backup_message.user_id AND backup.id >= taken.id
                WHERE backup.status = 'completed' GROUP BY backup.id ORDER BY backup.id
                """,
                arguments
            ).map { (BackupID(rawValue: $0["id"]), UserID(rawValue: $0["user_id"]), $0["n"]) },
            users: try rows(
                """
                WITH \(Self.concerned)
                SELECT mailbox.user_id, COUNT(DISTINCT entry.message_id) AS n FROM due
                JOIN entry ON entry.message_id = due.message_id
                JOIN folder ON folder.id = entry.folder_id JOIN mailbox ON mailbox.id = folder.mailbox_id
                GROUP BY mailbox.user_id ORDER BY mailbox.user_id
                """,
                arguments
            ).map { (UserID(rawValue: $0["user_id"]), $0["n"]) },
            correspondents: try count(
                """
                SELECT COUNT(DISTINCT entry_address.hash) AS n FROM concerned
                JOIN entry_address ON entry_address.entry_id = concerned.entry_id
                WHERE concerned.message_id IS NOT NULL AND entry_address.fields & 63 AND entry_address.hash <> :hash
                """
            ),
            holds: try holds(coveringMailOf: target)
        )
    }

    /// When a message was erased and how large it was; nil where it was not.
    package func tombstone(of content: Data) throws -> (size: Int64, erasedAt: Timestamp)? {
        try row("SELECT size, erased_at FROM tombstone WHERE content_key = ?", [content])
            .map { ($0["size"], Timestamp(rawValue: $0["erased_at"])) }
    }

    /// Whether a backup holds a message of some content.
    package func holds(content: Data, _ backup: BackupDetails) throws -> Bool {
        try exists(
            """
            SELECT 1 FROM message CROSS JOIN backup_message ON backup_message.message_id = message.id
            WHERE message.content_key = ? AND backup_message.user_id = ? AND backup_message.backup_id <= ?
            """,
            [content, backup.user.rawValue, backup.id.rawValue]
        )
    }

    /// Whether a message is still to be erased, and no hold has come to cover it (R1).
    ///
    /// - Parameter message: a column with its id.
    static func isToBeErased(_ message: String) -> String {
        """
        EXISTS (SELECT 1 FROM erasure_message AS due WHERE due.message_id = \(message) AND NOT EXISTS (
            SELECT 1 FROM held_message WHERE held_message.message_id = due.message_id))
        """
    }

    /// How many messages of a completed backup were erased since (B9).
    package func erasedCount(of backup: BackupDetails) throws -> Int {
        guard backup.status == .completed else { return 0 }
        let held: Int? = try row(
            """
            SELECT COUNT(*) AS n FROM backup_message JOIN backup AS taken ON taken.id = backup_message.backup_id
            WHERE backup_message.user_id = ? AND taken.id <= ? AND taken.status = 'completed'
            """,
            [backup.user.rawValue, backup.id.rawValue]
        )?["n"]
        return max(0, backup.messages - (held ?? 0))
    }
}

extension WriteTransaction {
    /// Begins an erasure: what is stored of the address now is to be erased.
    ///
    /// - Returns: the erasure, and how many messages it is to erase.
    package func beginErasure(
        _ target: ErasureTarget,
        reason: String,
        by administrator: UserID,
        at now: Timestamp
    ) throws -> (id: RemovalID, messages: Int) {
        let id = RemovalID(
            rawValue: try insert(
                """
                INSERT INTO removal (kind, requested_by, requested_at, address_hash, sealed_reason)
                VALUES ('erasure', ?, ?, ?, zeroblob(0))
                """,
                [administrator.rawValue, now.rawValue, target.hash]
            )
        )
        try run(
            "UPDATE removal SET sealed_reason = ? WHERE id = ?",
            [try sealing.seal(reason, with: \.columns, context: "removal/\(id)"), id.rawValue]
        )
        try run(
            """
            WITH \(Self.concerned)
            INSERT INTO erasure_message (message_id, removal_id) SELECT message_id, :removal FROM due
            """,
            Self.erasureArguments(target) + ["removal": id.rawValue]
        )
        return (id, database.changesCount)
    }

    /// Erases some of what an erasure is to erase.
    ///
    /// What is in a user's backups waits while another one is being taken, so that its certificate and its manifest tell
    /// the same; one that rests takes nothing. What a hold has come to cover is kept (R1).
    ///
    /// - Returns: how many messages and other mails were dealt with; 0 where nothing is left, or what is left waits.
    package func eraseSome(_ removal: RemovalDetails, limit: Int, at now: Timestamp) throws -> Int {
        guard try isPending(removal.id) else { return 0 }
        let due = try rows(
            """
            SELECT message.id, message.content_key, message.size,
                   EXISTS (SELECT 1 FROM held_message WHERE held_message.message_id = message.id) AS is_held
            FROM erasure_message CROSS JOIN message ON message.id = erasure_message.message_id
            WHERE erasure_message.removal_id = ? AND NOT EXISTS (
                SELECT 1 FROM backup_message CROSS JOIN backup ON backup.user_id = backup_message.user_id
                WHERE backup_message.message_id = message.id AND backup.status IN ('waiting', 'in_progress')
                  AND backup.status = 'in_progress' AND backup.error IS NULL)
            LIMIT ?
            """,
            [removal.id.rawValue, limit]
        )
        var (bytes, kept): (Int64, Int) = (0, 0)
        for message in due {
            let (id, size): (Int64, Int64) = (message["id"], message["size"])
            guard !(message["is_held"] as Bool) else {
                try run(
                    "DELETE FROM erasure_message WHERE message_id = ? AND removal_id = ?",
                    [id, removal.id.rawValue]
                )
                kept += 1
                continue
            }
            try run(
                "INSERT OR IGNORE INTO tombstone (content_key, size, erased_at, removal_id) VALUES (?, ?, ?, ?)",
                [message["content_key"] as Data, size, now.rawValue, removal.id.rawValue]
            )
            try remove(id, by: .erasure)
            bytes += size
        }
        let unread = due.isEmpty ? try eraseUnread(removal, limit: limit) : 0
        // While a backup is waited for, this is asked over and over: it writes nothing then.
        guard !due.isEmpty || unread > 0 else { return 0 }
        try count(removal.id, messages: due.count - kept, bytes: bytes, unread: unread, kept: kept)
        return due.count + unread
    }

    /// Forgets the address hashes of mails that are not stored and have the address.
    private func eraseUnread(_ removal: RemovalDetails, limit: Int) throws -> Int {
        let entries = try rows(
            """
            SELECT entry.id FROM removal CROSS JOIN entry_address ON entry_address.hash = removal.address_hash
            CROSS JOIN entry ON entry.id = entry_address.entry_id
            WHERE removal.id = ? AND entry_address.fields & 63 AND entry.message_id IS NULL
              AND NOT EXISTS (SELECT 1 FROM held_entry WHERE held_entry.entry_id = entry.id)
            LIMIT ?
            """,
            [removal.id.rawValue, limit]
        ).map { $0["id"] as Int64 }
        for entry in entries { try forget(entry, by: .erasure) }
        return entries.count
    }
}
