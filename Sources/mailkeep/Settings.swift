import Configuration
import Foundation
import Logging
import MailkeepApp
import MailkeepKeys
import MailkeepModel
import SystemPackage

/// What is set outside the command line: environment variables (`MAILKEEP_DATA`, `MAILKEEP_SYNC_INTERVAL`, …) before the
/// configuration file, a JSON document at `MAILKEEP_CONFIG` or `/etc/mailkeep/mailkeep.json`.
struct Settings: Sendable {
    /// The configuration file that was read; nil where there is none.
    let file: String?
    let data: String?
    /// Where the master key comes from, if not from a file of the data directory.
    let masterKey: MasterKeySource?
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

    let logFormat: LogFormat
    /// Nil for the usual: `info` for `serve`, else `warning`.
    let logLevel: Logger.Level?
    /// What opens the metrics to other machines.
    let metricsToken: String?

    private static let usualFile = "/etc/mailkeep/mailkeep.json"

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
    /// - Parameter masterKey: what `MAILKEEP_MASTER_KEY` held, before it was taken out of the environment.
    /// - Throws: `SettingsError` where the file cannot be used; `UsageError` (`badLogFormat`, `badLogLevel`).
    static func read(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        masterKey: [UInt8]? = nil
    ) async throws -> Settings {
        // A variable that is set to nothing says nothing.
        var providers: [any ConfigProvider] = [
            EnvironmentVariablesProvider(environmentVariables: environment.filter { !$0.value.isEmpty })
        ]
        let file = environment["MAILKEEP_CONFIG"] ?? Self.usualFile
        let isThere = environment["MAILKEEP_CONFIG"] != nil || FileManager.default.fileExists(atPath: file)
        if isThere {
            do {
                providers.append(try await FileProvider<JSONSnapshot>(filePath: FilePath(file)))
            } catch {
                throw SettingsError(file: file)
            }
        }
        let reader = ConfigReader(providers: providers).scoped(to: "mailkeep")
        let logFormat = reader.string(forKey: SettingKey.logFormat.key)
        guard let logFormat = LogFormat(rawValue: logFormat ?? LogFormat.text.rawValue) else {
            throw UsageError.badLogFormat
        }
        let logLevel = try reader.string(forKey: SettingKey.logLevel.key).map { name in
            guard let level = Logger.Level(rawValue: name) else { throw UsageError.badLogLevel }
            return level
        }
        return Settings(
            file: isThere ? file : nil,
            data: reader.string(forKey: SettingKey.data.key),
            masterKey: Self.masterKey(
                masterKey,
                environment: environment[SettingKey.masterKeyCommand.variable] ?? "",
                command: reader.string(forKey: SettingKey.masterKeyCommand.key)
            ),
            allowMailNetworks: reader.stringArray(forKey: SettingKey.allowMailNetwork.key, default: []),
            allowMailPaths: reader.stringArray(forKey: SettingKey.allowMailPath.key, default: []),
            syncInterval: reader.int(forKey: SettingKey.syncInterval.key, default: 300),
            connectInterval: reader.int(forKey: SettingKey.connectInterval.key, default: 900),
            watchedInboxes: reader.int(forKey: SettingKey.watchedInboxes.key, default: 20),
            mailConnections: reader.int(forKey: SettingKey.mailConnections.key, default: 2),
            host: reader.string(forKey: SettingKey.host.key, default: "127.0.0.1"),
            port: reader.int(forKey: SettingKey.port.key, default: 8080),
            tlsCertificate: reader.string(forKey: SettingKey.tlsCertificate.key),
            tlsKey: reader.string(forKey: SettingKey.tlsKey.key),
            publicURL: reader.string(forKey: SettingKey.publicURL.key),
            trustedProxies: reader.stringArray(forKey: SettingKey.trustedProxy.key, default: []),
            uploadLimit: reader.int(forKey: SettingKey.uploadLimit.key),
            apiRateLimit: reader.int(forKey: SettingKey.apiRateLimit.key, default: 6000),
            mail: Self.mail(reader),
            providers: Dictionary(
                uniqueKeysWithValues: MailProvider.allCases.compactMap { provider in
                    Self.settings(of: provider, reader.scoped(to: ConfigKey([provider.rawValue]))).map {
                        (provider, $0)
                    }
                }
            ),
            logFormat: logFormat,
            logLevel: logLevel,
            metricsToken: reader.string(forKey: SettingKey.metricsToken.key, isSecret: true)
        )
    }

    private static func mail(_ reader: ConfigReader) -> MailSubmissionSettings {
        var settings = MailSubmissionSettings()
        settings.host = reader.string(forKey: SettingKey.smtpHost.key)
        settings.port = reader.int(forKey: SettingKey.smtpPort.key)
        settings.security = reader.string(forKey: SettingKey.smtpSecurity.key)
        settings.username = reader.string(forKey: SettingKey.smtpUsername.key)
        settings.password = reader.string(forKey: SettingKey.smtpPassword.key, isSecret: true)
        settings.from = reader.string(forKey: SettingKey.smtpFrom.key)
        settings.certificateFile = reader.string(forKey: SettingKey.smtpCAFile.key)
        return settings
    }

    /// The environment before the configuration file; in the environment both are one too many.
    private static func masterKey(_ key: [UInt8]?, environment: String, command: String?) -> MasterKeySource? {
        guard let key else { return command.map(MasterKeySource.command) }
        return environment.isEmpty ? .variable(key) : .both
    }

    /// How Mailkeep is registered with a provider; nil without a client id.
    private static func settings(of provider: MailProvider, _ reader: ConfigReader) -> MailProviderSettings? {
        guard let clientID = reader.string(forKey: ProviderKey.clientID.key) else { return nil }
        var settings = MailProviderSettings(clientID: clientID)
        settings.clientSecret = reader.string(forKey: ProviderKey.clientSecret.key, isSecret: true)
        settings.tenant = reader.string(forKey: ProviderKey.tenant.key)
        settings.authorizationEndpoint = reader.string(forKey: ProviderKey.authorizationEndpoint.key)
        settings.tokenEndpoint = reader.string(forKey: ProviderKey.tokenEndpoint.key)
        settings.scope = reader.string(forKey: ProviderKey.scope.key)
        settings.mailHost = reader.string(forKey: ProviderKey.mailHost.key)
        settings.mailPort = reader.int(forKey: ProviderKey.mailPort.key)
        settings.certificateFile = reader.string(forKey: ProviderKey.certificateFile.key)
        return settings
    }
}

/// The configuration file cannot be read, or is no JSON document.
struct SettingsError: Error {
    let file: String
}
