import FoundationEssentials
import MailConnection

/// How a user proves who they are to a mail server.
package struct POP3Credentials: Sendable {
    let username: String
    let password: String
    let authorizeAs: String?

    /// Authenticates as `username` and, where given, acts as `authorizeAs` (RFC 4616's authorization identity).
    ///
    /// - Throws: ``POP3Error`` of code `invalidArgument` for what would end a command early or be one of its own: CR, LF
    ///   and NUL; and for what no server takes.
    package init(username: String, password: String, authorizeAs: String? = nil) throws {
        for text in [username, password, authorizeAs ?? ""] {
            guard text.utf8.count <= 4096, !text.utf8.contains(where: { $0 == 0 || $0 == 0x0D || $0 == 0x0A }) else {
                throw POP3Error(.connection(.invalidArgument), "the user name or the password cannot be sent")
            }
        }
        self.username = username
        self.password = password
        self.authorizeAs = authorizeAs
    }

    /// The response of SASL's `PLAIN` mechanism in base64 (RFC 4616).
    var plainResponse: String {
        let message = [Array((authorizeAs ?? "").utf8), Array(username.utf8), Array(password.utf8)]
        return Data(message.joined(separator: [0])).base64EncodedString()
    }
}

extension POP3Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "POP3Credentials(redacted)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
