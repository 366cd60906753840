import ArgumentParser
import CMalloc
import Glibc
import Logging
import MailkeepApp
import MailkeepKeys
import MailkeepModel
import UnixSignals

/// Runs a command: in the server that owns the data directory if there is one, otherwise here.
enum Program {
    /// Runs this process's command and ends the process with its exit status.
    static func run(_ arguments: [String]) async -> Never {
        // One for each thread would keep what the others have given back: some 8 MB of a first backup.
        mallopt(M_ARENA_MAX, 4)
        let masterKey = MasterKeySource.takeVariable()
        let console = LocalConsole()
        // `serve` stops gracefully by itself; any other command is cancelled, so that it leaves nothing half done.
        guard arguments.first != "serve" else { exit(await status(of: arguments, masterKey, console)) }
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let ended = await withTaskGroup(of: Int32?.self) { group in
            group.addTask { await status(of: arguments, masterKey, console) }
            group.addTask {
                for await _ in signals { return nil }
                return nil
            }
            defer { group.cancelAll() }
            if case .some(.some(let status)) = await group.next() { return status }
            // The command's own task is cancelled, and can tell nobody any more.
            let wording = Wording(locale: console.locale)
            try? await console.write("mailkeep: \(wording.text(.usageInterrupted))\n", to: .standardError)
            group.cancelAll()
            if case .some(.some(let status)) = await group.next() { return status }
            return ExitStatus.failed
        }
        exit(ended)
    }

    private static func status(
        of arguments: [String],
        _ masterKey: [UInt8]?,
        _ console: LocalConsole
    ) async -> Int32 {
        let settings: Settings
        do {
            settings = try await Settings.read(masterKey: masterKey)
        } catch {
            return await Failure(error, in: console.locale).report(on: console, json: false)
        }
        let parsed = try? MailkeepCommand.parseAsRoot(arguments)
        beginLog(of: parsed, settings)
        guard let command = parsed as? any ServedCommand, let data = command.location.data ?? settings.data
        else {
            return await execute(arguments, console: console, host: LocalHost(settings: settings))
        }
        do {
            let socket = DataDirectory.socket(at: data)
            // The server has settings of its own: what this command may reach by its environment goes along.
            let reach = command is any Reaching ? settings.reachArguments : []
            let status = try await ShellClient.run(
                arguments + reach,
                socket: socket,
                version: MailkeepCommand.version,
                console: console
            )
            if let status { return status }
        } catch {
            return await Failure(error, in: console.locale).report(on: console, json: command.isJSON)
        }
        return await execute(arguments, console: console, host: LocalHost(settings: settings))
    }

    /// A command tells its person what it does; `serve` has only its log.
    private static func beginLog(of command: (any ParsableCommand)?, _ settings: Settings) {
        let serve = command as? ServeCommand
        let level = settings.logLevel ?? (serve == nil ? .warning : .info)
        let format = serve?.logFormat ?? settings.logFormat
        LoggingSystem.bootstrap { _ in LineLogHandler(logLevel: level, format: format) }
    }

    /// Parses and runs a command with `console` as its terminal; what goes wrong is told there.
    static func execute(_ arguments: [String], console: any Console, host: any Host) async -> Int32 {
        let parsed: any ParsableCommand
        do {
            parsed = try MailkeepCommand.parseAsRoot(arguments)
        } catch {
            return await report(error, console)
        }
        switch parsed {
        case let command as any ServedCommand:
            let context = CommandContext(console: console, host: host)
            do {
                try await command.run(in: context)
                return 0
            } catch let status as ExitCode {
                return status.rawValue
            } catch {
                let locale = await context.locale(of: command)
                return await Failure(error, in: locale).report(on: console, json: command.isJSON)
            }
        case let command as any LocalCommand:
            do {
                try await command.run(console: console, host: host)
                return 0
            } catch let status as ExitCode {
                return status.rawValue
            } catch {
                return await Failure(error, in: console.locale).report(on: console, json: command.isJSON)
            }
        default:
            // Help, or a command that only groups others: running it throws what is to be told.
            var group = parsed
            do {
                try group.run()
                return 0
            } catch {
                return await report(error, console)
            }
        }
    }

    /// Help, the version, or what is wrong with the command line.
    private static func report(_ error: any Error, _ console: any Console) async -> Int32 {
        let status = MailkeepCommand.exitCode(for: error).rawValue
        let text = MailkeepCommand.fullMessage(for: error)
        try? await console.write(text + "\n", to: status == 0 ? .standardOutput : .standardError)
        return status
    }
}

/// A command that works on a data directory: in the server that owns it, if there is one, else here.
protocol ServedCommand: ParsableCommand {
    var location: DataOption { get }
    var isJSON: Bool { get }

    /// - Throws: what `Failure` can tell a person.
    func run(in context: CommandContext) async throws
}

/// A command that acts as somebody.
protocol ShellCommand: ServedCommand {
    var common: CommonOptions { get }
}

extension ShellCommand {
    var location: DataOption { common.location }
    var isJSON: Bool { common.json }
}

/// What connects to mail servers or reads mail files, or stores where to.
protocol Reaching {
    var reach: ReachOptions { get }
}

/// A command that reads mail, or stores where to read it.
protocol ReachingCommand: ShellCommand, Reaching {}

/// A command about the process or the directory itself, always run where it was given.
protocol LocalCommand: ParsableCommand {
    func run(console: any Console, host: any Host) async throws

    /// Whether errors are told as documents, too.
    var isJSON: Bool { get }
}

extension LocalCommand {
    var isJSON: Bool { false }
}

extension Console {
    /// The terminal's language.
    var locale: MailkeepModel.Locale { terminal.locale ?? .english }
}
