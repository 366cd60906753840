package import MailkeepModel
package import OAuthClient

/// A provider with which this Mailkeep is registered, and its mail server.
package struct MailProviderRegistration: Sendable {
    package var client: OAuthClientConfiguration
    /// The only server that its access tokens are sent to.
    package var server: MailServer

    package init(client: OAuthClientConfiguration, server: MailServer) {
        self.client = client
        self.server = server
    }
}

/// The providers at which mailboxes can be signed in to.
package struct MailProviders: Sendable {
    private let registrations: [MailProvider: MailProviderRegistration]

    package init(_ registrations: [MailProvider: MailProviderRegistration] = [:]) {
        self.registrations = registrations
    }

    /// Those that Mailkeep is registered with.
    package var registered: [MailProvider] { MailProvider.allCases.filter { registrations[$0] != nil } }

    /// - Throws: `SyncFailure` (`provider`) where Mailkeep is not registered there, or not any more.
    package func registration(of provider: MailProvider) throws -> MailProviderRegistration {
        guard let registration = registrations[provider] else {
            throw SyncFailure(.provider, "there is no client id for \(provider.rawValue)")
        }
        return registration
    }
}

extension MailProvider {
    /// Where the provider is asked for sign-ins.
    ///
    /// - Parameter tenant: of Microsoft 365: an organisation's id or domain.
    package func authorizationEndpoint(tenant: String) -> String {
        switch self {
        case .google: "https://accounts.google.com/o/oauth2/v2/auth"
        case .microsoft: "https://login.microsoftonline.com/\(tenant)/oauth2/v2.0/authorize"
        }
    }

    /// Where the provider gives tokens.
    package func tokenEndpoint(tenant: String) -> String {
        switch self {
        case .google: "https://oauth2.googleapis.com/token"
        case .microsoft: "https://login.microsoftonline.com/\(tenant)/oauth2/v2.0/token"
        }
    }

    /// What lets the mailbox be read by IMAP, and refresh tokens be given.
    package var scope: String {
        switch self {
        case .google: "https://mail.google.com/"
        case .microsoft: "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"
        }
    }

    /// Google gives a refresh token only where it is asked for, and again only with a new consent.
    package var authorizationParameters: [String: String] {
        switch self {
        case .google: ["access_type": "offline", "prompt": "consent"]
        case .microsoft: [:]
        }
    }
}
