import Synchronization

/// The server's hold on the terminal and files of a command that came through the socket.
final class RemoteConsole: Console {
    let terminal: TerminalInfo
    private let connection: ShellConnection
    private let state = Mutex(State())

    private struct State {
        var number: UInt32 = 0
        var waiting: [UInt32: CheckedContinuation<ShellReply, any Error>] = [:]
        var isClosed = false
    }

    init(connection: ShellConnection, terminal: TerminalInfo) {
        self.connection = connection
        self.terminal = terminal
    }

    func write(_ bytes: [UInt8], to stream: ConsoleStream) async throws {
        for chunk in bytes.chunks(of: InputFile.chunk) {
            try await demand(.write(chunk, stream))
        }
    }

    func readPassword(prompt: String) async throws -> String {
        try await line(.readPassword(prompt: prompt))
    }

    func readStandardInputLine() async throws -> String {
        try await line(.readLine)
    }

    func withInput<Result: Sendable>(
        _ path: String,
        _ body: (ConsoleInput) async throws -> Result
    ) async throws -> Result {
        let file = number()
        defer { tell(.close(file: file)) }
        try await demand(.openInput(file: file, path: path))
        return try await body(
            ConsoleInput {
                guard case .bytes(let bytes) = try await self.ask(.read(file: file)) else {
                    throw ShellError.malformed
                }
                return bytes
            }
        )
    }

    func withOutput<Result: Sendable>(
        _ path: String,
        mode: UInt32,
        _ body: (ConsoleOutput) async throws -> Result
    ) async throws -> Result {
        let file = number()
        defer { tell(.close(file: file)) }
        try await demand(.openOutput(file: file, path: path, mode: mode))
        let result = try await body(
            ConsoleOutput { bytes in
                for chunk in bytes.chunks(of: InputFile.chunk) {
                    try await self.demand(.append(file: file, chunk))
                }
            }
        )
        try await demand(.commit(file: file))
        return result
    }

    /// Takes the reply to a request; one that nobody waits for any more is dropped.
    func receive(_ reply: ShellReply, to number: UInt32) {
        resume(number, .success(reply))
    }

    /// Ends every request, those to come too: the command's process is gone.
    func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for continuation in waiting { continuation.resume(throwing: Self.clientGone) }
    }

    private static var clientGone: ShellError { ShellError(.clientGone, "The command's process went away.") }

    private func line(_ request: ShellRequest) async throws -> String {
        guard case .line(let line) = try await ask(request) else { throw ShellError.malformed }
        return line
    }

    private func demand(_ request: ShellRequest) async throws {
        guard case .done = try await ask(request) else { throw ShellError.malformed }
    }

    /// Sends a request and waits for its reply.
    private func ask(_ request: ShellRequest) async throws -> ShellReply {
        let number = number()
        let reply = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isClosed = state.withLock { state in
                    if !state.isClosed { state.waiting[number] = continuation }
                    return state.isClosed
                }
                guard !isClosed else { return continuation.resume(throwing: Self.clientGone) }
                // Cancelled before there was anything for the handler to resume.
                guard !Task.isCancelled else { return resume(number, .failure(CancellationError())) }
                connection.send(.request(number, request)) { _ in self.resume(number, .failure(Self.clientGone)) }
            }
        } onCancel: {
            resume(number, .failure(CancellationError()))
        }
        if case .failure(let error) = reply { throw error }
        return reply
    }

    private func tell(_ request: ShellRequest) {
        connection.send(.request(number(), request)) { _ in }
    }

    private func number() -> UInt32 {
        state.withLock { state in
            state.number &+= 1
            return state.number
        }
    }

    private func resume(_ number: UInt32, _ result: Result<ShellReply, any Error>) {
        state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(with: result)
    }
}

extension [UInt8] {
    /// The bytes in pieces of at most `size`.
    fileprivate func chunks(of size: Int) -> some Sequence<[UInt8]> {
        stride(from: 0, to: count, by: size).lazy.map { Array(self[$0..<Swift.min($0 + size, self.count)]) }
    }
}
