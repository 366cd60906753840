import Foundation
import Glibc
import MailkeepModel
import TestSupport
import Testing

@Suite("A master key from outside the data directory, by shell")
struct OutsideMasterKeyTests {
    private let key = String(repeating: "5ecde7fa", count: 8)
    private let another = String(repeating: "0a1b2c3d", count: 8)

    @Test("From the file to the environment and back, with words in both languages", arguments: Locale.allCases)
    func toAndFro(language: MailkeepModel.Locale) async throws {
        try await withWorkplace(language) { work in
            let isEnglish = language == .english
            try await work.expectRefused("P1", "keys rotate --master-key-stdin", as: .owner, input: key)
            let prepared = try await work.run("keys rotate --master-key-stdin", as: .ada, input: key).expectDone()
            #expect(prepared.text.contains(isEnglish ? "first start" : "起動すると切り替わります"))
            #expect(try files(work) == ["master", "keyring", "keyring.next"])
            try await work.run("user list", as: .ada).expectDone()
            let doctor = try await work.run("doctor")
            #expect(doctor.status == 1)
            #expect(try files(work) == ["master", "keyring", "keyring.next"])

            try await run(work, "user list", key: key).expectDone()
            #expect(try files(work) == ["keyring"])
            try await run(work, "doctor \(Workplace.network)", key: key, as: nil).expectDone()
            for (given, english, japanese) in [
                (nil, "There is no master key at", "マスター鍵のファイル"), (another, "does not open", "開けません"),
                ("abc", "64 hexadecimal digits", "16進数64桁"),
            ] {
                let answer = try await run(work, "user list", key: given, language: language)
                #expect(answer.status == 1 && answer.output.isEmpty)
                #expect(answer.errorText.contains(isEnglish ? english : japanese), "\(answer.errorText)")
                #expect(given.map { !answer.errorText.contains($0) } ?? true)
            }
            let command = ["--master-key-command", "cat \(work.folder)/key"]
            try "\(key)\n".write(toFile: work.folder + "/key", atomically: false, encoding: .utf8)
            try await work.run("user list", command, as: .ada).expectDone()
            let both = ["MAILKEEP_MASTER_KEY": key, "MAILKEEP_MASTER_KEY_COMMAND": "cat \(work.folder)/key"]
            let ambiguous = try await work.start("user list", as: .ada, environment: both).answer()
            #expect(ambiguous.status == 1 && ambiguous.errorText.contains("MAILKEEP_MASTER_KEY_COMMAND"))

            let refused = try await run(work, "keys rotate", key: key)
            #expect(refused.status == 64 && refused.errorText.contains("--to-file"))
            #expect(try files(work) == ["keyring"])
            let same = try await run(work, "keys rotate --master-key-stdin", key: key, input: key)
            #expect(same.status == 1)
            let back = try await run(work, "keys rotate --to-file", key: key).expectDone()
            #expect(back.text.contains("MAILKEEP_MASTER_KEY"))
            #expect(try files(work) == ["master", "keyring"])
            try await work.run("user list", as: .ada).expectDone()
            let superfluous = try await run(work, "user list", key: key)
            #expect(superfluous.status == 1 && superfluous.errorText.contains("keys/master"))
            try await work.run("audit verify", as: .ada).expectDone()
            try expectNoKey(in: work.data)
        }
    }

    @Test("A new organisation with a command in the configuration file has no master file")
    func initialise() async throws {
        let work = try await Workplace()
        let file = work.folder + "/key"
        try key.write(toFile: file, atomically: false, encoding: .utf8)
        let settings = #"{"mailkeep":{"master":{"key":{"command":"cat '\#(file)'"}}}}"#
        try settings.write(toFile: work.folder + "/settings.json", atomically: false, encoding: .utf8)
        try await work.found(isCopied: false)
        #expect(try files(work) == ["keyring"])
        try expectNoKey(in: work.data)
        let snapshot = work.folder + "/snapshot.tar"
        let taken = try await work.run("snapshot --with-keys --output \(snapshot)", as: .ada).expectDone()
        #expect(taken.text.contains("without the master key") && taken.errorText.contains("without the master key"))
        let plain = try await work.run("snapshot --output \(work.folder)/plain.tar", as: .ada).expectDone()
        #expect(plain.text.contains("and the master key"))
        let restored = work.folder + "/restored"
        try await work.run("restore \(snapshot) --data \(restored)").expectDone()
        try await work.run("user list --data \(restored)", as: .ada).expectDone()
        #expect(try FileManager.default.contentsOfDirectory(atPath: restored + "/keys") == ["keyring"])
        let again = work.folder + "/again"
        try await work.run("restore \(work.folder)/plain.tar --data \(again) --keys \(work.data)/keys").expectDone()
        #expect(try FileManager.default.contentsOfDirectory(atPath: again + "/keys") == ["keyring"])

        try "{}".write(toFile: work.folder + "/settings.json", atomically: false, encoding: .utf8)
        let target = work.folder + "/target"
        let needed = try await work.run("restore \(snapshot) --data \(target)")
        #expect(needed.status == 64 && needed.errorText.contains("--master-key-command"))
        let wrong = try await run(work, "restore \(snapshot) --data \(target)", key: another, as: nil)
        #expect(wrong.status == 1 && wrong.errorText.contains("does not open"))
        #expect(!FileManager.default.fileExists(atPath: target))
        for (command, words) in [("exit 1", "failed"), ("yes", "prints more than that")] {
            let answer = try await work.run("user list", ["--master-key-command", command], as: .ada)
            #expect(answer.status == 1 && answer.errorText.contains(words))
        }
    }

    @Test("Commands that go through a server need no key, and the server shows it to nobody")
    func server() async throws {
        let work = try await Workplace(hasServer: true)
        let founding = "init --admin-email \(Workplace.Person.ada.rawValue) --admin-name Ada --password-stdin"
        let more = ["--organization", "さくら商事"]
        let environment = ["MAILKEEP_MASTER_KEY": key]
        try await work.start(founding, more, input: Workplace.password, environment: environment).answer().expectDone()
        let inherited = work.folder + "/inherited"
        try await work.startServer(environment: environment)
        let process = try #require(work.serverProcess)
        let shown = try #require(FileManager.default.contents(atPath: "/proc/\(process)/environ"))
        #expect(shown.range(of: Data("MAILKEEP_DATA=".utf8)) != nil)
        #expect(shown.range(of: Data(key.utf8)) == nil)
        try await work.run("user list", as: .ada).expectDone()
        // It is no server's that a command is told.
        try await work.run("user list", ["--master-key-command", "touch \(inherited)"], as: .ada).expectDone()
        #expect(!FileManager.default.fileExists(atPath: inherited))
        let doctor = try await work.run("doctor \(Workplace.network)").expectDone()
        #expect(doctor.text.contains("from outside"))
        try await work.run("keys rotate --master-key-stdin", as: .ada, input: another).expectDone()
        try await work.run("user list", as: .ada).expectDone()
        #expect(try await work.run("doctor").status == 1)
        let log = try await work.stopServer()
        #expect(!log.contains(key) && !log.contains(another))

        try await work.startServer(environment: ["MAILKEEP_MASTER_KEY": another])
        #expect(try files(work) == ["keyring"])
        try await work.run("keys rotate --to-file", as: .ada).expectDone()
        try await work.run("keys rotate", as: .ada).expectDone()
        try await work.stopServer()
        try await work.startServer()
        try await work.run("user list", as: .ada).expectDone()
        try await work.stopServer()
        try expectNoKey(in: work.data)
    }

    @Test("A command inherits no key")
    func child() async throws {
        try await withWorkplace { work in
            let (file, output) = (work.folder + "/key", work.folder + "/environment")
            try key.write(toFile: file, atomically: false, encoding: .utf8)
            let command = ["--master-key-command", "env > '\(output)'; cat '\(file)'"]
            let answer = try await work.start(
                "user list",
                command,
                as: .ada,
                environment: ["MAILKEEP_MASTER_KEY": another]
            ).answer()
            // The option stands before the environment; its key is none of this directory's.
            #expect(answer.status == 1 && answer.errorText.contains("keys/master"))
            let inherited = try String(contentsOfFile: output, encoding: .utf8)
            #expect(inherited.contains("MAILKEEP_DATA=") && !inherited.contains("MAILKEEP_MASTER_KEY="))
        }
    }

    private func run(
        _ work: Workplace,
        _ line: String,
        key: String?,
        as person: Workplace.Person? = .ada,
        input: String = "",
        language: MailkeepModel.Locale = .english
    ) async throws -> ShellAnswer {
        var environment = ["LANG": language == .japanese ? "ja_JP.UTF-8" : "en_GB.UTF-8"]
        environment["MAILKEEP_MASTER_KEY"] = key
        return try await work.start(line, as: person, input: input, environment: environment).answer()
    }

    private func files(_ work: Workplace) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: work.data + "/keys"))
    }

    private func expectNoKey(in folder: String) throws {
        let files = try #require(FileManager.default.enumerator(atPath: folder))
        for case let name as String in files {
            guard let content = FileManager.default.contents(atPath: "\(folder)/\(name)") else { continue }
            for key in [key, another] { #expect(content.range(of: Data(key.utf8)) == nil, "\(name)") }
        }
    }
}
