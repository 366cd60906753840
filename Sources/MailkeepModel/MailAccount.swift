/// The sign-in to a mail server.
///
/// Sealed at rest, and never in a log.
package struct MailCredentials: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    /// What the user proves who they are with.
    package enum Proof: Sendable, Equatable {
        case password(String)
        case grant(MailGrant)
    }

    package var username: String
    package var proof: Proof
    /// Whose mailbox to open with another's sign-in (SASL PLAIN's authorisation identity).
    package var authorizeAs: String?

    package init(username: String, password: String, authorizeAs: String? = nil) {
        self.username = username
        self.proof = .password(password)
        self.authorizeAs = authorizeAs
    }

    /// A mailbox that is signed in to at its provider.
    package init(username: String, grant: MailGrant) {
        self.username = username
        self.proof = .grant(grant)
    }

    /// Nil of who signs in at a provider.
    package var password: String? {
        if case .password(let password) = proof { password } else { nil }
    }

    /// Nil of who signs in with a password.
    package var grant: MailGrant? {
        if case .grant(let grant) = proof { grant } else { nil }
    }

    package var description: String { "MailCredentials(redacted)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension MailCredentials: Codable {
    private enum CodingKeys: String, CodingKey {
        case username, password, grant, authorizeAs
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        username = try values.decode(String.self, forKey: .username)
        authorizeAs = try values.decodeIfPresent(String.self, forKey: .authorizeAs)
        if let grant = try values.decodeIfPresent(MailGrant.self, forKey: .grant) {
            proof = .grant(grant)
        } else {
            proof = .password(try values.decode(String.self, forKey: .password))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(username, forKey: .username)
        try values.encodeIfPresent(authorizeAs, forKey: .authorizeAs)
        switch proof {
        case .password(let password): try values.encode(password, forKey: .password)
        case .grant(let grant): try values.encode(grant, forKey: .grant)
        }
    }
}

/// Where a mail server is and how it is trusted.
package struct MailServer: Sendable, Hashable {
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
