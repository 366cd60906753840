package import Foundation
import Synchronization

/// A program of this package, run as people run it: with arguments, environment and standard input.
package struct ShellProgram: Sendable {
    private let path: String
    private let environment: [String: String]

    /// The program that was built beside the tests that run.
    ///
    /// - Parameter environment: all that it inherits, beside where programs are found.
    package init(_ name: String, environment: [String: String]) throws {
        guard let folder = Bundle.main.executableURL?.deletingLastPathComponent() else {
            throw SystemProgram.Failure(description: "nothing tells where the tests are")
        }
        path = folder.appending(path: name).path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw SystemProgram.Failure(description: "\(path) is not built")
        }
        self.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"].merging(environment) { $1 }
    }

    /// Runs it to its end.
    package func run(_ arguments: [String], input: String = "") async throws -> ShellAnswer {
        try await start(arguments, input: input).answer()
    }

    /// Starts it.
    ///
    /// - Parameters:
    ///   - more: what it inherits this time beside the rest.
    ///   - fault: what goes wrong.
    package func start(
        _ arguments: [String],
        input: String = "",
        environment more: [String: String] = [:],
        under fault: FaultInjection? = nil
    ) throws -> RunningProgram {
        let words = fault.map { $0.arguments + [path] + arguments } ?? arguments
        return try RunningProgram(
            fault == nil ? path : "/usr/bin/strace",
            words,
            environment: environment.merging(more) { $1 },
            input: input
        )
    }
}

/// What a program left when it ended.
package struct ShellAnswer: Sendable, Equatable {
    package let output: Data
    package let errors: Data
    /// The exit status; 128 more than the signal where one ended it.
    package let status: Int32

    package var text: String { String(decoding: output, as: UTF8.self) }
    package var errorText: String { String(decoding: errors, as: UTF8.self) }
}

/// A program that was started, known by its process id.
///
/// It is ended with the last reference to it.
package final class RunningProgram: Sendable {
    private let identifier: pid_t
    private let directory: ServerDirectory
    /// The exit status, once the process id must not be used any more.
    private let ended = Mutex<Int32?>(nil)

    fileprivate init(_ path: String, _ arguments: [String], environment: [String: String], input: String) throws {
        directory = try ServerDirectory()
        try Data(input.utf8).write(to: directory.url.appending(path: "in"))
        let appending = O_WRONLY | O_CREAT | O_APPEND
        let folder = directory.url
        let files = [("in", O_RDONLY), ("out", appending), ("err", appending)]
        let streams = files.enumerated().map { number, file in
            StandardStream(descriptor: CInt(number), path: folder.appending(path: file.0).path, flags: file.1)
        }
        identifier = try spawn(path, arguments, environment: environment, streams: streams)
    }

    deinit {
        signal(SIGKILL)
        if ended.withLock({ $0 }) == nil { waitpid(identifier, nil, 0) }
        directory.remove()
    }

    /// What it has written so far to standard output and to standard error.
    package var output: Data { contents(of: "out") }
    package var errors: Data { contents(of: "err") }

    /// Waits for its end.
    ///
    /// - Parameter limit: it is killed after so long, which is an error.
    package func answer(within limit: Duration = .seconds(120)) async throws -> ShellAnswer {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if let status = status() { return ShellAnswer(output: output, errors: errors, status: status) }
            try await Task.sleep(for: .milliseconds(2))
        }
        kill()
        throw SystemProgram.Failure(description: "still running: \(String(decoding: errors, as: UTF8.self))")
    }

    /// Ends it without a chance to do anything more.
    package func kill() {
        signal(SIGKILL)
    }

    /// Asks it to end.
    package func terminate() {
        signal(SIGTERM)
    }

    /// The exit status; nil while it runs.
    package func status() -> Int32? {
        ended.withLock { ended in
            if let ended { return ended }
            var status: CInt = 0
            guard waitpid(identifier, &status, WNOHANG) == identifier else { return nil }
            ended = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
            return ended
        }
    }

    private func signal(_ number: CInt) {
        ended.withLock { ended in
            if ended == nil { _ = Foundation.kill(identifier, number) }
        }
    }

    private func contents(of name: String) -> Data {
        FileManager.default.contents(atPath: directory.url.appending(path: name).path) ?? Data()
    }
}
