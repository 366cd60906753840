import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import mailkeep

@Suite("Commands that go through the server")
struct ShellServerTests {
    private let shell: ShellFixture

    init() throws {
        shell = try ShellFixture()
    }

    @Test("Arguments arrive; output, errors and exit status come back")
    func roundTrip() async throws {
        let terminal = try Streams(shell.folder)
        let large = [UInt8]((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) })
        let status = try await shell.withServer { arguments, console in
            #expect(arguments == ["user", "list", "--name", "山田"])
            #expect(console.terminal.userID == geteuid())
            #expect(console.terminal.userName == TerminalInfo.current().userName)
            #expect(console.terminal.directory == FileManager.default.currentDirectoryPath)
            do {
                try await console.write("表\n")
                try await console.write("warning\n", to: .standardError)
                try await console.write(large, to: .standardOutput)
            } catch {
                Issue.record(error)
            }
            return 77
        } run: {
            try await ShellClient.run(
                ["user", "list", "--name", "山田"],
                socket: shell.socket,
                version: "1",
                console: terminal.console
            )
        }
        #expect(status == 77)
        #expect(terminal.output == Data("表\n".utf8 + large))
        #expect(terminal.errors == Data("warning\n".utf8))
    }

    @Test("50 MB stream from one file into another and stay intact")
    func files() async throws {
        let (source, copy) = (shell.folder + "/source", shell.folder + "/copy")
        var random = SeededRandom(seed: 1)
        let words = (0..<6_553_600).map { _ in random.next() }
        let bytes = words.withUnsafeBytes { Data($0) }
        try bytes.write(to: URL(fileURLWithPath: source))
        let status = try await shell.withServer { arguments, console in
            do {
                return try await console.withInput(arguments[0]) { input in
                    try await console.withOutput(arguments[1]) { output in
                        for try await chunk in input { try await output.write(chunk) }
                    }
                    return 0
                }
            } catch {
                Issue.record(error)
                return 1
            }
        } run: {
            try await ShellClient.run([source, copy], socket: shell.socket, version: "1", console: LocalConsole())
        }
        #expect(status == 0)
        #expect(FileManager.default.contents(atPath: copy) == bytes)
        #expect(try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int == 0o600)
    }

    @Test("What the command has not taken yet is not read")
    func inputBackPressure() async throws {
        let pipe = shell.folder + "/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        let feed = open(pipe, O_RDWR | O_NONBLOCK)
        defer { close(feed) }
        let capacity = 65_536
        try await shell.withServer { arguments, console in
            do {
                try await console.withInput(arguments[0]) { input in
                    var chunks = input.makeAsyncIterator()
                    let (first, _) = try await (chunks.next()?.count ?? 0, ())
                    var accepted = first
                    // Were the rest read ahead, the pipe would never be full.
                    for _ in 0..<100 {
                        accepted += max(0, write(feed, [UInt8](repeating: 1, count: 65_536), 65_536))
                        try await Task.sleep(for: .milliseconds(1))
                    }
                    #expect(accepted <= first + capacity + InputFile.chunk)
                }
            } catch {
                Issue.record(error)
            }
            return 0
        } run: {
            _ = write(feed, [1, 2, 3], 3)
            _ = try await ShellClient.run([pipe], socket: shell.socket, version: "1", console: LocalConsole())
        }
    }

    @Test("Output waits for who reads it")
    func outputBackPressure() async throws {
        let pipe = shell.folder + "/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        let drain = open(pipe, O_RDWR | O_NONBLOCK)
        defer { close(drain) }
        let written = Atomic<Int>(0)
        let chunk = 65_536
        let total = 80 * chunk
        try await shell.withServer { arguments, console in
            do {
                try await console.withOutput(arguments[0]) { output in
                    while written.load(ordering: .relaxed) < total {
                        try await output.write([UInt8](repeating: 1, count: chunk))
                        written.add(chunk, ordering: .relaxed)
                    }
                }
            } catch {
                Issue.record(error)
            }
            return 0
        } run: {
            async let status = ShellClient.run([pipe], socket: shell.socket, version: "1", console: LocalConsole())
            var taken = 0
            var buffer = [UInt8](repeating: 0, count: chunk)
            while taken < total {
                let count = read(drain, &buffer, buffer.count)
                taken += max(0, count)
                #expect(written.load(ordering: .relaxed) <= taken + 65_536 + chunk)
                if count < 0 { try await Task.sleep(for: .milliseconds(1)) }
            }
            #expect(try await status == 0)
        }
    }

    @Test("Only files that the command line names can be reached", arguments: ["--output=/etc/passwd", "passwd"])
    func notNamed(argument: String) async throws {
        let allowed = argument.hasPrefix("--")
        let status = try await shell.withServer { _, console in
            do {
                return try await console.withInput("/etc/passwd") { _ in 0 }
            } catch {
                return error as? ShellError == ShellError(.notNamed, "") ? 13 : 1
            }
        } run: {
            try await ShellClient.run([argument], socket: shell.socket, version: "1", console: LocalConsole())
        }
        #expect(status == (allowed ? 0 : 13))
    }

    @Test("A file that fails on the way leaves nothing, and its error keeps code and path")
    func failedFiles() async throws {
        let (absent, output) = (shell.folder + "/absent", shell.folder + "/output")
        let status = try await shell.withServer { arguments, console in
            do {
                return try await console.withOutput(arguments[1]) { output in
                    try await output.write([1, 2, 3])
                    return try await console.withInput(arguments[0]) { _ in 0 }
                }
            } catch {
                #expect((error as? ShellError)?.code == .notFound)
                #expect((error as? ShellError)?.path == arguments[0])
                return 65
            }
        } run: {
            try await ShellClient.run([absent, output], socket: shell.socket, version: "1", console: LocalConsole())
        }
        #expect(status == 65)
        #expect(try FileManager.default.contentsOfDirectory(atPath: shell.folder) == [])
    }

    @Test("Passwords come from standard input's first line and from the terminal")
    func passwords() async throws {
        let terminal = try PseudoTerminal()
        let input = try Descriptors.reading("first\nsecond\n".utf8)
        defer { close(input) }
        let status = try await shell.withServer { _, console in
            do {
                #expect(try await console.readStandardInputLine() == "first")
                #expect(try await console.readPassword(prompt: "Password: ") == "typed")
                #expect(try await console.readStandardInputLine() == "second")
                await #expect(throws: ShellError(.endOfInput, "")) { try await console.readStandardInputLine() }
                return 0
            } catch {
                Issue.record(error)
                return 1
            }
        } run: {
            let console = LocalConsole(standardInput: input, terminalPath: terminal.path)
            async let status = ShellClient.run([], socket: shell.socket, version: "1", console: console)
            try await terminal.waitForEcho(false)
            terminal.type("typed\n")
            return try await status
        }
        #expect(status == 0)
    }
}
