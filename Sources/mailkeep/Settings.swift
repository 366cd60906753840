import Configuration
import Foundation
import MailkeepApp
import MailkeepModel
import SystemPackage

/// What is set outside the command line: environment variables (`MAILKEEP_DATA`, `MAILKEEP_SYNC_INTERVAL`, …) before the
/// configuration file, a JSON document at `MAILKEEP_CONFIG` or `/etc/mailkeep.json`.
struct Settings: Sendable {
    /// The configuration file that was read; nil where there is none.
    let file: String?
    let data: String?
    let allowMailNetworks: [String]
    let allowMailPaths: [String]
    let syncInterval: Int
    let connectInterval: Int
    let watchedInboxes: Int
    let mailConnections: Int
    let host: String
    let port: Int
    let tlsCertificate: String?
    let tlsKey: String?
    let publicURL: String?
    let trustedProxies: [String]
    /// MB (1,000,000 bytes) of an uploaded backup source; nil for the usual.
    let uploadLimit: Int?
    /// Requests of one client of the API within a minute.
    let apiRateLimit: Int
    /// The mail server that takes mail to administrators.
    let mail: MailSubmissionSettings
    /// The providers with which this Mailkeep is registered.
    let providers: [MailProvider: MailProviderSettings]

    /// What may be reached, as options of a command.
    var reachArguments: [String] {
        allowMailNetworks.flatMap { ["--allow-mail-network", $0] }
            + allowMailPaths.flatMap { ["--allow-mail-path", $0] }
    }

    /// What this process may reach beyond the Internet, and keep of what is uploaded.
    ///
    /// - Throws: `AppError` (`badNetwork`, `badMailConnections`).
    func permissions(
        networks: [String] = [],
        paths: [String] = [],
        uploadLimit: Int? = nil
    ) throws -> Mailkeep.Permissions {
        let limit = (uploadLimit ?? self.uploadLimit).map { megabytes in
            let bytes = Int64(max(1, megabytes)).multipliedReportingOverflow(by: 1_000_000)
            return bytes.overflow ? .max : bytes.partialValue
        }
        return try Mailkeep.Permissions(
            networks: allowMailNetworks + networks,
            paths: allowMailPaths + paths,
            connections: mailConnections,
            uploadLimit: limit ?? Mailkeep.Permissions.usualUploadLimit
        )
    }

    /// Reads both.
    ///
    /// - Throws: `SettingsError` where the file cannot be used.
    static func read(environment: [String: String] = ProcessInfo.processInfo.environment) async throws -> Settings {
        // A variable that is set to nothing says nothing.
        var providers: [any ConfigProvider] = [
            EnvironmentVariablesProvider(environmentVariables: environment.filter { !$0.value.isEmpty })
        ]
        let file = environment["MAILKEEP_CONFIG"] ?? "/etc/mailkeep.json"
        let isThere = environment["MAILKEEP_CONFIG"] != nil || FileManager.default.fileExists(atPath: file)
        if isThere {
            do {
                providers.append(try await FileProvider<JSONSnapshot>(filePath: FilePath(file)))
            } catch {
                throw SettingsError(file: file)
            }
        }
        let reader = ConfigReader(providers: providers).scoped(to: "mailkeep")
        return Settings(
            file: isThere ? file : nil,
            data: reader.string(forKey: "data"),
            allowMailNetworks: reader.stringArray(forKey: "allow.mail.network", default: []),
            allowMailPaths: reader.stringArray(forKey: "allow.mail.path", default: []),
            syncInterval: reader.int(forKey: "sync.interval", default: 300),
            connectInterval: reader.int(forKey: "connect.interval", default: 900),
            watchedInboxes: reader.int(forKey: "watched.inboxes", default: 20),
            mailConnections: reader.int(forKey: "mail.connections", default: 2),
            host: reader.string(forKey: "host", default: "127.0.0.1"),
            port: reader.int(forKey: "port", default: 8080),
            tlsCertificate: reader.string(forKey: "tls.certificate"),
            tlsKey: reader.string(forKey: "tls.key"),
            publicURL: reader.string(forKey: "public.url"),
            trustedProxies: reader.stringArray(forKey: "trusted.proxy", default: []),
            uploadLimit: reader.int(forKey: "upload.limit"),
            apiRateLimit: reader.int(forKey: "api.rate.limit", default: 6000),
            mail: Self.mail(reader.scoped(to: "smtp")),
            providers: Dictionary(
                uniqueKeysWithValues: MailProvider.allCases.compactMap { provider in
                    Self.settings(of: provider, reader.scoped(to: ConfigKey([provider.rawValue]))).map {
                        (provider, $0)
                    }
                }
            )
        )
    }

    private static func mail(_ reader: ConfigReader) -> MailSubmissionSettings {
        var settings = MailSubmissionSettings()
        settings.host = reader.string(forKey: "host")
        settings.port = reader.int(forKey: "port")
        settings.security = reader.string(forKey: "security")
        settings.username = reader.string(forKey: "username")
        settings.password = reader.string(forKey: "password", isSecret: true)
        settings.from = reader.string(forKey: "from")
        settings.certificateFile = reader.string(forKey: "ca.file")
        return settings
    }

    /// How Mailkeep is registered with a provider; nil without a client id.
    private static func settings(of provider: MailProvider, _ reader: ConfigReader) -> MailProviderSettings? {
        guard let clientID = reader.string(forKey: "client.id") else { return nil }
        var settings = MailProviderSettings(clientID: clientID)
        settings.clientSecret = reader.string(forKey: "client.secret", isSecret: true)
        settings.tenant = reader.string(forKey: "tenant")
        settings.authorizationEndpoint = reader.string(forKey: "authorization.endpoint")
        settings.tokenEndpoint = reader.string(forKey: "token.endpoint")
        settings.scope = reader.string(forKey: "scope")
        settings.mailHost = reader.string(forKey: "mail.host")
        settings.mailPort = reader.int(forKey: "mail.port")
        settings.certificateFile = reader.string(forKey: "ca.file")
        return settings
    }
}

/// The configuration file cannot be read, or is no JSON document.
struct SettingsError: Error {
    let file: String
}
