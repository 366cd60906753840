/// How a user proves who they are to a mail server.
package enum IMAPCredentials: Sendable {
    /// Authenticates as `username` and, where given, acts as `authorizeAs` (RFC 4616's authorization identity).
    case password(username: String, password: String, authorizeAs: String? = nil)
}

extension IMAPCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "IMAPCredentials(redacted)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
