import Synchronization

/// What a command's process does for the server that runs the command: its terminal and its files.
///
/// The server reaches only files that the command line names.
final class ShellSession: Sendable {
    private let console: LocalConsole
    private let named: Set<Substring>
    private let files = Mutex<[UInt32: File]>([:])

    private enum File: Sendable {
        case input(InputFile)
        case output(OutputFile)
    }

    init(console: LocalConsole, arguments: [String]) {
        self.console = console
        named = Set(
            arguments.flatMap { argument in
                // `--option PATH` and `--option=PATH`
                [argument[...]] + (argument.firstIndex(of: "=").map { [argument[argument.index(after: $0)...]] } ?? [])
            }
        )
    }

    /// Does what is asked, and says how it went.
    func reply(to request: ShellRequest) async -> ShellReply {
        do {
            return try await perform(request)
        } catch let error as ShellError {
            return .failure(error)
        } catch {
            return .failure(ShellError(.clientGone, "The command was cancelled."))
        }
    }

    private func perform(_ request: ShellRequest) async throws -> ShellReply {
        switch request {
        case .write(let bytes, let stream):
            try await console.write(bytes, to: stream)
        case .readPassword(let prompt):
            return .line(try await console.readPassword(prompt: prompt))
        case .readLine:
            return .line(try await console.readStandardInputLine())
        case .openInput(let file, let path):
            try check(path)
            let input = try await BlockingCall.run { _ in try InputFile(path: path) }
            files.withLock { $0[file] = .input(input) }
        case .read(let file):
            guard case .input(let input) = files.withLock({ $0[file] }) else { throw ShellError.malformed }
            return .bytes(try await BlockingCall.run { try input.read($0) })
        case .openOutput(let file, let path, let mode):
            try check(path)
            let output = try await BlockingCall.run { _ in try OutputFile(path: path, mode: mode) }
            files.withLock { $0[file] = .output(output) }
        case .append(let file, let bytes):
            guard case .output(let output) = files.withLock({ $0[file] }) else { throw ShellError.malformed }
            try await BlockingCall.run { try output.write(bytes, $0) }
        case .commit(let file):
            guard case .output(let output) = files.withLock({ $0[file] }) else { throw ShellError.malformed }
            try await BlockingCall.run { _ in try output.commit() }
        case .close(let file):
            _ = files.withLock { $0.removeValue(forKey: file) }
        }
        return .done
    }

    private func check(_ path: String) throws {
        guard named.contains(path[...]) else {
            throw ShellError(.notNamed, path: path, "The server asked for \(path), which the command does not name.")
        }
    }
}
