import Foundation
import MailkeepModel
import TestSupport
import Testing

@Suite("A full disk, by page and shell", .enabled(if: SmallDisk.isPossible, "mounting a small disk needs root"))
struct FullDiskTests {
    private static let leaver = Workplace.Person.leaver.rawValue
    private static let start = "backup start --user \(leaver) --wait \(Workplace.network)"

    @Test(
        "The backup fails with its reason, pages open and say so, and once there is room it completes",
        arguments: MailkeepModel.Locale.allCases
    )
    func full(_ language: MailkeepModel.Locale) async throws {
        let mails = StoryMail.before + (0..<14).map { Self.incompressible($0) }
        try await DovecotServer.withLeaver { server in
            try server.deliver(mails)
            let work = try await Workplace(language, log: "info")
            let disk = try SmallDisk(at: work.data, megabytes: 24)
            defer { disk.unmount() }
            try await work.found()
            try await work.save(Workplace.Mailbox(on: server)).expectDone()
            try await work.deactivate()
            try await work.startServer()
            let browser = Curl(work)
            try browser.signIn()
            try await work.stopServer()
            // A session whose use is to be noted again.
            try work.change("UPDATE session SET used_at = used_at - 600000")
            try await work.startServer()

            let answer = try await work.run(Self.start, as: .ada, json: true)
            #expect(answer.status == 1)
            #expect(try answer.error().details.reason == "disk")
            try disk.fill()
            let reason = language == .japanese ? "保存領域が不足しています" : "Storage is full"
            let id = try #require(try await work.read(Backups.self, "backup list").backups.first).id
            let page = try browser.get("/settings/backups/\(id)")
            #expect(page.status == 200 && page.text.contains(reason), "\(page)")
            for address in ["/settings/mail-addon-users", "/settings/users", "/settings/audit-log"] {
                #expect(try browser.get(address).status == 200, "\(address)")
            }
            #expect(try await work.emails(seenBy: .owner)?.isEmpty == true)
            // What has to be written says why it cannot be.
            let refused = try await work.run(Self.start, as: .ada, json: true)
            #expect(refused.status == 1)
            #expect(try refused.error().message.contains(reason))
            let other = Curl(work, jar: "other")
            #expect(try other.get("/signin").status == 200)
            #expect(try other.signIn().contains(reason))

            try disk.makeRoom(megabytes: 8000)
            let backup = try await work.backUp()
            #expect(backup.messages == StoryMail.associated(mails).count)
            #expect(try await work.emails(seenBy: .owner)?.count == backup.messages)
            try await work.run("backup verify \(backup.id)", as: .ada).expectDone()
            try await work.expectHealthy("with room", thorough: true)
            try await work.stopServer()
        }
    }

    /// A customer's mail of 3 MB that does not shrink.
    private static func incompressible(_ number: Int) -> StoryMail {
        var mail = StoryMail.large(subject: "Scan \(number)", megabytes: 0)
        var random = SeededRandom(seed: UInt64(number))
        let bytes = Data((0..<2_250_000).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        mail.raw += Array(
            bytes.base64EncodedData(options: [
                .lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed,
            ])
        )
        return mail
    }
}

/// A file system in memory that is full after a few megabytes.
struct SmallDisk {
    private let path: String
    private var ballast: String { path + "/ballast" }

    static let isPossible = {
        let path = NSTemporaryDirectory() + "disk-\(UUID().uuidString.prefix(8))"
        guard geteuid() == 0, let disk = try? SmallDisk(at: path, megabytes: 1) else { return false }
        disk.unmount()
        try? FileManager.default.removeItem(atPath: path)
        return true
    }()

    init(at path: String, megabytes: Int) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try SystemProgram.run("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m,mode=700", "tmpfs", path)
    }

    /// Leaves not a byte.
    func fill() throws {
        let file = open(ballast, O_WRONLY | O_CREAT, 0o600)
        defer { close(file) }
        for size in [1 << 16, 4096, 1] {
            let zeros = [UInt8](repeating: 0, count: size)
            while write(file, zeros, size) > 0 {}
        }
        #expect(errno == ENOSPC)
    }

    func makeRoom(megabytes: Int) throws {
        try FileManager.default.removeItem(atPath: ballast)
        try SystemProgram.run("mount", "-o", "remount,size=\(megabytes)m", path)
    }

    func unmount() {
        _ = try? SystemProgram.run("umount", "--lazy", path)
    }
}

/// A browser without a window.
private struct Curl {
    struct Page {
        let status: Int
        let text: String
    }

    private let jar: String
    private let address: String
    private let email = Workplace.Person.ada.rawValue
    private let work: Workplace

    init(_ work: Workplace, jar: String = "cookies") {
        self.work = work
        self.jar = "\(work.folder)/\(jar)"
        address = "http://127.0.0.1"
    }

    func get(_ path: String, _ fields: [String] = []) throws -> Page {
        let form = fields.flatMap { ["--data-urlencode", $0] }
        let words =
            [
                "-sS", "--retry", "20", "--retry-connrefused", "--retry-delay", "1", "-b", jar, "-c", jar, "-H",
                "Accept-Language: \(work.language.rawValue)", "-w", "\n%{http_code}",
            ]
            + form + ["\(address):\(work.port)\(path)"]
        let answer = try SystemProgram.run("curl", words)
        let parts = answer.split(separator: "\n", omittingEmptySubsequences: false)
        return Page(status: parts.last.flatMap { Int($0) } ?? 0, text: parts.dropLast().joined(separator: "\n"))
    }

    /// - Returns: the page that came of it.
    @discardableResult
    func signIn() throws -> String {
        let page = try get("/signin").text
        let token = try #require(page.firstMatch(of: #/name="form_token" value="([^"]+)"/#)).output.1
        let fields = ["form_token=\(token)", "next=/", "email=\(email)", "password=\(Workplace.password)"]
        return try get("/signin", fields).text
    }
}
