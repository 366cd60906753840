import Foundation
import GRDB
import TestSupport
import Testing

extension Workplace {
    /// A mailbox on a server, as its owner describes it.
    struct Mailbox: Sendable {
        var host = "localhost"
        var port: Int
        var security = "tls"
        var username = "yamada"
        var password = "Sommer-2024!x"
        var certificate: String?
        var sharing = "record_level"

        /// The leaver's mailbox on a Dovecot.
        init(on server: DovecotServer) {
            port = server.imapsPort
            certificate = server.certificatePath
        }

        init(port: Int) {
            self.port = port
        }

        /// The mailbox's owner as the mail server knows them.
        static let account = DovecotServer.User("yamada", password: "Sommer-2024!x")
    }

    static let network = "--allow-mail-network 127.0.0.0/8"

    /// A person saves their own mail add-on settings.
    func save(_ mailbox: Mailbox, of person: Person = .leaver, json: Bool = false) async throws -> ShellAnswer {
        var line = "mailbox set --user \(person.rawValue) --account-type imap --address \(person.rawValue)"
        line += " --host \(mailbox.host) --port \(mailbox.port) --security \(mailbox.security)"
        line += " --username \(mailbox.username) --password-stdin --sharing \(mailbox.sharing) \(Self.network)"
        if let certificate = mailbox.certificate { line += " --ca-file \(certificate)" }
        return try await run(line, as: person, json: json, input: mailbox.password)
    }

    /// What a person sees of the customer's mail; nil where the record is not there for them.
    func emails(
        of record: String = "12",
        seenBy person: Person,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [Email]? {
        let answer = try await run("records emails --module Contacts --id \(record)", as: person, json: true)
        guard answer.status != 77 else { return nil }
        try answer.expectDone(sourceLocation: sourceLocation)
        return try JSONDecoder().decode(Emails.self, from: answer.output).Emails
    }

    /// The exact bytes of a message, as a person reads them.
    func bytes(of email: Email, on record: String = "12", seenBy person: Person) async throws -> [UInt8] {
        let line = "records email --module Contacts --id \(record) --message \(email.message_id)"
        return Array(try await run(line, as: person).expectDone().output)
    }

    /// A backup with its folders.
    func backup(_ id: String) async throws -> Backup {
        try #require(try await read(Backups.self, "backup show \(id)").backups.first)
    }

    /// A completed backup's manifest.
    func manifest(of id: String) async throws -> Manifest {
        let answer = try await run("backup manifest \(id)", as: .ada).expectDone()
        return try JSONDecoder().decode(Manifest.self, from: answer.output)
    }

    /// The mails of a backup as an export has them: one for each folder that held it.
    func export(_ id: String) async throws -> [[UInt8]] {
        let archive = "\(folder)/export-\(id).zip"
        try await run("backup export \(id) --format eml_zip --output \(archive)", as: .ada).expectDone()
        let target = "\(folder)/export-\(id)"
        try SystemProgram.run("unzip", ["-q", archive, "-d", target])
        let files = FileManager.default.enumerator(atPath: target)?.compactMap { $0 as? String } ?? []
        return try files.filter { $0.hasSuffix(".eml") }.map {
            Array(try Data(contentsOf: URL(filePath: "\(target)/\($0)")))
        }
    }

    /// How many rows a table of the database has; `table` may go on with WHERE.
    ///
    /// - Parameter directory: another data directory than the organisation's own.
    func count(_ table: String, in directory: String? = nil) throws -> Int {
        var configuration = Configuration()
        configuration.readonly = true
        return try DatabaseQueue(path: (directory ?? data) + "/mailkeep.sqlite", configuration: configuration).read {
            try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM \(table)") ?? 0
        }
    }

    /// Deactivates the leaver, without a backup.
    func deactivate(_ person: Person = .leaver) async throws {
        try await run("user deactivate --user \(person.rawValue)", as: .ada).expectDone()
    }

    /// Backs up the leaver's data and waits for it.
    func backUp(
        _ kind: String = "start",
        of person: Person = .leaver,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Backup {
        let line = "backup \(kind) --user \(person.rawValue) --wait \(Self.network)"
        let answer = try await run(line, as: .ada, json: true).expectDone(sourceLocation: sourceLocation)
        return try #require(try JSONDecoder().decode(Actions.self, from: answer.output).all.first?.details.backup)
    }
}
