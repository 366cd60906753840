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
    /// Whether these are all of them; if not, it stays open whether the mail is associated.
    package var isWhole: Bool

    package init(
        uid: UInt32,
        size: UInt64,
        sentAt: Timestamp,
        addresses: [Data: AddressFields],
        isWhole: Bool = true
    ) {
        self.uid = uid
        self.size = size
        self.sentAt = sentAt
        self.addresses = addresses
        self.isWhole = isWhole
    }
}

/// Why a mail that was seen is not stored.
package enum SkipReason: String, Sendable {
    /// The server does not list it any more.
    case vanished
    case tooLarge = "too_large"
    /// Its body could not be read; it is asked for again.
    case unreadable
    /// Its header could not be read, or not wholly; it is asked for again.
    case headerUnreadable = "header_unreadable"
}

/// A folder of a mailbox under one UIDVALIDITY.
package struct FolderPosition: Sendable, Equatable {
    package let id: Int64
    package var uidValidity: UInt32
    /// The lowest UID whose header was not read yet.
    package var nextUID: UInt32

    package init(id: Int64, uidValidity: UInt32, nextUID: UInt32) {
        self.id = id
        self.uidValidity = uidValidity
        self.nextUID = nextUID
    }
}

/// A mail whose body is wanted.
package struct WantedEntry: Sendable, Equatable {
    package let id: Int64
    package let uid: UInt32
    package let size: UInt64
    /// Whether it could not be read before.
    package let isAgain: Bool
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
            SELECT id, uid, size, skipped IS 'unreadable' AS is_again FROM entry
            WHERE folder_id = ? AND uid > ? AND \(Self.isWanted) ORDER BY uid LIMIT ?
            """,
            [folder, Int64(uid), limit]
        ).map { row in
            WantedEntry(
                id: row["id"],
                uid: UInt32(clamping: row["uid"] as Int64),
                size: UInt64(clamping: row["size"] as Int64),
                isAgain: row["is_again"]
            )
        }
    }

    /// How many such mails there are.
    package func wantedCount(in folder: Int64) throws -> Int {
        try row("SELECT COUNT(*) AS count FROM entry WHERE folder_id = ? AND \(Self.isWanted)", [folder])?["count"] ?? 0
    }

    private static let isWanted = """
        message_id IS NULL AND (skipped IS NULL OR skipped IN ('unreadable', 'header_unreadable'))
        AND \(Visibility.isAssociated)
        """

    /// The positions in a folder under every UIDVALIDITY that it was seen with.
    package func positions(inFolder name: String, of mailbox: MailboxID) throws -> [FolderPosition] {
        try rows(
            "SELECT id, uid_validity, next_uid FROM folder WHERE mailbox_id = ? AND name = ?",
            [mailbox.rawValue, name]
        ).map(FolderPosition.init)
    }

    /// The mails of a folder that were seen before, whether their headers could be read or not.
    package func seenUIDs(in folder: Int64, _ uids: ClosedRange<UInt32>) throws -> Set<UInt32> {
        let rows = try rows(
            "SELECT uid FROM entry WHERE folder_id = ? AND uid BETWEEN ? AND ?",
            [folder, Int64(uids.lowerBound), Int64(uids.upperBound)]
        )
        return Set(rows.map { UInt32(clamping: $0["uid"] as Int64) })
    }

    /// Some mails of a folder whose header could not be read, others each time.
    package func unreadHeaders(in folder: Int64, limit: Int) throws -> [UInt32] {
        try rows(
            """
            SELECT uid FROM entry WHERE folder_id = ? AND skipped = 'header_unreadable' AND message_id IS NULL
            ORDER BY RANDOM() LIMIT ?
            """,
            [folder, limit]
        ).map { UInt32(clamping: $0["uid"] as Int64) }
    }

    /// Whether a server refuses a folder's mails altogether: at least `limit` headers, or mails that are wanted, could not
    /// be read, and none ever could.
    package func isUnreadable(_ folder: Int64, limit: Int) throws -> Bool {
        func atLeast(_ reason: SkipReason) throws -> Bool {
            let count: Int? =
                try row(
                    "SELECT COUNT(*) AS count FROM entry WHERE folder_id = ? AND skipped = ?",
                    [folder, reason.rawValue]
                )?["count"]
            return (count ?? 0) >= limit
        }
        if try atLeast(.headerUnreadable),
            try !exists("SELECT 1 FROM entry WHERE folder_id = ? AND skipped IS NOT 'header_unreadable'", [folder])
        {
            return true
        }
        return try atLeast(.unreadable)
            && !exists("SELECT 1 FROM entry WHERE folder_id = ? AND message_id IS NOT NULL", [folder])
    }

    /// Where content lies; nil when it is not stored.
    package func location(of key: Data) throws -> ContentLocation? {
        try row("SELECT * FROM content WHERE key = ?", [key]).map {
            ContentLocation(key: $0["key"], segment: $0["segment"], offset: $0["offset"], length: $0["length"])
        }
    }

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
                SELECT folder.name, entry.message_id IS NOT NULL AS is_stored, entry.skipped,
                       entry.message_id IS NOT NULL OR entry.skipped IS 'header_unreadable'
                           OR \(Visibility.isAssociated) AS is_associated
                FROM mailbox JOIN folder ON folder.mailbox_id = mailbox.id JOIN entry ON entry.folder_id = folder.id
                WHERE mailbox.user_id = ? AND mailbox.domain = ? AND folder.is_current
            )
            SELECT name, COUNT(*) AS considered, SUM(is_associated) AS associated, SUM(is_stored) AS stored,
                   SUM(is_associated AND skipped IS 'vanished') AS vanished,
                   SUM(is_associated AND skipped IS 'too_large') AS too_large,
                   SUM(is_associated AND skipped IS 'unreadable' OR skipped IS 'header_unreadable') AS unreadable
            FROM seen GROUP BY name ORDER BY name
            """,
            [user.rawValue, domain]
        ).map { row in
            var counts = FolderCounts(name: row["name"])
            counts.considered = row["considered"]
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

    /// Until when a mailbox is completely synchronised; nil when it never was.
    package func coveredUntil(_ mailbox: MailboxID) throws -> Timestamp? {
        let moment: Int64? =
            try row("SELECT covered_until FROM mailbox WHERE id = ?", [mailbox.rawValue])?["covered_until"]
        return moment.map(Timestamp.init)
    }
}

extension WriteTransaction {
    /// The position in a folder under a UIDVALIDITY, started at the first UID when it is new; it is the folder's current
    /// one from now on.
    package func folder(named name: String, in mailbox: MailboxID, uidValidity: UInt32) throws -> FolderPosition {
        try run(
            "INSERT OR IGNORE INTO folder (mailbox_id, name, uid_validity) VALUES (?, ?, ?)",
            [mailbox.rawValue, name, Int64(uidValidity)]
        )
        try run(
            """
            UPDATE folder SET is_current = uid_validity = :validity
            WHERE mailbox_id = :mailbox AND name = :name AND is_current <> (uid_validity = :validity)
            """,
            ["mailbox": mailbox.rawValue, "name": name, "validity": Int64(uidValidity)]
        )
        let found = try row(
            "SELECT id, uid_validity, next_uid FROM folder WHERE mailbox_id = ? AND name = ? AND uid_validity = ?",
            [mailbox.rawValue, name, Int64(uidValidity)]
        )
        guard let found else { throw StoreError(.other, "the folder was not stored") }
        return FolderPosition(found)
    }

    /// Records headers that were read; seen again, a mail changes nothing, unless its header could not be read before.
    ///
    /// - Returns: of how many mails more is known now.
    @discardableResult
    package func recordHeaders(_ headers: [SeenHeader], in folder: Int64) throws -> Int {
        var count = 0
        for header in headers {
            let reason = header.isWhole ? nil : SkipReason.headerUnreadable.rawValue
            let recorded = try row(
                """
                INSERT INTO entry (folder_id, uid, size, sent_at, skipped) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (folder_id, uid) DO UPDATE
                SET size = excluded.size, sent_at = excluded.sent_at, skipped = NULL
                WHERE entry.skipped = 'header_unreadable' AND excluded.skipped IS NULL
                RETURNING id
                """,
                [folder, Int64(header.uid), Int64(clamping: header.size), header.sentAt.rawValue, reason]
            )
            guard let recorded else { continue }
            count += 1
            let entry: Int64 = recorded["id"]
            for (hash, fields) in header.addresses {
                try run(
                    "INSERT OR REPLACE INTO entry_address (hash, entry_id, fields) VALUES (?, ?, ?)",
                    [hash, entry, fields.rawValue]
                )
            }
        }
        return count
    }

    /// Moves the position in a folder forward: the headers of all mails below `uid` are read, or noted as unreadable.
    ///
    /// - Parameter uidValidity: what the numbers up to there are valid under, where that grows with them.
    package func moveFolder(_ folder: Int64, toUID uid: UInt32, uidValidity: UInt32? = nil) throws {
        try run(
            """
            UPDATE OR IGNORE folder SET next_uid = :uid, uid_validity = COALESCE(:validity, uid_validity)
            WHERE id = :id AND next_uid < :uid
            """,
            ["uid": Int64(uid), "validity": uidValidity.map { Int64($0) }, "id": folder]
        )
    }

    /// Notes mails whose header the server refuses to read, so that the counts tell of them.
    package func recordUnreadable(_ uids: some Sequence<UInt32>, in folder: Int64) throws {
        for uid in uids {
            try run(
                """
                INSERT OR IGNORE INTO entry (folder_id, uid, size, sent_at, skipped)
                VALUES (?, ?, 0, 0, 'header_unreadable')
                """,
                [folder, Int64(uid)]
            )
        }
    }

    /// Notes mails that are gone before their header could be read.
    package func recordVanished(_ uids: some Sequence<UInt32>, in folder: Int64) throws {
        for uid in uids {
            try run(
                """
                UPDATE entry SET skipped = 'vanished'
                WHERE folder_id = ? AND uid = ? AND skipped = 'header_unreadable' AND message_id IS NULL
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

    /// Notes that a mailbox was synchronised, and where that is so, completely, as it stood at `moment`.
    package func markSynchronised(_ mailbox: MailboxID, at moment: Timestamp, isComplete: Bool = true) throws {
        try run(
            "UPDATE mailbox SET last_sync_at = :at, covered_until = IIF(:complete, :at, covered_until) WHERE id = :id",
            ["at": moment.rawValue, "complete": isComplete, "id": mailbox.rawValue]
        )
    }
}

extension FolderPosition {
    fileprivate init(_ row: Row) {
        self.init(
            id: row["id"],
            uidValidity: UInt32(clamping: row["uid_validity"] as Int64),
            nextUID: UInt32(clamping: row["next_uid"] as Int64)
        )
    }
}
