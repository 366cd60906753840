/// What this client can say to a server (RFC 9051, 6).
///
/// There is no case that changes a message or a flag: mailboxes are opened with `EXAMINE` and read with `BODY.PEEK`, so
/// that reading leaves no trace. What adds to a mailbox, `CREATE`, `SUBSCRIBE` and `APPEND`, is said by nobody who reads.
package enum IMAPCommand: Sendable, Equatable {
    case capability
    case startTLS
    /// `AUTHENTICATE` by a mechanism's name, with what the client says first at once where the server takes that
    /// (RFC 4959).
    case authenticate(mechanism: String, initialResponse: IMAPAuthenticationResponse?)
    case login(username: String, password: String)
    /// RFC 9051, 6.3.1.
    case enable(String)
    case namespace
    /// All mailboxes, with what is to be told of them beside their names (RFC 5258), such as `SPECIAL-USE` (RFC 6154) and
    /// `STATUS (…)` (RFC 5819).
    case list(returning: [String])
    /// What a mailbox holds, without opening it: items such as `UIDNEXT` (RFC 9051, 6.3.11).
    case status(IMAPMailboxName, items: [String])
    /// Opens a mailbox read only.
    ///
    /// - Parameter since: how it stood before, where the server is to tell what vanished since (RFC 7162, 3.2.5); it must
    ///   have been enabled.
    case examine(IMAPMailboxName, since: IMAPMailboxState? = nil)
    /// - Parameter items: further items to be told, such as `EMAILID` (RFC 8474).
    case fetchHeaders(IMAPUIDSet, fields: [String], items: [String] = [])
    /// Waits for news of the open mailbox (RFC 9051, 6.3.13); ended by the line `DONE`.
    case idle
    case fetchBodies(IMAPUIDSet)
    case fetchUIDs(IMAPUIDSet)
    /// `UID SEARCH RETURN (ALL)` (RFC 4731).
    case searchUIDs(IMAPUIDSet)
    /// Makes a mailbox (RFC 9051, 6.3.4).
    case create(IMAPMailboxName)
    /// Has programs show a mailbox (RFC 9051, 6.3.7).
    case subscribe(IMAPMailboxName)
    /// The beginning of `APPEND` (RFC 9051, 6.3.12), without the end of its line: what is appended follows, each message
    /// with its ``IMAPAppendHead``, several of them by `MULTIAPPEND` (RFC 3502).
    case append(IMAPMailboxName)
    case logout
}

/// How a mailbox stood when it was seen, by what the server counts its changes with (RFC 7162, 3.1).
package struct IMAPMailboxState: Sendable, Hashable {
    package let uidValidity: UInt32
    package let modSeq: UInt64

    package init(uidValidity: UInt32, modSeq: UInt64) {
        self.uidValidity = uidValidity
        self.modSeq = modSeq
    }
}

extension IMAPCommand: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The command's name alone: its arguments may be secret.
    package var description: String {
        switch self {
        case .capability: "CAPABILITY"
        case .startTLS: "STARTTLS"
        case .authenticate(let mechanism, _): "AUTHENTICATE \(mechanism)"
        case .login: "LOGIN"
        case .enable: "ENABLE"
        case .namespace: "NAMESPACE"
        case .list: "LIST"
        case .status: "STATUS"
        case .idle: "IDLE"
        case .examine: "EXAMINE"
        case .fetchHeaders, .fetchBodies, .fetchUIDs: "UID FETCH"
        case .searchUIDs: "UID SEARCH"
        case .create: "CREATE"
        case .subscribe: "SUBSCRIBE"
        case .append: "APPEND"
        case .logout: "LOGOUT"
        }
    }

    package var debugDescription: String { description }

    package var customMirror: Mirror { Mirror(self, children: []) }
}
