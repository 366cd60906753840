import Foundation
import GRDB
package import MailkeepModel

/// How far a removal has come.
package struct RemovalDetails: Sendable, Equatable {
    package var id: RemovalID
    package var kind: Removal.Kind
    package var requestedBy: UserID
    package var requestedAt: Timestamp
    package var endedAt: Timestamp?
    /// What is dated before is removed: of a retention run.
    package var cutoff: Timestamp?
    /// Why: of an erasure.
    package var reason: String?
    /// Messages that were removed, and their raw bytes.
    package var messages: Int
    package var bytes: Int64
    /// Mails of which the header alone was read, and whose address hashes were erased.
    package var unread: Int
    /// Messages that a hold came to cover before it was their turn.
    package var kept: Int
    /// Messages that are still to be erased.
    package var left: Int
}

extension ReadTransaction {
    private static let selectRemoval = """
        SELECT removal.*,
               (SELECT COUNT(*) FROM erasure_message WHERE erasure_message.removal_id = removal.id) AS due
        FROM removal

        """

    /// A removal.
    package func removal(_ id: RemovalID) throws -> RemovalDetails? {
        try row(Self.selectRemoval + "WHERE removal.id = ?", [id.rawValue]).map(removal)
    }

    /// The removals that have not ended, the oldest first.
    package func pendingRemovals() throws -> [RemovalDetails] {
        try rows(Self.selectRemoval + "WHERE removal.ended_at IS NULL ORDER BY removal.id").map(removal)
    }

    /// All removals of a kind, the newest first.
    package func removals(_ kind: Removal.Kind) throws -> [RemovalDetails] {
        try rows(Self.selectRemoval + "WHERE removal.kind = ? ORDER BY removal.id DESC", [kind.rawValue]).map(removal)
    }

    /// Whether a removal has not ended.
    func isPending(_ id: RemovalID) throws -> Bool {
        try exists("SELECT 1 FROM removal WHERE id = ? AND ended_at IS NULL", [id.rawValue])
    }

    private func removal(_ row: Row) throws -> RemovalDetails {
        guard let kind = Removal.Kind(rawValue: row["kind"]) else {
            throw StoreError(.damaged, "a removal has an unknown kind")
        }
        let id = RemovalID(rawValue: row["id"])
        let moment = { (column: String) in (row[column] as Int64?).map(Timestamp.init) }
        return RemovalDetails(
            id: id,
            kind: kind,
            requestedBy: UserID(rawValue: row["requested_by"]),
            requestedAt: Timestamp(rawValue: row["requested_at"]),
            endedAt: moment("ended_at"),
            cutoff: moment("cutoff"),
            reason: try (row["sealed_reason"] as Data?).map { try reason($0, of: "removal/\(id)") },
            messages: row["messages"],
            bytes: row["bytes"],
            unread: row["unread"],
            kept: row["kept"],
            left: row["due"]
        )
    }
}

extension WriteTransaction {
    /// Takes a message and all that was known of it away; its entries remember that they are not to be read again.
    ///
    /// The row that names its bytes goes too, so that garbage collection frees them, but for where another message is made
    /// of them, which carries this one as an attachment.
    func remove(_ message: Int64, by kind: Removal.Kind) throws {
        let entries = try rows("SELECT id FROM entry WHERE message_id = ?", [message]).map { $0["id"] as Int64 }
        try run("DELETE FROM backup_message WHERE message_id = ?", [message])
        for entry in entries { try forget(entry, by: kind) }
        try run("DELETE FROM erasure_message WHERE message_id = ?", [message])
        let content: Data? = try row("SELECT content_key FROM message WHERE id = ?", [message])?["content_key"]
        try run("DELETE FROM message WHERE id = ?", [message])
        guard let content else { return }
        try run(
            "DELETE FROM content WHERE key = ?1 AND NOT EXISTS (SELECT 1 FROM content_part WHERE part_key = ?1)",
            [content]
        )
    }

    /// Forgets what was known of a mail, but that it is not to be read again.
    func forget(_ entry: Int64, by kind: Removal.Kind) throws {
        try run("DELETE FROM entry_address WHERE entry_id = ?", [entry])
        try wantNoMore(entry)
        try run(
            "UPDATE entry SET message_id = NULL, skipped = NULL, email_id = NULL, removed_by = ? WHERE id = ?",
            [kind.rawValue, entry]
        )
    }

    /// Whether a mail that was read is not to be stored: its entry was removed meanwhile, or the same bytes were erased
    /// before (R5) and no hold that came since covers this copy (R1).
    func isRemoved(_ message: SealedMessage) throws -> Bool {
        if try exists("SELECT 1 FROM entry WHERE id = ? AND removed_by IS NOT NULL", [message.entry]) { return true }
        guard try exists("SELECT 1 FROM tombstone WHERE content_key = ?", [message.content.key]),
            try !exists("SELECT 1 FROM held_entry WHERE entry_id = ?", [message.entry])
        else { return false }
        try forget(message.entry, by: .erasure)
        return true
    }

    /// Counts what a removal has done.
    func count(_ removal: RemovalID, messages: Int = 0, bytes: Int64 = 0, unread: Int = 0, kept: Int = 0) throws {
        try run(
            """
            UPDATE removal SET messages = messages + ?, bytes = bytes + ?, unread = unread + ?, kept = kept + ?
            WHERE id = ?
            """,
            [messages, bytes, unread, kept, removal.rawValue]
        )
    }

    /// Ends a removal, which keeps no hash of an address then.
    ///
    /// - Returns: false where it had ended before.
    package func endRemoval(_ id: RemovalID, at now: Timestamp) throws -> Bool {
        try run(
            "UPDATE removal SET ended_at = ?, address_hash = NULL WHERE id = ? AND ended_at IS NULL",
            [now.rawValue, id.rawValue]
        )
        return database.changesCount > 0
    }
}
