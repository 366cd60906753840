import Foundation
import MailkeepModel
import Synchronization
import TestSupport
import Testing

/// An organisation of one test's own, used as people use it: from the shell, with a server or without.
///
/// Ada is its administrator. Hana owns the record of Taro, a customer; it is shared with Kei and stands below Mori in
/// the hierarchy of roles. Sota has nothing to do with it. Yamada is the leaver.
final class Workplace: Sendable {
    enum Person: String, CaseIterable {
        case ada = "ada@sakura.example"
        case ben = "ben@sakura.example"
        /// An administrator of another domain.
        case eve = "eve@other.example"
        case leaver = "yamada@sakura.example"
        case owner = "hana@sakura.example"
        case sharer = "kei@sakura.example"
        case superior = "mori@sakura.example"
        case stranger = "sota@sakura.example"
    }

    let folder: String
    let data: String
    let language: MailkeepModel.Locale
    private let hasServer: Bool
    private let shell: ShellProgram
    private let server = Mutex<RunningProgram?>(nil)
    private let listening = Mutex(0)

    /// The port of the pages of the server that was started last, its process, and what it has written to its log so far.
    var port: Int { listening.withLock { $0 } }
    var serverProcess: Int? {
        (try? String(contentsOfFile: data + "/lock", encoding: .utf8))?.split(whereSeparator: { " \n".contains($0) })
            .last.flatMap { Int($0) }
    }
    var serverLog: Data { server.withLock { $0 }?.errors ?? Data() }

    /// A password of a user of Mailkeep itself.
    static let password = "korrekt Pferd 74-Batterie"
    static let customer = "taro@customer.example"

    init(_ language: MailkeepModel.Locale = .english, hasServer: Bool = false, log: String? = nil) async throws {
        self.language = language
        self.hasServer = hasServer
        folder = NSTemporaryDirectory() + "workplace-\(UUID().uuidString.prefix(8))"
        data = folder + "/data"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try "{}".write(toFile: folder + "/settings.json", atomically: false, encoding: .utf8)
        shell = try ShellProgram(
            "mailkeep",
            environment: [
                "MAILKEEP_DATA": data, "MAILKEEP_CONFIG": folder + "/settings.json",
                "MAILKEEP_LOG_LEVEL": log ?? (hasServer ? "info" : "warning"), "HOME": folder,
            ]
        )
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// The data directories of organisations that were founded, which are copied: `init` alone takes seconds, as it hashes
    /// a password with a program that is not optimised.
    private static let founded = Mutex<[MailkeepModel.Locale: Task<Workplace, any Error>]>([:])

    /// Starts an organisation with its people, and the customer's record.
    ///
    /// - Parameter isCopied: whether it may have the keys that others have.
    func found(isCopied: Bool = true) async throws {
        guard isCopied else { return try await foundAnew() }
        let original = Self.founded.withLock { [language] founded in
            if let known = founded[language] { return known }
            let task = Task {
                let work = try await Workplace(language)
                TemporaryFolders.removeAtExit(work.folder)
                try await work.foundAnew()
                return work
            }
            founded[language] = task
            return task
        }
        try await FileManager.default.copyItem(atPath: original.value.data, toPath: data)
        if hasServer { try await startServer() }
    }

    private func foundAnew() async throws {
        let line = "init --admin-email \(Person.ada.rawValue) --admin-name Ada --locale \(language.rawValue)"
        try await run(line, ["--organization", "さくら商事", "--password-stdin"], input: Self.password).expectDone()
        if hasServer { try await startServer() }
        try await load("roles", ["Name,Reports To", "CEO,", "Manager,CEO", "Sales,Manager", "Support,CEO"])
        try await load(
            "users",
            [
                "Email,Name,Role,Profile,Status", "\(Person.ben.rawValue),Ben,,Administrator,active",
                "\(Person.eve.rawValue),Eve,,Administrator,active",
                "\(Person.leaver.rawValue),山田太郎,Sales,Standard,active",
                "\(Person.owner.rawValue),Hana,Sales,Standard,active",
                "\(Person.sharer.rawValue),Kei,Support,Standard,active",
                "\(Person.superior.rawValue),Mori,Manager,Standard,active",
                "\(Person.stranger.rawValue),Sota,Sales,Standard,active",
            ]
        )
        try await loadContacts(["12,\(Person.owner.rawValue),Taro,\(Self.customer),\(Person.sharer.rawValue)"])
    }

    /// Runs a command to its end.
    ///
    /// - Parameters:
    ///   - line: its words, separated by spaces.
    ///   - more: words that may hold spaces.
    ///   - person: as whom it acts.
    ///   - step: the durable step at which it is killed.
    ///   - fault: a system call that goes wrong.
    @discardableResult
    func run(
        _ line: String,
        _ more: [String] = [],
        as person: Person? = nil,
        json: Bool = false,
        input: String = "",
        crashAt step: Int? = nil,
        under fault: FaultInjection? = nil
    ) async throws -> ShellAnswer {
        try await start(line, more, as: person, json: json, input: input, crashAt: step, under: fault).answer()
    }

    /// Starts a command.
    func start(
        _ line: String,
        _ more: [String] = [],
        as person: Person? = nil,
        json: Bool = false,
        input: String = "",
        environment: [String: String] = [:],
        crashAt step: Int? = nil,
        under fault: FaultInjection? = nil
    ) throws -> RunningProgram {
        var words = line.split(separator: " ").map(String.init) + more
        if let person { words += ["--as", person.rawValue] }
        if json { words.append("--json") }
        var environment = environment
        if let step { environment["MAILKEEP_CRASH_AT"] = "\(step)" }
        return try shell.start(words, input: input + "\n", environment: environment, under: fault)
    }

    /// Runs a command that prints a document.
    func read<Document: Decodable>(
        _ type: Document.Type,
        _ line: String,
        as person: Person = .ada,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Document {
        let answer = try await run(line, as: person, json: true).expectDone(sourceLocation: sourceLocation)
        return try JSONDecoder().decode(Document.self, from: answer.output)
    }

    /// Imports lines of CSV.
    @discardableResult
    func load(_ what: String, _ lines: [String], as person: Person = .ada) async throws -> ShellAnswer {
        let file = folder + "/import.csv"
        try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: false, encoding: .utf8)
        return try await run("import \(what) \(file)", as: person).expectDone()
    }

    /// Imports contacts, each as `id,owner,name,address,shared with`.
    func loadContacts(_ lines: [String]) async throws {
        try await load("records --module Contacts", ["Id,Owner,Name,Email,Shared With"] + lines)
    }

    // MARK: The server

    /// Starts `serve` and waits until commands go through it.
    ///
    /// - Parameters:
    ///   - interval: seconds between two synchronisations of a mailbox.
    ///   - network: of mail servers that it may reach.
    ///   - fault: a system call that goes wrong in it.
    ///   - environment: variables beside the usual.
    func startServer(
        syncInterval interval: Int = 86_400,
        allowing network: String? = "127.0.0.0/8",
        under fault: FaultInjection? = nil,
        environment: [String: String] = [:]
    ) async throws {
        let reach = network.map { " --allow-mail-network \($0)" } ?? ""
        let port = try LoopbackPorts.free(1)[0]
        listening.withLock { $0 = port }
        let line = "serve --port \(port) --sync-interval \(interval)\(reach)"
        let started = try start(line, environment: environment, under: fault)
        server.withLock { $0 = started }
        for _ in 0..<12_000 {
            if FileManager.default.fileExists(atPath: data + "/run.sock"),
                String(decoding: started.errors, as: UTF8.self).contains("serving pages")
            {
                return
            }
            try #require(started.status() == nil, "the server ended")
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("the server did not start")
    }

    /// Waits until something is so.
    func wait(
        sourceLocation: SourceLocation = #_sourceLocation,
        until isSo: () async throws -> Bool
    ) async throws {
        for _ in 0..<1200 {
            if try await isSo() { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("it did not come about", sourceLocation: sourceLocation)
    }

    /// Ends the server without a chance to do anything more.
    func killServer() async throws {
        guard let running = server.withLock({ $0.take() }) else { return }
        running.kill()
        _ = try await running.answer()
    }

    /// Ends the server as it should be ended; what it has written to its log.
    @discardableResult
    func stopServer() async throws -> String {
        guard let running = server.withLock({ $0.take() }) else { return "" }
        running.terminate()
        let answer = try await running.answer(within: .seconds(120))
        #expect(answer.status == 0, "\(answer.errorText)")
        #expect(answer.output.isEmpty)
        return answer.errorText
    }
}

/// Founds an organisation, works in it, and ends its server.
func withWorkplace(
    _ language: MailkeepModel.Locale = .english,
    hasServer: Bool = false,
    log: String? = nil,
    _ body: (Workplace) async throws -> Void
) async throws {
    let work = try await Workplace(language, hasServer: hasServer, log: log)
    try await work.found()
    try await body(work)
    try await work.stopServer()
}
