package import NIOCore

/// One answer of a server, as far as it matters to a client that only reads (RFC 9051, 7).
package enum IMAPResponse: Sendable, Equatable {
    /// `+`: the server waits for the rest of a command.
    case continuation(text: String)
    /// The end of the command with this tag.
    case tagged(tag: String, IMAPStatus)
    case status(IMAPStatus)
    /// Names in capitals.
    case capability([String])
    case list(IMAPListEntry)
    case namespace(IMAPNamespaces)
    /// How many messages the mailbox holds.
    case exists(UInt32)
    /// `SEARCH` or the `ALL` part of `ESEARCH`.
    case search(IMAPUIDSet)
    /// Messages that are gone (RFC 7162, 3.2.10); earlier ones went before the mailbox was opened, and the set may name
    /// identifiers that never were.
    case vanished(IMAPUIDSet, isEarlier: Bool)
    case fetch(IMAPFetch)
    case mailboxStatus(IMAPMailboxStatus)
    /// Anything else: its name in capitals.
    case other(name: String)
    /// What cannot be read, as it came, with its literals as far as they were held.
    case unparsed(ByteBuffer)
}

/// A mailbox in a listing (RFC 9051, 7.3.1).
package struct IMAPListEntry: Sendable, Equatable {
    /// In capitals, with their backslash.
    package let attributes: [String]
    /// The character between the levels of a name; nil where names have no levels.
    package let delimiter: Character?
    package let name: IMAPMailboxName

    package init(attributes: [String], delimiter: Character?, name: IMAPMailboxName) {
        self.attributes = attributes
        self.delimiter = delimiter
        self.name = name
    }
}

/// Where the user's own, other users' and shared mailboxes are (RFC 9051, 6.3.10).
package struct IMAPNamespaces: Sendable, Equatable {
    package struct Namespace: Sendable, Equatable {
        package let prefix: [UInt8]
        package let delimiter: Character?

        package init(prefix: [UInt8], delimiter: Character?) {
            self.prefix = prefix
            self.delimiter = delimiter
        }
    }

    package let personal: [Namespace]
    package let otherUsers: [Namespace]
    package let shared: [Namespace]

    package init(personal: [Namespace], otherUsers: [Namespace], shared: [Namespace]) {
        self.personal = personal
        self.otherUsers = otherUsers
        self.shared = shared
    }
}
