import Foundation
import Glibc
import MailkeepModel
import Synchronization
import Testing

@testable import mailkeep

@Suite("The console of a process")
final class ShellConsoleTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "console-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    @Test("A file is written whole, under its name only when it is complete, and for its owner alone")
    func output() async throws {
        let path = folder + "/export.zip"
        try await LocalConsole().withOutput(path) { output in
            try await output.write([1, 2])
            #expect(!FileManager.default.fileExists(atPath: path))
            try await output.write([3])
        }
        #expect(FileManager.default.contents(atPath: path) == Data([1, 2, 3]))
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["export.zip"])
    }

    @Test("A file that fails on the way leaves nothing")
    func failedOutput() async throws {
        let path = folder + "/export.zip"
        await #expect(throws: CancellationError.self) {
            try await LocalConsole().withOutput(path) { output in
                try await output.write([1, 2])
                throw CancellationError()
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
    }

    @Test("A file that is there already stays as it is, a link to one and one that leads nowhere, too")
    func existing() async throws {
        try Data([9]).write(to: URL(fileURLWithPath: folder + "/target"))
        try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "target")
        try FileManager.default.createSymbolicLink(atPath: folder + "/nowhere", withDestinationPath: "absent")
        for name in ["target", "link", "nowhere"] {
            await #expect(throws: ShellError(.exists, "")) {
                try await LocalConsole().withOutput(folder + "/" + name) { try await $0.write([1]) }
            }
        }
        #expect(FileManager.default.contents(atPath: folder + "/target") == Data([9]))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 3)
    }

    @Test("A file of the same name that comes meanwhile stays")
    func raced() async throws {
        let path = folder + "/export.zip"
        await #expect(throws: ShellError(.exists, "")) {
            try await LocalConsole().withOutput(path) { output in
                try await output.write([1])
                try Data([9]).write(to: URL(fileURLWithPath: path))
            }
        }
        #expect(FileManager.default.contents(atPath: path) == Data([9]))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["export.zip"])
    }

    @Test("Where files cannot be without a name, one is hidden until it is complete, and replaces nothing either")
    func hidden() async throws {
        let path = folder + "/export.zip"
        let file = try OutputFile(path: path, mode: 0o640, canBeNameless: false)
        let other = try OutputFile(path: path, mode: 0o600, canBeNameless: false)
        try await BlockingCall.run { try file.write([1, 2], $0) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).allSatisfy { $0.hasPrefix(".mailkeep-") })
        try file.commit()
        #expect(throws: ShellError(.exists, "")) { try other.commit() }
        other.discard()
        #expect(FileManager.default.contents(atPath: path) == Data([1, 2]))
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o640)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["export.zip"])
    }

    @Test("A device is written, not replaced")
    func device() async throws {
        try await LocalConsole().withOutput("/dev/null") { try await $0.write([1]) }
        var status = stat()
        #expect(stat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
    }

    @Test("What cannot be opened says so", arguments: [("absent/x", ShellError.Code.notFound), ("", .directory)])
    func unopened(name: String, code: ShellError.Code) async throws {
        let error = await #expect(throws: ShellError.self) {
            try await LocalConsole().readFile(folder + "/" + name, limit: 10)
        }
        #expect(error?.code == code)
        await #expect(throws: ShellError(code, "")) {
            try await LocalConsole().withOutput(folder + "/" + name) { _ in }
        }
    }

    @Test("A file is read up to the limit and not beyond")
    func limit() async throws {
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder + "/f"))
        #expect(try await LocalConsole().readFile(folder + "/f", limit: 3) == [1, 2, 3])
        await #expect(throws: ShellError(.tooLarge, "")) {
            try await LocalConsole().readFile(self.folder + "/f", limit: 2)
        }
    }

    @Test("Standard input is read line by line")
    func lines() async throws {
        let input = try Descriptors.reading("first\r\nsecond\n\nlast".utf8)
        defer { close(input) }
        let console = LocalConsole(standardInput: input)
        for line in ["first", "second", "", "last"] {
            #expect(try await console.readStandardInputLine() == line)
        }
        await #expect(throws: ShellError(.endOfInput, "")) { try await console.readStandardInputLine() }
    }

    @Test("A line that is not UTF-8 is refused")
    func notText() async throws {
        let input = try Descriptors.reading([0x83, 0x81, 0x0A])
        defer { close(input) }
        await #expect(throws: ShellError(.notText, "")) {
            try await LocalConsole(standardInput: input).readStandardInputLine()
        }
    }

    @Test("Waiting for standard input ends when it is cancelled")
    func cancelledLine() async throws {
        let (reading, writing) = try Descriptors.pipe()
        defer { for end in [reading, writing] { close(end) } }
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await LocalConsole(standardInput: reading).readStandardInputLine() }
            group.cancelAll()
            await #expect(throws: CancellationError.self) { try await group.waitForAll() }
        }
    }

    @Test("Output that nobody reads is an error, not the end of the process")
    func closedOutput() async throws {
        let (reading, writing) = try Descriptors.pipe()
        close(reading)
        defer { close(writing) }
        await #expect(throws: ShellError(.outputClosed, "")) {
            try await LocalConsole(standardOutput: writing).write("text")
        }
    }

    @Test("A password is typed without echo, which is on again afterwards")
    func password() async throws {
        let terminal = try PseudoTerminal()
        let console = LocalConsole(terminalPath: terminal.path)
        async let password = console.readPassword(prompt: "Password: ")
        #expect(try await terminal.read(until: "Password: "))
        try await terminal.waitForEcho(false)
        terminal.type("pässwörd\n")
        #expect(try await password == "pässwörd")
        #expect(terminal.isEchoing)
        #expect(try await terminal.read(until: "\n"))
        #expect(!terminal.shown.contains("wörd"))
    }

    @Test("Echo is on again when the prompt is cancelled")
    func cancelledPassword() async throws {
        let terminal = try PseudoTerminal()
        let console = LocalConsole(terminalPath: terminal.path)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await console.readPassword(prompt: "Password: ") }
            try await terminal.waitForEcho(false)
            group.cancelAll()
            await #expect(throws: CancellationError.self) { try await group.waitForAll() }
        }
        #expect(terminal.isEchoing)
    }

    @Test("Without a terminal no password is asked for", arguments: ["/dev/null", "/absent"])
    func noTerminal(path: String) async {
        await #expect(throws: ShellError(.noTerminal, "")) {
            try await LocalConsole(terminalPath: path).readPassword(prompt: "")
        }
    }

    @Test(
        "The environment names the language",
        arguments: [
            (["LANG": "ja_JP.UTF-8"], MailkeepModel.Locale.japanese),
            (["LC_ALL": "en_GB.UTF-8", "LANG": "ja_JP.UTF-8"], .english),
            (["LC_ALL": "", "LC_MESSAGES": "ja"], .japanese),
            (["LC_ALL": "C.UTF-8", "LANG": "ja_JP.UTF-8"], nil),
            ([:], nil),
        ] as [([String: String], MailkeepModel.Locale?)]
    )
    func locale(environment: [String: String], expected: MailkeepModel.Locale?) {
        #expect(TerminalInfo.locale { environment[$0] } == expected)
    }
}

/// Descriptors for standard streams.
enum Descriptors {
    static func pipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        try #require(Glibc.pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    /// A pipe that holds `bytes` (fewer than its capacity) and then ends.
    static func reading(_ bytes: some Sequence<UInt8>) throws -> Int32 {
        let (reading, writing) = try pipe()
        let bytes = Array(bytes)
        try #require(write(writing, bytes, bytes.count) == bytes.count)
        close(writing)
        return reading
    }
}

/// A terminal whose other side the test holds.
final class PseudoTerminal: Sendable {
    let path: String
    private let master: Int32
    private let slave: Int32
    private let output = Mutex("")

    init() throws {
        // pty(7), by the system calls behind posix_openpt: TIOCSPTLCK and TIOCGPTN.
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var unlocked: Int32 = 0
        var number: UInt32 = 0
        try #require(ioctl(master, 0x4004_5431, &unlocked) == 0 && ioctl(master, 0x8004_5430, &number) == 0)
        path = "/dev/pts/\(number)"
        slave = open(path, O_RDWR | O_NOCTTY)
    }

    deinit {
        close(master)
        close(slave)
    }

    /// Everything that was shown so far, as far as it was read.
    var shown: String { output.withLock { $0 } }

    var isEchoing: Bool {
        var settings = termios()
        return tcgetattr(slave, &settings) == 0 && settings.c_lflag & tcflag_t(ECHO) != 0
    }

    func waitForEcho(_ on: Bool) async throws {
        for _ in 0..<12_000 where isEchoing != on { try await Task.sleep(for: .milliseconds(5)) }
        try #require(isEchoing == on)
    }

    func type(_ text: String) {
        _ = write(master, text, text.utf8.count)
    }

    /// Reads on until `text` has been shown.
    func read(until text: String) async throws -> Bool {
        for _ in 0..<12_000 {
            var poll = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
            if Glibc.poll(&poll, 1, 0) > 0 {
                var bytes = [UInt8](repeating: 0, count: 1024)
                let count = Glibc.read(master, &bytes, bytes.count)
                output.withLock { $0 += String(decoding: bytes.prefix(max(0, count)), as: UTF8.self) }
            }
            if shown.contains(text) { return true }
            try await Task.sleep(for: .milliseconds(5))
        }
        return false
    }
}
