/// The streams on which a command speaks.
package enum ConsoleStream: UInt8, Sendable, CaseIterable {
    case standardOutput = 1
    case standardError = 2
}

/// The terminal and the files of the person who gave a command.
///
/// A command reads and writes through this alone, so that it runs alike in the process that was
/// started in the shell and in the server that owns the data directory. Paths are the person's:
/// relative ones start at their working directory, and their permissions hold. Every function
/// throws ``ShellError``, or `CancellationError` when the command was cancelled.
package protocol Console: Sendable {
    /// What is known of the terminal and of who sits there.
    var terminal: TerminalInfo { get }

    /// Writes all of `bytes`, and returns when they have been handed to the stream.
    func write(_ bytes: [UInt8], to stream: ConsoleStream) async throws

    /// Asks for a secret at the terminal, without echo.
    ///
    /// Throws `noTerminal` where there is none: scripts use ``readStandardInputLine()``.
    func readPassword(prompt: String) async throws -> String

    /// The next line of standard input, without its line end (`--password-stdin`).
    func readStandardInputLine() async throws -> String

    /// Opens a file for the time of `body`.
    func withInput<Result: Sendable>(
        _ path: String,
        _ body: (ConsoleInput) async throws -> Result
    ) async throws -> Result

    /// Writes a new file, whole or not at all.
    ///
    /// The bytes go to a temporary file beside `path`, which takes its name and `mode` when `body`
    /// returns and is removed when it throws. A file that is there already is not overwritten: throws
    /// `exists`. What is not a regular file (a pipe, a device) is written as it comes.
    func withOutput<Result: Sendable>(
        _ path: String,
        mode: UInt32,
        _ body: (ConsoleOutput) async throws -> Result
    ) async throws -> Result
}

extension Console {
    /// Writes text as UTF-8.
    package func write(_ text: String, to stream: ConsoleStream = .standardOutput) async throws {
        try await write(Array(text.utf8), to: stream)
    }

    /// The whole of a file of at most `limit` bytes; throws `tooLarge` for a larger one.
    package func readFile(_ path: String, limit: Int) async throws -> [UInt8] {
        try await withInput(path) { input in
            var bytes: [UInt8] = []
            for try await chunk in input {
                guard chunk.count <= limit - bytes.count else {
                    throw ShellError(.tooLarge, path: path, "\(path) is larger than \(limit) bytes.")
                }
                bytes += chunk
            }
            return bytes
        }
    }

    /// Writes a new file that only its owner may read, whole or not at all; `-` names standard output.
    package func withOutput<Result: Sendable>(
        _ path: String,
        _ body: (ConsoleOutput) async throws -> Result
    ) async throws -> Result {
        guard path != "-" else { return try await body(ConsoleOutput { try await write($0, to: .standardOutput) }) }
        return try await withOutput(path, mode: 0o600, body)
    }
}

/// The chunks of a file being read, each not empty and at most 256 KiB; the next is read when asked for.
package struct ConsoleInput: AsyncSequence, Sendable {
    private let read: @Sendable () async throws -> [UInt8]

    /// `read` gives the next bytes, none at the file's end.
    init(read: @escaping @Sendable () async throws -> [UInt8]) {
        self.read = read
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let read: @Sendable () async throws -> [UInt8]

        package mutating func next() async throws -> [UInt8]? {
            let bytes = try await read()
            return bytes.isEmpty ? nil : bytes
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(read: read)
    }
}

/// A file being written.
package struct ConsoleOutput: Sendable {
    private let append: @Sendable ([UInt8]) async throws -> Void

    init(append: @escaping @Sendable ([UInt8]) async throws -> Void) {
        self.append = append
    }

    /// Appends `bytes`, of any number, and returns when they are in the file.
    package func write(_ bytes: [UInt8]) async throws {
        try await append(bytes)
    }
}
