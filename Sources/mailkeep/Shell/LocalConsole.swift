import Glibc

/// The terminal and files of this very process.
package struct LocalConsole: Console {
    package let terminal: TerminalInfo
    private let standardInput: Int32
    private let standardOutput: Int32
    private let standardError: Int32
    private let terminalPath: String

    /// The process's standard streams and controlling terminal, unless told otherwise.
    ///
    /// From here on a write to a closed pipe is an error (`outputClosed`) and no longer a signal, so that
    /// files half written are removed.
    package init(
        standardInput: Int32 = 0,
        standardOutput: Int32 = 1,
        standardError: Int32 = 2,
        terminalPath: String = "/dev/tty"
    ) {
        signal(SIGPIPE, SIG_IGN)
        terminal = .current(standardOutput: standardOutput, standardError: standardError)
        self.standardInput = standardInput
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.terminalPath = terminalPath
    }

    package func write(_ bytes: [UInt8], to stream: ConsoleStream) async throws {
        let (descriptor, name) =
            switch stream {
            case .standardOutput: (standardOutput, "standard output")
            case .standardError: (standardError, "standard error")
            }
        try await BlockingCall.run { try BlockingCall.write(bytes, to: descriptor, path: name, $0) }
    }

    package func readPassword(prompt: String) async throws -> String {
        let path = terminalPath
        return try await BlockingCall.run { try HiddenLine.read(prompt: prompt, terminal: path, $0) }
    }

    package func readStandardInputLine() async throws -> String {
        let descriptor = standardInput
        return try await BlockingCall.run { try BlockingCall.readLine(descriptor, path: "standard input", $0) }
    }

    package func withInput<Result: Sendable>(
        _ path: String,
        _ body: (ConsoleInput) async throws -> Result
    ) async throws -> Result {
        let descriptor = standardInput
        let file = try await BlockingCall.run { _ in try InputFile(path: path, standardInput: descriptor) }
        return try await body(ConsoleInput { try await BlockingCall.run { try file.read($0) } })
    }

    package func withOutput<Result: Sendable>(
        _ path: String,
        mode: UInt32,
        _ body: (ConsoleOutput) async throws -> Result
    ) async throws -> Result {
        let file = try await BlockingCall.run { _ in try OutputFile(path: path, mode: mode) }
        defer { file.discard() }
        let result = try await body(
            ConsoleOutput { bytes in try await BlockingCall.run { try file.write(bytes, $0) } }
        )
        try await BlockingCall.run { _ in try file.commit() }
        return result
    }
}
