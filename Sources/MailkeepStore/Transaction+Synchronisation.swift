package import Foundation
import GRDB
package import MailkeepModel

extension ReadTransaction {
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

    /// How many mails of a folder were seen and are not gone from the server.
    package func presentCount(in folder: Int64) throws -> Int {
        try row("SELECT \(Self.presentCount) AS count FROM folder WHERE id = ?", [folder])?["count"] ?? 0
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
        try row("SELECT * FROM content WHERE key = ?", [key]).map { ContentLocation($0["key"], in: $0) }
    }

    /// Where the content of the newest message lies; nil where there is none.
    func newestLocation() throws -> ContentLocation? {
        try row(
            """
            SELECT content.* FROM message JOIN content ON content.key = message.content_key
            WHERE message.id = (SELECT max(id) FROM message)
            """
        ).map { ContentLocation($0["key"], in: $0) }
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
        let insertEntry = try database.cachedStatement(
            sql: """
                INSERT INTO entry (folder_id, uid, size, sent_at, skipped, email_id) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (folder_id, uid) DO UPDATE
                SET size = excluded.size, sent_at = excluded.sent_at, email_id = excluded.email_id, skipped = NULL
                WHERE entry.skipped = 'header_unreadable' AND excluded.skipped IS NULL
                RETURNING id
                """
        )
        let insertAddress = try database.cachedStatement(
            sql: "INSERT OR REPLACE INTO entry_address (hash, entry_id, fields) VALUES (?, ?, ?)"
        )
        for header in headers {
            let reason = header.isWhole ? nil : SkipReason.headerUnreadable.rawValue
            let recorded = try Int64.fetchOne(
                insertEntry,
                arguments: [
                    folder, Int64(header.uid), Int64(clamping: header.size), header.sentAt.rawValue, reason,
                    header.emailID,
                ]
            )
            guard let entry = recorded else { continue }
            count += 1
            for (hash, fields) in header.addresses {
                try insertAddress.execute(arguments: [hash, entry, fields.rawValue])
            }
            try want(entry)
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
                UPDATE entry SET skipped = 'vanished', is_gone = 1
                WHERE folder_id = ? AND uid = ? AND skipped = 'header_unreadable' AND message_id IS NULL
                """,
                [folder, Int64(uid)]
            )
        }
    }

    /// Names messages whose bytes are durable in the vault (design decision 2).
    package func recordMessages(_ messages: [FetchedMessage]) throws {
        try recordMessages(messages.map(sealing.seal))
    }

    /// Names messages of which the summary is sealed already, which takes longer than all the rest.
    package func recordMessages(_ messages: [SealedMessage]) throws {
        let insertMessage = try database.cachedStatement(
            sql: """
                INSERT OR IGNORE INTO message (content_key, size, sent_at, received_at, has_attachment, sealed_summary)
                SELECT ?, ?, COALESCE(NULLIF(sent_at, 0), ?, 0), ?, ?, ? FROM entry WHERE id = ?
                """
        )
        let nameMessage = try database.cachedStatement(
            sql: """
                UPDATE entry SET skipped = NULL, message_id = (SELECT id FROM message WHERE content_key = ?),
                    flags = ?, came_at = ?
                WHERE id = ?
                """
        )
        for message in messages {
            if try isRemoved(message) { continue }
            try recordContent(message.content)
            try insertMessage.execute(
                arguments: [
                    message.content.key, Int64(clamping: message.size), message.date?.rawValue,
                    message.receivedAt?.rawValue, message.hasAttachment, message.summary, message.entry,
                ]
            )
            try nameMessage.execute(
                arguments: [message.content.key, message.flags?.stored, message.cameAt?.rawValue, message.entry]
            )
            try wantNoMore(message.entry)
        }
    }

    /// Names content that is durable in the vault.
    ///
    /// - Throws: where it, or a part of it, was stored before and was removed since: it is to be read again.
    package func recordContent(_ content: DurableContent) throws {
        if content.whole.isNew {
            let place = content.whole.location
            try run(
                "INSERT OR IGNORE INTO content (key, segment, offset, length) VALUES (?, ?, ?, ?)",
                [place.key, place.segment, place.offset, place.length]
            )
        }
        // Where a mail that is stored comes as a part, the part stands for both from now on.
        for part in content.parts where part.isNew { try place(part.location) }
        for part in content.parts {
            try run(
                "INSERT OR IGNORE INTO content_part (content_key, part_key) VALUES (?, ?)",
                [content.key, part.location.key]
            )
        }
    }

    /// Tells where an entry lies from now on.
    func place(_ entry: ContentLocation) throws {
        try run(
            """
            INSERT INTO content (key, segment, offset, length) VALUES (?, ?, ?, ?)
            ON CONFLICT (key) DO UPDATE
            SET segment = excluded.segment, offset = excluded.offset, length = excluded.length
            """,
            [entry.key, entry.segment, entry.offset, entry.length]
        )
    }

    /// Notes why a mail is not stored.
    package func skip(_ entry: Int64, because reason: SkipReason) throws {
        try run(
            "UPDATE entry SET skipped = ?1, is_gone = is_gone OR ?1 = 'vanished' WHERE id = ?2 AND message_id IS NULL",
            [reason.rawValue, entry]
        )
        if reason != .unreadable { try wantNoMore(entry) }
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
    init(_ row: Row) {
        self.init(
            id: row["id"],
            uidValidity: UInt32(clamping: row["uid_validity"] as Int64),
            nextUID: UInt32(clamping: row["next_uid"] as Int64)
        )
    }
}
