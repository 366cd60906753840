import Foundation
import MailkeepModel
import TestSupport
import Testing

@Suite("A full disk, by page and shell", .enabled(if: SmallDisk.isPossible, "mounting a small disk needs root"))
struct FullDiskTests {
    @Test(
        "The backup fails with its reason, pages open and say so, and once there is room it completes",
        arguments: TestScale.isFull ? MailkeepModel.Locale.allCases : [.japanese]
    )
    func full(_ language: MailkeepModel.Locale) async throws {
        let mails = try StoryMail.before + (0..<7).map { try Self.incompressible($0) }
        try await DovecotServer.withLeaver { server in
            try server.deliver(mails)
            let work = try await Workplace(language, log: "info")
            let disk = try SmallDisk(at: work.data, megabytes: 12)
            defer { disk.unmount() }
            try await work.found(isCopied: false)
            try await work.save(Workplace.Mailbox(on: server)).expectDone()
            try await work.deactivate()
            try await work.startServer()
            let browser = Curl(work)
            try browser.signIn()
            try await work.stopServer()
            // A session whose use is to be noted again.
            try work.change("UPDATE session SET used_at = used_at - 600000")
            try await work.startServer()

            let answer = try await work.run(Workplace.startBackup, as: .ada, json: true)
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
            // What has to be written says why it cannot be; where the database still has room, it waits for more.
            let asked = try await work.run(
                Workplace.startBackup.replacing(" --wait", with: ""),
                as: .ada,
                json: true
            )
            if asked.status != 0 { #expect(try asked.status == 1 && asked.error().message.contains(reason)) }
            let other = Curl(work, jar: "other")
            #expect(try other.get("/signin").status == 200)
            #expect(try other.signIn().text.contains(reason))

            try disk.makeRoom(megabytes: 8000)
            try await work.wait {
                let pending = ["waiting", "in_progress"]
                return try await !work.read(Backups.self, "backup list").backups.contains {
                    pending.contains($0.status)
                }
            }
            let waited = try await work.read(Backups.self, "backup list").backups.first { $0.status == "completed" }
            let backup: Backup
            if let waited { backup = waited } else { backup = try await work.backUp() }
            #expect(backup.messages == StoryMail.associated(mails).count)
            #expect(try await work.emails(seenBy: .owner)?.count == backup.messages)
            try await work.run("backup verify \(backup.id)", as: .ada).expectDone()
            try await work.expectHealthy("with room", thorough: true)
            try await work.stopServer()
        }
    }

    /// A customer's mail of 3 MB that does not shrink.
    private static func incompressible(_ number: Int) throws -> StoryMail {
        var mail = StoryMail.large(subject: "Scan \(number)", megabytes: 0)
        let bytes = try #require(
            try FileHandle(forReadingFrom: URL(filePath: "/dev/urandom")).read(upToCount: 2_250_000)
        )
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
