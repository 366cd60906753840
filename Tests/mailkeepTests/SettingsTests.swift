import ArgumentParser
import Foundation
import Logging
import MailkeepApp
import MailkeepKeys
import Testing

@testable import mailkeep

@Suite("Settings")
struct SettingsTests {
    /// What a setting is set to in these tests, and what then is read.
    private struct Sample {
        let text: String
        let json: Any
        let read: @Sendable (Settings) -> String?
    }

    private static func sample(_ key: SettingKey) -> Sample {
        switch key {
        case .data: Sample(text: "/d", json: "/d") { $0.data }
        case .masterKeyCommand:
            Sample(text: "print-key", json: "print-key") { $0.masterKey.flatMap(Self.command(of:)) }
        case .allowMailNetwork:
            Sample(text: "10.1.0.0/16,10.2.0.0/16", json: ["10.1.0.0/16", "10.2.0.0/16"]) {
                $0.allowMailNetworks.joined(separator: ",")
            }
        case .allowMailPath:
            Sample(text: "/a,/b", json: ["/a", "/b"]) { $0.allowMailPaths.joined(separator: ",") }
        case .host: Sample(text: "::1", json: "::1") { $0.host }
        case .port: Sample(text: "8443", json: 8443) { "\($0.port)" }
        case .tlsCertificate: Sample(text: "/c.pem", json: "/c.pem") { $0.tlsCertificate }
        case .tlsKey: Sample(text: "/k.pem", json: "/k.pem") { $0.tlsKey }
        case .publicURL: Sample(text: "https://m.example", json: "https://m.example") { $0.publicURL }
        case .trustedProxy:
            Sample(text: "10.0.0.1,10.0.0.2", json: ["10.0.0.1", "10.0.0.2"]) {
                $0.trustedProxies.joined(separator: ",")
            }
        case .syncInterval: Sample(text: "60", json: 60) { "\($0.syncInterval)" }
        case .connectInterval: Sample(text: "70", json: 70) { "\($0.connectInterval)" }
        case .watchedInboxes: Sample(text: "7", json: 7) { "\($0.watchedInboxes)" }
        case .mailConnections: Sample(text: "5", json: 5) { "\($0.mailConnections)" }
        case .apiRateLimit: Sample(text: "11", json: 11) { "\($0.apiRateLimit)" }
        case .smtpHost: Sample(text: "mail.example", json: "mail.example") { $0.mail.host }
        case .smtpPort: Sample(text: "2525", json: 2525) { $0.mail.port.map { "\($0)" } }
        case .smtpSecurity: Sample(text: "starttls", json: "starttls") { $0.mail.security }
        case .smtpUsername: Sample(text: "mailkeep", json: "mailkeep") { $0.mail.username }
        case .smtpPassword: Sample(text: "a secret", json: "a secret") { $0.mail.password }
        case .smtpFrom: Sample(text: "a@m.example", json: "a@m.example") { $0.mail.from }
        case .smtpCAFile: Sample(text: "/ca.pem", json: "/ca.pem") { $0.mail.certificateFile }
        case .uploadLimit: Sample(text: "9", json: 9) { $0.uploadLimit.map { "\($0)" } }
        case .logFormat: Sample(text: "json", json: "json") { $0.logFormat.rawValue }
        case .logLevel: Sample(text: "error", json: "error") { $0.logLevel?.rawValue }
        case .metricsToken: Sample(text: "a token", json: "a token") { $0.metricsToken }
        }
    }

    private static func command(of source: MasterKeySource) -> String? {
        guard case .command(let command) = source else { return nil }
        return command
    }

    /// Reads settings from a file that holds this document.
    private func read(_ document: Any, _ environment: [String: String] = [:]) async throws -> Settings {
        let file = NSTemporaryDirectory() + "settings-\(UUID().uuidString).json"
        try JSONSerialization.data(withJSONObject: document).write(to: URL(filePath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        return try await Settings.read(environment: environment.merging(["MAILKEEP_CONFIG": file]) { $1 })
    }

    /// A document that holds a value at a place.
    private func document(_ key: String, _ value: Any) -> Any {
        ("mailkeep." + key).split(separator: ".").reversed().reduce(value) { [String($1): $0] }
    }

    @Test("Each is read from its variable and from its place in the file", arguments: SettingKey.allCases)
    func places(key: SettingKey) async throws {
        let sample = Self.sample(key)
        #expect(sample.read(try await read([:])) != sample.text)
        #expect(sample.read(try await read([:], [key.variable: sample.text])) == sample.text)
        #expect(sample.read(try await read(document(key.rawValue, sample.json))) == sample.text)
    }

    @Test("A variable goes before the file, and one that is set to nothing says nothing")
    func precedence() async throws {
        let file = document("data", "/file")
        #expect(try await read(file, ["MAILKEEP_DATA": "/variable"]).data == "/variable")
        #expect(try await read(file, ["MAILKEEP_DATA": ""]).data == "/file")
    }

    @Test("What is no format or level of the log is refused")
    func logging() async throws {
        await #expect(throws: UsageError.badLogFormat) { _ = try await read([:], ["MAILKEEP_LOG_FORMAT": "xml"]) }
        await #expect(throws: UsageError.badLogLevel) { _ = try await read([:], ["MAILKEEP_LOG_LEVEL": "loud"]) }
    }

    // MARK: The documentation

    private static let manual = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/operations.md")

    /// The cells of the rows of the tables whose first line of cells begins so.
    private func table(_ head: String) throws -> [[String]] {
        let lines = try String(contentsOf: Self.manual, encoding: .utf8).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        let start = try #require(lines.firstIndex { $0.hasPrefix(head) })
        return lines[lines.index(start, offsetBy: 2)...].prefix { $0.hasPrefix("|") }.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    private func code(_ cell: String) -> [String] {
        cell.matches(of: /`([^`]+)`/).map { String($0.output.1) }
    }

    @Test("The manual's table of settings has each of them: its option, its variable, its place in the file")
    func documented() throws {
        let rows = try table("| option | variable | in the file |").map { $0.prefix(3).map(code) }
        #expect(rows.map { $0[1] } == SettingKey.allCases.map { [$0.variable] })
        #expect(rows.map { $0[2] } == SettingKey.allCases.map { [$0.rawValue] })
        // Options of `serve`, but for help and the version.
        let options = Set(rows.flatMap { $0[0] })
        let help = MailkeepCommand.helpMessage(for: ServeCommand.self, columns: 200)
        let known = help.matches(of: /\n +(--[a-z-]+) </).map { String($0.output.1) }
        #expect(options == Set(known) && options.count > 10)
    }

    @Test("The manual's table of providers' settings has each of them")
    func documentedProviders() throws {
        let rows = try table("| variable (`GOOGLE`").flatMap { code($0[0]) }
        let known = ProviderKey.allCases.map { $0.rawValue.uppercased().replacing(".", with: "_") }
        let named = rows.map { $0.replacing(/MAILKEEP_(GOOGLE|MICROSOFT)_/, with: "") }
        #expect(named.sorted() == known.sorted())
    }
}
