import Foundation
import Glibc
import Logging
import ServiceLifecycle
import TestSupport
import Testing

@testable import mailkeep

@Suite("The socket between command and server")
struct ShellSocketTests {
    private let shell: ShellFixture

    init() throws {
        shell = try ShellFixture()
    }

    @Test("A command whose process goes away is cancelled")
    func disconnect() async throws {
        let (events, event) = AsyncStream.makeStream(of: String.self)
        try await shell.withServer { _, console in
            event.yield("started")
            // Waits for the terminal: input that never comes.
            await #expect(throws: (any Error).self) { try await console.readStandardInputLine() }
            event.yield(Task.isCancelled ? "cancelled" : "not cancelled")
            await #expect(throws: (any Error).self) { try await console.write("more") }
            return 0
        } run: {
            let (reading, writing) = try Descriptors.pipe()
            defer { for end in [reading, writing] { close(end) } }
            var iterator = events.makeAsyncIterator()
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let console = LocalConsole(standardInput: reading)
                    _ = try await ShellClient.run([], socket: shell.socket, version: "1", console: console)
                }
                #expect(await iterator.next() == "started")
                group.cancelAll()
                await #expect(throws: CancellationError.self) { try await group.waitForAll() }
            }
            #expect(await iterator.next() == "cancelled")
        }
    }

    @Test("A command that does not look at its console is cancelled too")
    func silentDisconnect() async throws {
        let (events, event) = AsyncStream.makeStream(of: String.self)
        try await shell.withServer { _, _ in
            event.yield("started")
            try? await Task.sleep(for: .seconds(3600))
            event.yield("ended")
            return 0
        } run: {
            var iterator = events.makeAsyncIterator()
            let descriptor = try await shell.connect()
            try ShellFixture.send([.hello(version: "1"), .command([], .current())], to: descriptor)
            #expect(await iterator.next() == "started")
            close(descriptor)
            #expect(await iterator.next() == "ended")
        }
    }

    @Test("When the server stops, the open command is cancelled and its process is told")
    func shutdown() async throws {
        let (events, event) = AsyncStream.makeStream(of: String.self)
        let server = ShellServer(path: shell.socket, version: "1", logger: Logger(label: "test")) { _, _ in
            event.yield("started")
            try? await Task.sleep(for: .seconds(3600))
            return 1
        }
        let services = ServiceGroup(services: [server], logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            try await shell.waitForSocket()
            group.addTask {
                await #expect(throws: ShellError(.serverStopped, "")) {
                    try await ShellClient.run([], socket: shell.socket, version: "1", console: LocalConsole())
                }
            }
            var iterator = events.makeAsyncIterator()
            #expect(await iterator.next() == "started")
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
        #expect(!FileManager.default.fileExists(atPath: shell.socket))
        #expect(try await ShellClient.run([], socket: shell.socket, version: "1", console: LocalConsole()) == nil)
    }

    @Test("Another version is refused in words, and its command is not run")
    func otherVersion() async throws {
        try await shell.withServer { _, _ in
            Issue.record("ran")
            return 0
        } run: {
            let error = await #expect(throws: ShellError.self) {
                try await ShellClient.run(["x"], socket: shell.socket, version: "2", console: LocalConsole())
            }
            #expect(error?.code == .otherVersion)
            #expect(error?.message.contains("Mailkeep 1, this command is 2") == true)
        }
    }

    @Test("The socket is its owner's alone")
    func mode() async throws {
        try await shell.withServer { _, _ in
            0
        } run: {
            var status = stat()
            #expect(stat(shell.socket, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
        }
    }

    @Test("A directory with a long path has a socket as well")
    func longPath() async throws {
        let deep =
            shell.folder + "/" + [String](repeating: String(repeating: "d", count: 60), count: 5).joined(separator: "/")
        try FileManager.default.createDirectory(atPath: deep, withIntermediateDirectories: true)
        let path = deep + "/run.sock"
        #expect(try await ShellClient.run([], socket: path, version: "1", console: LocalConsole()) == nil)
        let status = try await shell.withServer(at: path) { _, _ in
            5
        } run: {
            try await ShellClient.run([], socket: path, version: "1", console: LocalConsole())
        }
        #expect(status == 5)
        let absent = shell.folder + "/" + String(repeating: "a", count: 120) + "/run.sock"
        #expect(try await ShellClient.run([], socket: absent, version: "1", console: LocalConsole()) == nil)
    }

    @Test("A dead server's socket is no obstacle, for commands and for the next server")
    func stale() async throws {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        try ShellFixture.withAddress(shell.socket) { try #require(bind(descriptor, $0, $1) == 0) }
        close(descriptor)
        #expect(FileManager.default.fileExists(atPath: shell.socket))
        #expect(try await ShellClient.run([], socket: shell.socket, version: "1", console: LocalConsole()) == nil)
        let status = try await shell.withServer { _, _ in
            5
        } run: {
            // The dead server's socket may still be seen for a moment.
            for _ in 0..<12_000 {
                if let status = try await ShellClient.run(
                    [],
                    socket: shell.socket,
                    version: "1",
                    console: LocalConsole()
                ) {
                    return status
                }
                try await Task.sleep(for: .milliseconds(5))
            }
            return 1
        }
        #expect(status == 5)
    }

    @Test("Without a socket there is no server")
    func absent() async throws {
        #expect(try await ShellClient.run([], socket: shell.socket, version: "1", console: LocalConsole()) == nil)
    }

    @Test("A server goes on serving whatever garbage comes")
    func garbage() async throws {
        try await shell.withServer { arguments, console in
            _ = try? await console.readStandardInputLine()
            return 5
        } run: {
            var random = SeededRandom(seed: 42)
            for number in 0..<1000 {
                let descriptor = try await shell.connect()
                // Past the greeting in two of three.
                if number % 3 > 0 { try ShellFixture.send([.hello(version: "1")], to: descriptor) }
                if number % 3 > 1 { try ShellFixture.send([.command(["x"], .current())], to: descriptor) }
                let bytes = ShellFrameTests.mutation(&random)
                _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
                close(descriptor)
            }
            let input = try Descriptors.reading("line\n".utf8)
            defer { close(input) }
            let console = LocalConsole(standardInput: input)
            #expect(try await ShellClient.run(["x"], socket: shell.socket, version: "1", console: console) == 5)
        }
    }

    @Test("A command survives whatever garbage a server sends")
    func garbageServer() async throws {
        let listener = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        try ShellFixture.withAddress(shell.socket) { try #require(bind(listener, $0, $1) == 0) }
        try #require(listen(listener, 16) == 0)
        var random = SeededRandom(seed: 43)
        let terminal = try Streams(shell.folder)
        for number in 0..<500 {
            async let status = ShellClient.run([], socket: shell.socket, version: "1", console: terminal.console)
            let peer = try await BlockingCall.run { _ in accept(listener, nil, nil) }
            if number % 4 > 0 { try ShellFixture.send([.hello(version: "1")], to: peer) }
            let bytes = ShellFrameTests.mutation(&random)
            _ = Glibc.send(peer, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            close(peer)
            do {
                _ = try await status
            } catch {
                #expect(error is ShellError)
            }
        }
    }
}
