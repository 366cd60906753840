/// A way to prove who one is to a server (RFC 4422), by its registered name.
package enum SASLMechanism: String, Sendable, CaseIterable {
    /// RFC 7677: the password is not sent, and the server proves that it knows it.
    case scramSHA256 = "SCRAM-SHA-256"
    /// RFC 4616.
    case plain = "PLAIN"
    /// Never standardised, and offered by servers that know nothing better: name and password, one after the other.
    case login = "LOGIN"
    /// RFC 7628.
    case oauthBearer = "OAUTHBEARER"
    /// What Gmail and Microsoft 365 had before RFC 7628, and still have.
    case xoauth2 = "XOAUTH2"

    /// What can be used with `credentials`, the strongest first.
    ///
    /// - Parameter isEncrypted: under TLS another's mailbox is asked for by PLAIN: for SCRAM a Dovecot whose master
    ///   users are set up as its documentation shows compares with the password of the mailbox's own user.
    package static func preference(for credentials: SASLCredentials, isEncrypted: Bool) -> [SASLMechanism] {
        switch credentials {
        case .password(_, _, nil): [.scramSHA256, .plain, .login]
        // LOGIN cannot say whose mailbox it is about.
        case .password: isEncrypted ? [.plain, .scramSHA256] : [.scramSHA256, .plain]
        case .accessToken: [.oauthBearer, .xoauth2]
        }
    }
}
