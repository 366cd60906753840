import Foundation
import MailkeepModel
import TestSupport
import Testing

/// Words that stand nowhere but in mails, passwords, tokens and uploads, and every form in which a file could hold them.
struct Canary: Sendable {
    let words: [String]

    /// What of the words is in the regular files of a folder, and in files without a name that `process` has open there.
    func findings(in folder: String, process: Int? = nil) throws -> [String] {
        var files: [(name: String, content: Data)] = []
        for name in FileManager.default.enumerator(atPath: folder)?.compactMap({ $0 as? String }) ?? [] {
            files.append((name, FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data()))
        }
        if let process {
            let open = "/proc/\(process)/fd"
            for number in (try? FileManager.default.contentsOfDirectory(atPath: open)) ?? [] {
                let target = (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(open)/\(number)")) ?? ""
                guard target.hasPrefix(folder), target.hasSuffix("(deleted)") else { continue }
                files.append((target, FileManager.default.contents(atPath: "\(open)/\(number)") ?? Data()))
            }
        }
        return files.flatMap { file in findings(in: file.content).map { "\(file.name): \($0)" } }
    }

    func findings(in content: Data) -> [String] {
        words.flatMap { word in
            Self.forms(of: word).filter { content.range(of: $0.bytes) != nil }.map { "\(word) (\($0.name))" }
        }
    }

    static func forms(of word: String) -> [(name: String, bytes: Data)] {
        let utf8 = Data(word.utf8)
        var forms = [
            ("UTF-8", utf8), ("small letters", Data(word.lowercased().utf8)),
            ("UTF-16LE", word.data(using: .utf16LittleEndian) ?? utf8),
            ("UTF-16BE", word.data(using: .utf16BigEndian) ?? utf8),
            ("percent", percent(utf8, "%02X")), ("percent in small letters", percent(utf8, "%02x")),
            ("hexadecimal", Data(utf8.map { String(format: "%02x", $0) }.joined().utf8)),
        ]
        // Whatever stands before: of the three groupings, the characters that depend on the word alone.
        for before in 0..<3 {
            let text = (Data(count: before) + utf8).base64EncodedString().replacing("=", with: "")
            let inner = text.dropFirst(before == 0 ? 0 : before + 1).dropLast(1)
            forms.append(("base64 at \(before)", Data(inner.utf8)))
        }
        return forms.map { (name: $0.0, bytes: $0.1) }
    }

    private static func percent(_ bytes: Data, _ format: String) -> Data {
        Data(bytes.map { "%" + String(format: format, $0) }.joined().utf8)
    }
}

@Suite("What the data directory gives away to who has it without its keys")
struct CanaryTests {
    private static let subject = "Zaunkoenig7431"
    private static let japaneseSubject = "翡翠鳥見積書"
    private static let sender = "wiedehopf9001@fremd.example"
    private static let senderName = "Wiedehopfmann"
    private static let body = "Eisvogel8852"
    private static let attachment = "Kranich6620"
    private static let unrelated = "Rotkehlchen3317"
    private static let upload = "Pirol4409"
    private static let mailPassword = "Buntspecht-2024!x"
    private static let otherPassword = "Schwarzstorch-77!y"

    private static func mail(_ number: Int, size: Int = 0) -> [UInt8] {
        let subject = Data(japaneseSubject.utf8).base64EncodedString()
        let lines = [
            "From: \(senderName) <\(sender)>", "To: yamada@sakura.example", "Cc: \(Workplace.customer)",
            "Subject: \(Self.subject) =?UTF-8?B?\(subject)?= \(number)", "Date: Mon, 6 Apr 2026 09:00:00 +0900",
            "Message-ID: <\(number).\(Self.subject)@fremd.example>", "MIME-Version: 1.0",
            "Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: text/plain; charset=utf-8", "",
            "\(body) \(japaneseSubject)", String(repeating: "\(body) \(number)\r\n", count: size / 16), "--b",
            "Content-Type: application/pdf; name=\"\(attachment).pdf\"",
            "Content-Disposition: attachment; filename=\"\(attachment).pdf\"", "Content-Transfer-Encoding: base64", "",
            Data("%PDF \(attachment) \(body)".utf8).base64EncodedString(), "--b--", "",
        ]
        return Array(lines.joined(separator: "\r\n").utf8)
    }

    @Test(
        "Nothing of mails, passwords, tokens and uploads is readable in any file, while a server works and once it was killed"
    )
    func dataDirectory() async throws {
        let account = DovecotServer.User("yamada", password: Self.mailPassword)
        let busy = DovecotServer.User("hana", password: Self.otherPassword)
        try await withDovecot(users: [account, busy]) { server in
            try server.deliver((0..<40).map { Self.mail($0) } + [Self.mail(99, size: 3_000_000)], user: account.name)
            let other = StoryMail(
                "INBOX",
                from: "x@\(Self.unrelated).example",
                to: "y@y.example",
                Self.unrelated,
                isAssociated: false
            )
            try server.deliver([other.raw], user: account.name)
            try server.deliver((100..<800).map { Self.mail($0, size: 20_000) }, user: busy.name)
            let work = try await Workplace(hasServer: true, log: "trace")
            try await work.found()
            let words = [
                Self.subject, Self.japaneseSubject, Self.sender, Self.senderName, Self.body, Self.attachment,
                Self.unrelated, Self.upload, Self.mailPassword, Self.otherPassword, Workplace.password,
            ]
            var mailbox = Workplace.Mailbox(on: server)
            mailbox.password = Self.mailPassword
            try await work.save(mailbox).expectDone()
            try await work.run("mailbox sync --user yamada@sakura.example --wait \(Workplace.network)", as: .leaver)
                .expectDone()
            #expect(try work.count("message") == 41)
            try await work.deactivate()
            _ = try await work.backUp()
            // A source that is attached and waits, and one that is a sign-in.
            try await work.run("user deactivate --user kei@sakura.example", as: .ada).expectDone()
            let mbox = work.folder + "/upload.mbox"
            let uploaded = "From x\nFrom: a@b.example\nSubject: \(Self.upload)\n\n\(Self.upload)\n"
            try uploaded.write(toFile: mbox, atomically: false, encoding: .utf8)
            try await work.run("backup source --user yamada@sakura.example --upload \(mbox)", as: .ada).expectDone()
            let tokens = try signIn(work)
            let canary = Canary(words: words + tokens)

            (mailbox.username, mailbox.password) = (busy.name, busy.password)
            try await work.save(mailbox, of: .owner).expectDone()
            let snapshots = work.folder + "/snapshots"
            try FileManager.default.createDirectory(atPath: snapshots, withIntermediateDirectories: true)
            let syncing = try work.start(
                "mailbox sync --user hana@sakura.example --wait \(Workplace.network)",
                as: .owner
            )
            try await work.wait { try work.count("message") > 60 }
            let taking = try work.start("snapshot --output \(snapshots)/s.tar", as: .ada)
            var looks = 0
            while syncing.status() == nil || taking.status() == nil {
                #expect(try canary.findings(in: work.data, process: work.serverProcess) == [])
                looks += 1
                try await Task.sleep(for: .milliseconds(20))
                if looks == 3 { break }
            }
            #expect(looks > 0)
            _ = try await taking.answer(within: .seconds(300)).expectDone()
            #expect(try canary.findings(in: snapshots) == [])
            #expect(canary.findings(in: work.serverLog) == [])
            try await work.killServer()
            #expect(try canary.findings(in: work.data) == [])

            // The same search finds what decision 9 leaves in clear, in the very same files.
            let clear = Canary(words: [Workplace.customer, "yamada@sakura.example", "INBOX", "さくら商事"])
            let found = try clear.findings(in: work.data)
            for word in clear.words { #expect(found.contains { $0.contains(word) }, "\(word)") }
        }
    }

    @Test("The search finds a word in every form, wherever it stands in a file, and in none where it is not")
    func search() throws {
        let folder = NSTemporaryDirectory() + "canary-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder + "/sub", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let canary = Canary(words: [Self.subject, Self.japaneseSubject])
        try Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }).write(to: URL(filePath: folder + "/none"))
        #expect(try canary.findings(in: folder) == [])
        for word in canary.words {
            let utf8 = Data(word.utf8)
            let hidden: [Data] = [
                utf8, Data(word.lowercased().utf8), Data("x".utf8) + (word.data(using: .utf16LittleEndian) ?? Data()),
                word.data(using: .utf16BigEndian) ?? Data(), (utf8 + utf8).base64EncodedData(),
                (Data("1".utf8) + utf8 + utf8).base64EncodedData(), (Data("12".utf8) + utf8 + utf8).base64EncodedData(),
                Data(utf8.map { "%" + String(format: "%02X", $0) }.joined().utf8),
                Data(utf8.map { "%" + String(format: "%02x", $0) }.joined().utf8),
            ]
            for content in hidden {
                let file = folder + "/sub/file"
                try (Data(repeating: 7, count: 4095) + content + Data([9])).write(to: URL(filePath: file))
                #expect(try canary.findings(in: folder).contains { $0.hasPrefix("sub/file: \(word)") }, "\(content)")
            }
        }
    }

    /// Signs in at the pages and makes an invitation; what browsers hold as secrets.
    private func signIn(_ work: Workplace) throws -> [String] {
        let browser = Curl(work)
        try browser.signIn()
        let list = try browser.get("/settings/users").text
        let user = try #require(list.firstMatch(of: #/\/settings\/users\/(\d+)/#)).output.1
        let token = try Curl.formToken(try browser.get("/settings/users/\(user)"))
        let invited = try browser.get("/settings/users/\(user)/invite", ["form_token=\(token)"]).text
        let link = try #require(invited.firstMatch(of: #/\/invitations\/([\w-]{16,})/#)).output.1
        let cookies = try String(contentsOfFile: browser.jar, encoding: .utf8).split(separator: "\n")
            .compactMap { $0.split(separator: "\t").last.map(String.init) }.filter {
                $0.count >= 20 && !$0.hasPrefix("#")
            }
        #expect(cookies.count >= 2)
        return cookies + [String(link)]
    }
}
