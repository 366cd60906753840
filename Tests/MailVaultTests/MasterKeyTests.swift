import FoundationEssentials
import Glibc
import Testing

@testable import MailkeepKeys

@Suite("A master key that is given from outside")
struct MasterKeyTests {
    private let directory = TemporaryDirectory()
    private let digits = String(repeating: "0123456789abcdef", count: 4)

    private func path(_ name: String) -> String { directory.url.appending(path: "keys/\(name)").path }

    private var files: Set<String> {
        get throws { Set(try FileManager.default.contentsOfDirectory(atPath: path(""))) }
    }

    private func given(_ text: String? = nil) throws -> MasterKey { try MasterKey(hex: (text ?? digits).utf8) }

    private func other() throws -> MasterKey { try given(String(digits.reversed())) }

    @Test("No file is made of it, and nothing but it opens the keys")
    func create() throws {
        let ring = try KeyRing.create(in: directory.url, master: try given())
        #expect(try files == ["keyring"])
        let keyring = try Data(contentsOf: URL(filePath: path("keyring")))
        #expect(try KeyRing.open(in: directory.url, master: given()).signer.publicKey == ring.signer.publicKey)
        #expect(throws: KeyError(.missingMaster, "")) { try KeyRing.open(in: directory.url) }
        #expect(throws: KeyError(.wrongMaster, "")) { try KeyRing.open(in: directory.url, master: other()) }
        #expect(try files == ["keyring"])
        #expect(try Data(contentsOf: URL(filePath: path("keyring"))) == keyring)
        #expect(try KeyRing.files(in: directory.url, master: given()).map(\.name) == ["keyring"])
    }

    @Test("A master that an interrupted set-up has left makes way for it")
    func createAfterInterruption() throws {
        _ = try KeyRing.create(in: directory.url)
        unlink(path("keyring"))
        _ = try KeyRing.create(in: directory.url, master: try given())
        #expect(try files == ["keyring"])
    }

    @Test("It is 64 hexadecimal digits, with white space around them")
    func form() throws {
        #expect(try given(" \r\n\(digits.uppercased())\n") == given())
        let bad = [
            "", "\n", String(digits.dropLast()), digits + "0", "g" + digits.dropFirst(), "0x" + digits.dropFirst(2),
        ]
        for text in bad + [digits.prefix(32) + " " + digits.suffix(32)] {
            #expect(throws: KeyError(.malformedMaster, "")) { try given(text) }
        }
    }

    @Test("Prepared, it holds from when it is first given; until then the former one does", arguments: [false, true])
    func prepared(isFormerGiven: Bool) throws {
        let former = isFormerGiven ? try other() : nil
        let ring = try KeyRing.create(in: directory.url, master: former)
        try KeyRing.prepareMaster(given(), in: directory.url, master: former)
        #expect(try KeyRing.awaitsMaster(in: directory.url))
        #expect(try KeyRing.open(in: directory.url, master: former).signer.publicKey == ring.signer.publicKey)
        #expect(try KeyRing.awaitsMaster(in: directory.url))
        #expect(try KeyRing.open(in: directory.url, master: given()).signer.publicKey == ring.signer.publicKey)
        #expect(try files == ["keyring"])
        #expect(throws: KeyError.self) { try KeyRing.open(in: directory.url, master: former) }
        #expect(try KeyRing.open(in: directory.url, master: given()).signer.publicKey == ring.signer.publicKey)
    }

    @Test("One that was prepared and lost is no loss")
    func lost() throws {
        let ring = try KeyRing.create(in: directory.url)
        try KeyRing.prepareMaster(given(), in: directory.url)
        #expect(throws: KeyError(.masterInFile, "")) { try KeyRing.open(in: directory.url, master: other()) }
        try KeyRing.rotateMaster(in: directory.url)
        #expect(try files == ["master", "keyring"])
        #expect(try KeyRing.open(in: directory.url).signer.publicKey == ring.signer.publicKey)
        #expect(throws: KeyError(.masterInFile, "")) { try KeyRing.open(in: directory.url, master: given()) }
    }

    @Test("A hand-over that was interrupted goes on with the next opening")
    func interrupted() throws {
        let ring = try KeyRing.create(in: directory.url)
        try KeyRing.prepareMaster(given(), in: directory.url)
        unlink(path("master"))
        #expect(throws: KeyError(.missingMaster, "")) { try KeyRing.open(in: directory.url) }
        #expect(try KeyRing.open(in: directory.url, master: given()).signer.publicKey == ring.signer.publicKey)
        #expect(try files == ["keyring"])
    }

    @Test("It goes back into a file, and killed before the end it still opens the keys")
    func back() throws {
        let ring = try KeyRing.create(in: directory.url, master: given())
        let keyring = try Data(contentsOf: URL(filePath: path("keyring")))
        try KeyRing.rotateMaster(in: directory.url, master: given())
        #expect(try files == ["master", "keyring"])
        #expect(try KeyRing.open(in: directory.url).signer.publicKey == ring.signer.publicKey)
        #expect(throws: KeyError(.masterInFile, "")) { try KeyRing.open(in: directory.url, master: given()) }
        // As after the first step.
        try keyring.write(to: URL(filePath: path("keyring")))
        chmod(path("keyring"), 0o600)
        #expect(try KeyRing.open(in: directory.url, master: given()).signer.publicKey == ring.signer.publicKey)
        try KeyRing.rotateMaster(in: directory.url, master: given())
        #expect(try KeyRing.open(in: directory.url).signer.publicKey == ring.signer.publicKey)
    }

    @Test("The one in use is no new one")
    func same() throws {
        _ = try KeyRing.create(in: directory.url, master: given())
        #expect(throws: KeyError(.sameMaster, "")) {
            try KeyRing.prepareMaster(given(), in: directory.url, master: given())
        }
    }

    @Test("A command prints it")
    func command() throws {
        let source = MasterKeySource.command("printf '%s\\n' \(digits); echo unheard >&2")
        #expect(try source.read() == given())
        #expect(throws: KeyError(.malformedMaster, "")) { try MasterKeySource.command("true").read() }
        #expect(throws: KeyError(.twoMasters, "")) { try MasterKeySource.both.read() }
    }

    @Test(
        "A command that fails, hangs or prints too much is ended and told",
        arguments: [
            ("exit 3", KeyError.Code.commandFailed), ("kill -9 $$", .commandFailed), ("/nonexistent", .commandFailed),
            ("sleep 600", .commandSlow), ("exec >&-; sleep 600", .commandSlow), ("yes", .commandTooMuch),
        ]
    )
    func badCommand(command: String, code: KeyError.Code) throws {
        let marked = "MAILKEEP_TEST=\(directory.url.lastPathComponent); \(command)"
        let patience: Duration = code == .commandSlow ? .milliseconds(200) : .seconds(30)
        let error = #expect(throws: KeyError.self) { try MasterKeyCommand(marked, patience: patience).output() }
        #expect(error?.code == code)
        #expect(error?.message.contains(directory.url.lastPathComponent) == false)
    }

    @Test("A command ends with the task that waits for it")
    func cancelled() async throws {
        let waiting = Task { try MasterKeyCommand("sleep 600", patience: .seconds(300)).output() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }

    @Test("Nothing that is printed holds it")
    func redaction() throws {
        let values: [Any] = [
            try given(), MasterKeySource.variable(Array(digits.utf8)), MasterKeySource.command("echo \(digits)"),
        ]
        for value in values {
            var dumped = ""
            dump(value, to: &dumped)
            for text in ["\(value)", String(reflecting: value), dumped] {
                #expect(text.contains("redacted") && !text.contains(digits.prefix(8)) && text.count < 60)
            }
        }
    }
}
