import GRDB
package import MailkeepModel

/// What is known of a folder before it is opened.
package struct KnownFolder: Sendable {
    package let name: String
    package let position: FolderPosition
    /// What the server calls it whatever its name is (RFC 8474, 4); nil where it does not say.
    package let objectID: String?
    /// How it stood when all that had vanished was noted (RFC 7162, 3.1.1); nil where the server does not count changes.
    package let modSeq: UInt64?
    /// Mails that were seen in it, without those that are gone from the server.
    package let count: Int
    /// Whether the body of some is wanted.
    package let hasWanted: Bool
    /// Whether the header of some is to be asked for again.
    package let hasUnreadHeaders: Bool
}

/// A mail by what its header gave, to recognise a folder by.
package struct FolderSample: Sendable {
    package let uid: UInt32
    package let size: UInt64
    package let sentAt: Timestamp
}

extension ReadTransaction {
    /// Of a row of `folder`: how many of its mails were seen and are not gone from the server.
    static let presentCount = """
        ((SELECT COUNT(*) FROM entry WHERE entry.folder_id = folder.id)
         - (SELECT COUNT(*) FROM entry WHERE entry.folder_id = folder.id AND is_gone))
        """

    /// A mailbox's folders as they were seen last.
    package func knownFolders(of mailbox: MailboxID) throws -> [KnownFolder] {
        try rows(
            """
            SELECT id, name, uid_validity, next_uid, object_id, mod_seq, \(Self.presentCount) AS count,
                   EXISTS (SELECT 1 FROM wanted WHERE wanted.folder_id = folder.id) AS has_wanted,
                   EXISTS (SELECT 1 FROM entry WHERE entry.folder_id = folder.id AND skipped = 'header_unreadable'
                           AND message_id IS NULL) AS has_unread_headers
            FROM folder WHERE mailbox_id = ? AND is_current
            """,
            [mailbox.rawValue]
        ).map { row in
            KnownFolder(
                name: row["name"],
                position: FolderPosition(row),
                objectID: row["object_id"],
                modSeq: (row["mod_seq"] as Int64?).map { UInt64(clamping: $0) },
                count: row["count"],
                hasWanted: row["has_wanted"],
                hasUnreadHeaders: row["has_unread_headers"]
            )
        }
    }

    /// The names of a mailbox's folders, however they are numbered.
    package func folderNames(of mailbox: MailboxID) throws -> Set<String> {
        Set(try rows("SELECT DISTINCT name FROM folder WHERE mailbox_id = ?", [mailbox.rawValue]).map { $0["name"] })
    }

    /// Some of a folder's newest mails.
    package func samples(of folder: Int64, limit: Int) throws -> [FolderSample] {
        try rows(
            """
            SELECT uid, size, sent_at FROM entry WHERE folder_id = ? AND skipped IS NOT 'header_unreadable'
            ORDER BY uid DESC LIMIT ?
            """,
            [folder, limit]
        ).map { row in
            FolderSample(
                uid: UInt32(clamping: row["uid"] as Int64),
                size: UInt64(clamping: row["size"] as Int64),
                sentAt: Timestamp(rawValue: row["sent_at"])
            )
        }
    }
}

extension WriteTransaction {
    /// Notes which mails of a stretch the server lists still.
    package func markGone(in folder: Int64, _ uids: ClosedRange<UInt32>, except present: Set<UInt32>) throws {
        let seen = try rows(
            "SELECT uid, is_gone FROM entry WHERE folder_id = ? AND uid BETWEEN ? AND ?",
            [folder, Int64(uids.lowerBound), Int64(uids.upperBound)]
        )
        for row in seen {
            let uid = UInt32(clamping: row["uid"] as Int64)
            let isGone = !present.contains(uid)
            guard isGone != row["is_gone"] else { continue }
            try run("UPDATE entry SET is_gone = ? WHERE folder_id = ? AND uid = ?", [isGone, folder, Int64(uid)])
        }
    }

    /// Notes mails that the server says are gone.
    package func markGone(in folder: Int64, _ uids: [ClosedRange<UInt32>]) throws {
        for range in uids {
            try run(
                "UPDATE entry SET is_gone = 1 WHERE folder_id = ? AND uid BETWEEN ? AND ? AND NOT is_gone",
                [folder, Int64(range.lowerBound), Int64(range.upperBound)]
            )
        }
    }

    /// Notes up to where the server's count of a folder's changes is known.
    package func noteState(of folder: Int64, modSeq: UInt64) throws {
        let modSeq = Int64(clamping: modSeq)
        try run("UPDATE folder SET mod_seq = ? WHERE id = ? AND mod_seq IS NOT ?", [modSeq, folder, modSeq])
    }

    /// A folder bears another name now; what was seen in it stays.
    package func renameFolder(_ folder: Int64, to name: String) throws {
        try run("UPDATE OR IGNORE folder SET name = ? WHERE id = ?", [name, folder])
    }

    /// Notes what the server calls a folder for ever.
    package func nameFolder(_ folder: Int64, objectID: String) throws {
        try run("UPDATE folder SET object_id = ? WHERE id = ? AND object_id IS NOT ?", [objectID, folder, objectID])
    }

    /// Counts bytes of mail that were read on a day, in days since 1970 UTC.
    package func noteBytes(_ bytes: Int64, of mailbox: MailboxID, day: Int64) throws {
        try run(
            """
            UPDATE mailbox SET read_bytes = IIF(read_day = :day, read_bytes, 0) + :bytes, read_day = :day WHERE id = :id
            """,
            ["day": day, "bytes": bytes, "id": mailbox.rawValue]
        )
    }
}

extension ReadTransaction {
    /// Bytes of mail that were read on a day, in days since 1970 UTC.
    package func bytesRead(of mailbox: MailboxID, day: Int64) throws -> Int64 {
        try row("SELECT read_bytes FROM mailbox WHERE id = ? AND read_day = ?", [mailbox.rawValue, day])?["read_bytes"]
            ?? 0
    }
}
