import Foundation
import Logging
import MailkeepApp
import MailkeepKeys
import MailkeepModel
import Synchronization

/// Where a command finds Mailkeep.
protocol Host: Sendable {
    var settings: Settings { get }

    /// Lends Mailkeep for the time of `body`.
    ///
    /// - Parameter location: what the command names.
    func withMailkeep<Result: Sendable>(
        at location: DataOption,
        _ body: @Sendable (Mailkeep) async throws -> Result
    ) async throws -> Result

    /// The master key, where it is given from outside; nil where it is in a file.
    func masterKey(_ location: DataOption) throws -> MasterKey?

    /// Has a job worked on and waits for its end, or until it rests.
    ///
    /// - Parameter wait: without a server the job is worked on here in any case.
    func finish(_ job: JobID, in mailkeep: Mailkeep, wait: Bool) async throws

    /// Whether jobs that wait are taken up by themselves.
    var takesUpJobs: Bool { get }
}

/// The process of a shell command: it takes the data directory for as long as the command lasts.
struct LocalHost: Host {
    let settings: Settings
    private let reader = MasterKeyReader()
    var takesUpJobs: Bool { false }

    init(settings: Settings) {
        self.settings = settings
    }

    func masterKey(_ location: DataOption) throws -> MasterKey? {
        try (location.masterKeyCommand.map(MasterKeySource.command) ?? settings.masterKey).map(reader.read)
    }

    func withMailkeep<Result: Sendable>(
        at location: DataOption,
        _ body: @Sendable (Mailkeep) async throws -> Result
    ) async throws -> Result {
        guard let path = location.data ?? settings.data else { throw UsageError.noData }
        let masterKey = try masterKey(location)
        let directory = try await DataDirectory.open(at: path)
        let logger = Logger(label: "mailkeep")
        let mailkeep = try await Mailkeep.open(
            directory,
            masterKey: masterKey,
            permissions: try settings.permissions(),
            providers: settings.providers,
            logger: logger
        )
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(mailkeep)) } catch { result = .failure(error) }
        mailkeep.close(telling: logger)
        return try result.get()
    }

    func finish(_ job: JobID, in mailkeep: Mailkeep, wait: Bool) async throws {
        try await mailkeep.finish(job)
    }
}

/// Reads the master key once: what comes of it, an error too, holds for the whole command.
private final class MasterKeyReader: Sendable {
    private let key = Mutex<Swift.Result<MasterKey, any Error>?>(nil)

    func read(_ source: MasterKeySource) throws -> MasterKey {
        try key.withLock { key in
            let read = key ?? Swift.Result { try source.read() }
            key = read
            return try read.get()
        }
    }
}

/// What a command has at hand.
struct CommandContext: Sendable {
    let console: any Console
    let host: any Host

    /// Acts as the user whom the command names.
    func withSession(
        _ options: CommonOptions,
        _ body: @escaping @Sendable (Session) async throws -> Void
    ) async throws {
        try await host.withMailkeep(at: options.location) { mailkeep in
            let user = try await mailkeep.user(email: options.actingUser)
            let terminal = console.terminal
            let session = Session(
                mailkeep: mailkeep,
                caller: Caller(
                    user: user.id,
                    origin: "shell \(terminal.userName)(\(terminal.userID))",
                    isOfMachine: true
                ),
                locale: user.locale,
                isJSON: options.json,
                console: console,
                host: host
            )
            try await body(session)
        }
    }

    /// The language of the person whom a command names, else of the terminal.
    func locale(of command: any ServedCommand) async -> MailkeepModel.Locale {
        guard let options = (command as? any ShellCommand)?.common else { return console.locale }
        let user = try? await host.withMailkeep(at: options.location) {
            try await $0.user(email: options.actingUser)
        }
        return user?.locale ?? console.locale
    }
}

/// A command at work as somebody.
struct Session: Sendable {
    let mailkeep: Mailkeep
    let caller: Caller
    let locale: MailkeepModel.Locale
    let isJSON: Bool
    let console: any Console
    let host: any Host

    var wording: Wording { Wording(locale: locale) }

    /// Does what a use case says, as the caller.
    func perform<Action: UseCase>(_ action: Action) async throws -> Action.Output {
        try await mailkeep.perform(action, as: caller)
    }

    /// The id of a user whom the command names.
    func user(_ option: UserOption) async throws -> UserID {
        try await user(email: option.user)
    }

    /// The id of the user with an address.
    func user(email: String) async throws -> UserID {
        try await mailkeep.user(named: email, for: caller)
    }

    /// Prints a JSON document, or text for a person.
    func print(_ document: some Encodable, text: @autoclosure () -> String) async throws {
        if isJSON {
            try await console.write(String(decoding: JSONEncoder.document.encode(document), as: UTF8.self) + "\n")
        } else {
            try await console.write(text() + "\n")
        }
    }

    /// Tells the person something beside the output.
    func note(_ text: String) async throws {
        try await console.write(text + "\n", to: .standardError)
    }
}

extension JSONEncoder {
    /// One document for people and programs alike.
    static var document: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}

extension Mailkeep {
    /// Ends what a command had of it; where the database cannot be closed in order, the log says so.
    ///
    /// What was done is durable in the database's log, which whoever opens it next empties.
    func close(telling logger: Logger) {
        do {
            try close()
        } catch {
            logger.warning("the database was not closed in order", metadata: ["error": "\(error)"])
        }
    }
}
