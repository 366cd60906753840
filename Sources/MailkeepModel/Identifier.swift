/// The number by which the database, the API and the shell name an `Entity`: positive, at most 19 decimal digits.
package struct Identifier<Entity>: RawRepresentable, Hashable, Sendable, Comparable, CustomStringConvertible {
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// Reads a decimal string as the API writes it; nil where it is none.
    package init?(_ text: some StringProtocol) {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int64(text), value > 0
        else { return nil }
        self.rawValue = value
    }

    /// The id that a text names; one that nothing has where it is none, so that it is answered like one (V1).
    package init(orNone text: (some StringProtocol)?) {
        self = text.flatMap { Self($0) } ?? Self(rawValue: 0)
    }

    package var description: String { String(rawValue) }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

package typealias UserID = Identifier<User>
package typealias RoleID = Identifier<Role>
package typealias MailboxID = Identifier<Mailbox>
package typealias BackupID = Identifier<Backup>
package typealias MessageID = Identifier<StoredMessage>
package typealias JobID = Identifier<Job>

/// A user's mailbox account as it was read from: one per user and address.
package enum Mailbox {}
/// A message whose bytes are kept.
package enum StoredMessage {}
/// A unit of work that outlives the command which asked for it.
package enum Job {}
