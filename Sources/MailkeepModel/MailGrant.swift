/// Who keeps mailboxes and lets their owners sign in on pages of its own (OAuth 2.0).
package enum MailProvider: String, Sendable, CaseIterable, Codable {
    case google
    case microsoft

    /// Its name on screen, in every language.
    package var displayName: String {
        switch self {
        case .google: "Google"
        case .microsoft: "Microsoft"
        }
    }

    /// The account type whose mailboxes it keeps.
    package var accountType: AccountType {
        switch self {
        case .google: .gmail
        case .microsoft: .microsoft365
        }
    }
}

extension AccountType {
    /// Who signs in to mailboxes of this type on pages of its own.
    package var provider: MailProvider? { MailProvider.allCases.first { $0.accountType == self } }
}

/// The lasting permission of a mailbox's owner to read it, as their provider gave it.
///
/// Sealed at rest, and never in a log.
package struct MailGrant: Sendable, Equatable, Codable, CustomStringConvertible, CustomReflectable {
    package var provider: MailProvider
    /// Asks for access tokens; another one may take its place each time (RFC 6749, 6).
    package var refreshToken: String

    package init(provider: MailProvider, refreshToken: String) {
        self.provider = provider
        self.refreshToken = refreshToken
    }

    package var description: String { "MailGrant(\(provider.rawValue), redacted)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
