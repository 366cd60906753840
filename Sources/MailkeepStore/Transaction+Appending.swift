package import Foundation
import GRDB
package import MailkeepModel

/// A folder that held a message, and how the message stood there.
package struct MailPlace: Sendable, Equatable {
    package var folder: String
    /// What stands between the levels of the folder's name; nil where that is not known.
    package var delimiter: Character?
    /// Nil where it is not known how it was marked.
    package var flags: MailFlags?
    /// When it came there, else when it is known to have come, else when it was sent.
    package var datedAt: Timestamp?
}

extension ReadTransaction {
    /// The folders of a user's that hold a message, each once; as it stood there last.
    package func places(of message: MessageID, of user: UserID) throws -> [MailPlace] {
        let found = try rows(
            """
            SELECT folder.name, folder.delimiter, entry.flags,
                   COALESCE(entry.came_at, message.received_at, NULLIF(message.sent_at, 0)) AS placed_at
            FROM entry
            JOIN message ON message.id = entry.message_id
            JOIN folder ON folder.id = entry.folder_id
            JOIN mailbox ON mailbox.id = folder.mailbox_id
            WHERE entry.message_id = ? AND mailbox.user_id = ?
            ORDER BY folder.name, folder.is_current DESC, entry.flags IS NULL, entry.id DESC
            """,
            [message.rawValue, user.rawValue]
        )
        var names: Set<String> = []
        return found.filter { names.insert($0["name"]).inserted }.map { row in
            let (delimiter, flags): (String?, String?) = (row["delimiter"], row["flags"])
            let placedAt: Int64? = row["placed_at"]
            return MailPlace(
                folder: row["name"],
                delimiter: delimiter?.first,
                flags: flags.map(MailFlags.init(stored:)),
                datedAt: placedAt.map(Timestamp.init)
            )
        }
    }

    /// Which messages were put into a folder, by where they are there.
    package func appended(to target: Data, uidValidity: UInt32) throws -> [UInt32: MessageID] {
        let found = try rows(
            "SELECT uid, message_id FROM appended WHERE target = ? AND uid_validity = ?",
            [target, Int64(uidValidity)]
        )
        return Dictionary(
            found.map { (UInt32(clamping: $0["uid"] as Int64), MessageID(rawValue: $0["message_id"])) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// Whether it is not known of some folder what stands between the levels of its name.
    package func hasFoldersWithoutDelimiter(_ mailbox: MailboxID) throws -> Bool {
        try exists("SELECT 1 FROM folder WHERE mailbox_id = ? AND delimiter IS NULL", [mailbox.rawValue])
    }
}

extension WriteTransaction {
    /// Notes where messages are in a folder that they were put into, or were found in; those that are no more are not.
    package func noteAppended(_ messages: [(MessageID, UInt32)], to target: Data, uidValidity: UInt32) throws {
        for (message, uid) in messages {
            try run(
                """
                INSERT OR REPLACE INTO appended (target, uid_validity, uid, message_id)
                SELECT ?, ?, ?, id FROM message WHERE id = ?
                """,
                [target, Int64(uidValidity), Int64(uid), message.rawValue]
            )
        }
    }

    /// Notes what stands between the levels of the folders' names, where that is not known.
    package func noteDelimiter(_ delimiter: Character, of mailbox: MailboxID) throws {
        try run(
            "UPDATE folder SET delimiter = ? WHERE mailbox_id = ? AND delimiter IS NULL",
            [String(delimiter), mailbox.rawValue]
        )
    }
}
