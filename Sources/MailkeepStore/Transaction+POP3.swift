package import Foundation
import GRDB
package import MailkeepModel

/// The UIDs of mails on servers that have none of their own: given once, and never to another mail.
extension ReadTransaction {
    /// The UIDs that mails of a mailbox were given so far, by what names them.
    package func pop3UIDs(of mailbox: MailboxID, uidValidity: UInt32) throws -> [Data: UInt32] {
        let rows = try rows(
            "SELECT identity, uid FROM pop3_message WHERE mailbox_id = ? AND uid_validity = ?",
            [mailbox.rawValue, Int64(uidValidity)]
        )
        return Dictionary(
            rows.map { ($0["identity"] as Data, UInt32(clamping: $0["uid"] as Int64)) },
            uniquingKeysWith: { first, _ in first }
        )
    }
}

extension WriteTransaction {
    /// Gives mails the next UIDs, in their order; one that has a UID keeps it.
    package func assignPOP3UIDs(to identities: some Sequence<Data>, of mailbox: MailboxID, uidValidity: UInt32) throws {
        for identity in identities {
            try run(
                """
                INSERT OR IGNORE INTO pop3_message (mailbox_id, uid_validity, identity, uid)
                SELECT :mailbox, :validity, :identity, 1 + COALESCE(MAX(uid), 0) FROM pop3_message
                WHERE mailbox_id = :mailbox AND uid_validity = :validity
                """,
                ["mailbox": mailbox.rawValue, "validity": Int64(uidValidity), "identity": identity]
            )
        }
    }
}
