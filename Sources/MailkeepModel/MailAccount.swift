/// The sign-in to a mail server.
///
/// Sealed at rest, and never in a log.
package struct MailCredentials: Sendable, Equatable, Codable, CustomStringConvertible, CustomReflectable {
    package var username: String
    package var password: String
    /// Whose mailbox to open with another's sign-in (SASL PLAIN's authorisation identity).
    package var authorizeAs: String?

    package init(username: String, password: String, authorizeAs: String? = nil) {
        self.username = username
        self.password = password
        self.authorizeAs = authorizeAs
    }

    package var description: String { "MailCredentials(redacted)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Where a mail server is and how it is trusted.
package struct MailServer: Sendable, Equatable {
    package var host: String
    package var port: Int
    package var security: ConnectionSecurity
    /// PEM certificates trusted in place of the system's, pinned for this account.
    package var certificates: String?

    package init(host: String, port: Int, security: ConnectionSecurity, certificates: String? = nil) {
        self.host = host
        self.port = port
        self.security = security
        self.certificates = certificates
    }
}
