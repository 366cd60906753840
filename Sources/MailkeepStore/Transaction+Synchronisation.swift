package import Foundation
import GRDB
package import MailkeepModel

/// The header fields in which an address of a message stands.
package struct AddressFields: OptionSet, Sendable, Hashable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    package static let from = AddressFields(rawValue: 1)
    package static let sender = AddressFields(rawValue: 2)
    package static let replyTo = AddressFields(rawValue: 4)
    package static let to = AddressFields(rawValue: 8)
    package static let cc = AddressFields(rawValue: 16)
    package static let bcc = AddressFields(rawValue: 32)
    /// Only as the form without `+tag`; such a row does not associate by itself.
    package static let withoutTag = AddressFields(rawValue: 64)
}

/// What is kept of a mail of which only the header was read: nothing readable.
package struct SeenHeader: Sendable {
    package var uid: UInt32
    package var size: UInt64
    package var sentAt: Timestamp
    /// Keyed hashes of all addresses, with the fields that they stand in.
    package var addresses: [Data: AddressFields]

    package init(uid: UInt32, size: UInt64, sentAt: Timestamp, addresses: [Data: AddressFields]) {
        self.uid = uid
        self.size = size
        self.sentAt = sentAt
        self.addresses = addresses
    }
}

/// Why a mail that was seen is not stored.
package enum SkipReason: String, Sendable {
    case vanished
    case tooLarge = "too_large"
    case unreadable
}

/// A folder of a mailbox under one UIDVALIDITY.
package struct FolderPosition: Sendable, Equatable {
    package let id: Int64
    /// The lowest UID whose header was not read yet.
    package let nextUID: UInt32

    package init(id: Int64, nextUID: UInt32) {
        self.id = id
        self.nextUID = nextUID
    }
}

/// A mail whose body is wanted.
package struct WantedEntry: Sendable, Equatable {
    package let id: Int64
    package let uid: UInt32
    package let size: UInt64
}

/// Where content lies in the vault.
package struct ContentLocation: Sendable, Hashable {
    package let key: Data
    package let segment: Int64
    package let offset: Int64
    package let length: Int64

    package init(key: Data, segment: Int64, offset: Int64, length: Int64) {
        self.key = key
        self.segment = segment
        self.offset = offset
        self.length = length
    }
}

/// A mail whose bytes are durable in the vault.
package struct FetchedMessage: Sendable {
    package var entry: Int64
    package var content: ContentLocation
    package var size: UInt64
    package var summary: MessageSummary

    package init(entry: Int64, content: ContentLocation, size: UInt64, summary: MessageSummary) {
        self.entry = entry
        self.content = content
        self.size = size
        self.summary = summary
    }
}

extension ReadTransaction {
    /// Associated mails of a folder whose body is not stored yet, by UID (B2).
    ///
    /// What a server refused to read once is wanted again.
    package func wantedEntries(in folder: Int64, after uid: UInt32, limit: Int) throws -> [WantedEntry] {
        try rows(
            """
            SELECT id, uid, size FROM entry
            WHERE folder_id = ? AND uid > ? AND \(Self.isWanted) ORDER BY uid LIMIT ?
            """,
            [folder, Int64(uid), limit]
        ).map { row in
            WantedEntry(
                id: row["id"],
                uid: UInt32(clamping: row["uid"] as Int64),
                size: UInt64(clamping: row["size"] as Int64)
            )
        }
    }

    /// How many such mails there are.
    package func wantedCount(in folder: Int64) throws -> Int {
        try row("SELECT COUNT(*) AS count FROM entry WHERE folder_id = ? AND \(Self.isWanted)", [folder])?["count"] ?? 0
    }

    private static let isWanted = """
        message_id IS NULL AND (skipped IS NULL OR skipped = 'unreadable') AND \(Visibility.isAssociated)
        """

    /// Where content lies; nil when it is not stored.
    package func location(of key: Data) throws -> ContentLocation? {
        try row("SELECT * FROM content WHERE key = ?", [key]).map {
            ContentLocation(key: $0["key"], segment: $0["segment"], offset: $0["offset"], length: $0["length"])
        }
    }

    /// The counts of every folder of a user's mailboxes in a domain, summed over UIDVALIDITYs.
    package func folderCounts(of user: UserID, domain: String) throws -> [FolderCounts] {
        try rows(
            """
            SELECT folder.name, COUNT(*) AS considered,
                   SUM(entry.message_id IS NOT NULL OR \(Visibility.isAssociated)) AS associated,
                   SUM(entry.message_id IS NOT NULL) AS stored,
                   SUM(entry.skipped IS 'vanished') AS vanished, SUM(entry.skipped IS 'too_large') AS too_large,
                   SUM(entry.skipped IS 'unreadable') AS unreadable
            FROM entry JOIN folder ON folder.id = entry.folder_id JOIN mailbox ON mailbox.id = folder.mailbox_id
            WHERE mailbox.user_id = ? AND mailbox.domain = ? GROUP BY folder.name ORDER BY folder.name
            """,
            [user.rawValue, domain]
        ).map { row in
            var counts = FolderCounts(name: row["name"])
            counts.considered = row["considered"]
            counts.associated = row["associated"]
            counts.stored = row["stored"]
            counts.vanished = row["vanished"]
            counts.tooLarge = row["too_large"]
            counts.unreadable = row["unreadable"]
            return counts
        }
    }

    /// Until when a mailbox is completely synchronised; nil when it never was.
    package func coveredUntil(_ mailbox: MailboxID) throws -> Timestamp? {
        let moment: Int64? =
            try row("SELECT covered_until FROM mailbox WHERE id = ?", [mailbox.rawValue])?["covered_until"]
        return moment.map(Timestamp.init)
    }
}

extension WriteTransaction {
    /// The position in a folder under a UIDVALIDITY, started at the first UID when it is new.
    package func folder(named name: String, in mailbox: MailboxID, uidValidity: UInt32) throws -> FolderPosition {
        try run(
            "INSERT OR IGNORE INTO folder (mailbox_id, name, uid_validity) VALUES (?, ?, ?)",
            [mailbox.rawValue, name, Int64(uidValidity)]
        )
        let found = try row(
            "SELECT id, next_uid FROM folder WHERE mailbox_id = ? AND name = ? AND uid_validity = ?",
            [mailbox.rawValue, name, Int64(uidValidity)]
        )
        guard let found else { throw StoreError(.other, "the folder was not stored") }
        return FolderPosition(id: found["id"], nextUID: UInt32(clamping: found["next_uid"] as Int64))
    }

    /// Records headers that were read; seen again, a mail changes nothing.
    package func recordHeaders(_ headers: [SeenHeader], in folder: Int64) throws {
        for header in headers {
            try run(
                "INSERT OR IGNORE INTO entry (folder_id, uid, size, sent_at) VALUES (?, ?, ?, ?)",
                [folder, Int64(header.uid), Int64(clamping: header.size), header.sentAt.rawValue]
            )
            guard database.changesCount > 0 else { continue }
            let entry = database.lastInsertedRowID
            for (hash, fields) in header.addresses {
                try run(
                    "INSERT INTO entry_address (hash, entry_id, fields) VALUES (?, ?, ?)",
                    [hash, entry, fields.rawValue]
                )
            }
        }
    }

    /// Moves the position in a folder forward: the headers of all mails below `uid` are read.
    package func moveFolder(_ folder: Int64, toUID uid: UInt32) throws {
        try run("UPDATE folder SET next_uid = ? WHERE id = ? AND next_uid < ?", [Int64(uid), folder, Int64(uid)])
    }

    /// Notes mails whose header the server refuses to read, so that the counts tell of them.
    package func recordUnreadable(_ uids: [UInt32], in folder: Int64) throws {
        for uid in uids {
            try run(
                """
                INSERT OR IGNORE INTO entry (folder_id, uid, size, sent_at, skipped) VALUES (?, ?, 0, 0, 'unreadable')
                """,
                [folder, Int64(uid)]
            )
        }
    }

    /// Names messages whose bytes are durable in the vault (design decision 2).
    package func recordMessages(_ messages: [FetchedMessage]) throws {
        for message in messages {
            try recordContent(message.content)
            let context = "message/\(message.content.key.base64EncodedString())"
            try run(
                """
                INSERT OR IGNORE INTO message (content_key, size, sent_at, has_attachment, sealed_summary)
                SELECT ?, ?, sent_at, ?, ? FROM entry WHERE id = ?
                """,
                [
                    message.content.key, Int64(clamping: message.size), !message.summary.attachments.isEmpty,
                    try sealing.seal(message.summary, with: \.columns, context: context), message.entry,
                ]
            )
            try run(
                """
                UPDATE entry SET skipped = NULL, message_id = (SELECT id FROM message WHERE content_key = ?)
                WHERE id = ?
                """,
                [message.content.key, message.entry]
            )
        }
    }

    /// Names content that is durable in the vault.
    package func recordContent(_ content: ContentLocation) throws {
        try run(
            "INSERT OR IGNORE INTO content (key, segment, offset, length) VALUES (?, ?, ?, ?)",
            [content.key, content.segment, content.offset, content.length]
        )
    }

    /// Notes why a mail is not stored.
    package func skip(_ entry: Int64, because reason: SkipReason) throws {
        try run(
            "UPDATE entry SET skipped = ? WHERE id = ? AND message_id IS NULL",
            [reason.rawValue, entry]
        )
    }

    /// Notes that a mailbox was synchronised completely, as it stood at `moment`.
    package func markSynchronised(_ mailbox: MailboxID, at moment: Timestamp) throws {
        try run(
            "UPDATE mailbox SET last_sync_at = ?, covered_until = ? WHERE id = ?",
            [moment.rawValue, moment.rawValue, mailbox.rawValue]
        )
    }
}
