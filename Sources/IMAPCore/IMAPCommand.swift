/// What this client can say to a server (RFC 9051, 6).
///
/// There is no case that changes a mailbox, a message or a flag: mailboxes are opened with `EXAMINE` and read with
/// `BODY.PEEK`, so that reading leaves no trace.
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
    /// All mailboxes, with their special uses (RFC 6154) asked for where that is offered.
    case list(returningSpecialUse: Bool)
    /// Opens a mailbox read only.
    case examine(IMAPMailboxName)
    case fetchHeaders(IMAPUIDSet, fields: [String])
    case fetchBodies(IMAPUIDSet)
    case fetchUIDs(IMAPUIDSet)
    /// `UID SEARCH RETURN (ALL)` (RFC 4731).
    case searchUIDs(IMAPUIDSet)
    case logout
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
        case .examine: "EXAMINE"
        case .fetchHeaders, .fetchBodies, .fetchUIDs: "UID FETCH"
        case .searchUIDs: "UID SEARCH"
        case .logout: "LOGOUT"
        }
    }

    package var debugDescription: String { description }

    package var customMirror: Mirror { Mirror(self, children: []) }
}
