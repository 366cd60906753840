import Foundation
import MailkeepModel
import MailkeepSync
import OAuthClient

/// How an administrator has registered this Mailkeep with a provider; what is nil is as the provider usually has it.
package struct MailProviderSettings: Sendable {
    package var clientID: String
    package var clientSecret: String?
    /// Of Microsoft 365: an organisation's id or domain, or `organizations`.
    package var tenant: String?
    package var authorizationEndpoint: String?
    package var tokenEndpoint: String?
    package var scope: String?
    package var mailHost: String?
    package var mailPort: Int?
    /// A file of certificates (PEM) that are trusted for the token endpoint and the mail server.
    package var certificateFile: String?

    package init(clientID: String) {
        self.clientID = clientID
    }
}

extension MailProviders {
    /// - Throws: `AppError` (`badProviderSettings`), which names the setting.
    init(_ settings: [MailProvider: MailProviderSettings]) throws {
        var registrations: [MailProvider: MailProviderRegistration] = [:]
        for (provider, settings) in settings { registrations[provider] = try settings.registration(with: provider) }
        self.init(registrations)
    }
}

extension MailProviderSettings {
    fileprivate func registration(with provider: MailProvider) throws -> MailProviderRegistration {
        let bad = { (name: String) in AppError(.badProviderSettings, ["name": "\(provider.rawValue).\(name)"]) }
        let endpoint = { (text: String, name: String) throws in
            guard let url = URL(string: text), OAuthClientConfiguration.isUsable(url) else { throw bad(name) }
            return url
        }
        guard !clientID.isEmpty else { throw bad("client.id") }
        let tenant = tenant ?? "organizations"
        guard tenant.wholeMatch(of: /[A-Za-z0-9.-]+/) != nil else { throw bad("tenant") }
        var certificates: String?
        if let certificateFile {
            guard let data = FileManager.default.contents(atPath: certificateFile), data.count <= 1 << 20,
                let pem = String(data: data, encoding: .utf8), pem.contains("-----BEGIN CERTIFICATE-----")
            else { throw bad("ca.file") }
            certificates = pem
        }
        guard var server = provider.accountType.preset else { throw bad("mail.host") }
        if let mailHost { server.host = mailHost }
        if let mailPort {
            guard (1...65_535).contains(mailPort) else { throw bad("mail.port") }
            server.port = mailPort
        }
        server.certificates = certificates
        let client = OAuthClientConfiguration(
            clientID: clientID,
            clientSecret: clientSecret,
            authorizationEndpoint: try endpoint(
                authorizationEndpoint ?? provider.authorizationEndpoint(tenant: tenant),
                "authorization.endpoint"
            ),
            tokenEndpoint: try endpoint(tokenEndpoint ?? provider.tokenEndpoint(tenant: tenant), "token.endpoint"),
            scope: scope ?? provider.scope,
            authorizationParameters: provider.authorizationParameters,
            certificates: certificates
        )
        return MailProviderRegistration(client: client, server: server)
    }
}
