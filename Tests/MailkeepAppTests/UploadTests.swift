import Foundation
import MailkeepModel
import MailkeepStore
import MailkeepSync
import TestSupport
import Testing

@testable import MailkeepApp

// One after another, as one measures the memory of the process, and another takes much of it.
@Suite("Uploaded backup sources (L9)", .serialized, .timeLimit(.minutes(10)))
struct UploadTests {
    private static func mail(_ subject: String) -> String {
        "From: \(Office.customer)\nSubject: \(subject)\n\nHello\n"
    }

    private static func mbox(_ subjects: String...) -> [UInt8] {
        Array(subjects.map { "From - Thu Jan  1 00:00:00 2026\n\(mail($0))\n" }.joined().utf8)
    }

    /// Hana has left; her mailbox is gone.
    private static func office(uploadLimit: Int64? = nil) async throws -> Office {
        let office = try await Office(uploadLimit: uploadLimit)
        try await office.readMail(.all, [mail("read before")])
        try FileManager.default.removeItem(atPath: office.mailbox)
        _ = try await office.perform(DeactivateUser(user: office.hana), as: office.ada)
        return office
    }

    @discardableResult
    private static func upload(_ bytes: [UInt8], to office: Office, as user: UserID? = nil) async throws -> UploadedMail
    {
        try await office.perform(UploadBackupSource(user: office.hana, chunks: Chunks(bytes)), as: user ?? office.ada)
    }

    private static func backUp(_ office: Office, isLatest: Bool = false) async throws -> BackupDetails? {
        let id =
            isLatest
            ? try await office.perform(TakeLatestBackup(user: office.hana), as: office.ada)
            : try await office.perform(StartBackup(user: office.hana), as: office.ada)
        let job = try #require(try await office.mailkeep.job(of: id))
        try await office.mailkeep.finish(job)
        return try await office.mailkeep.store.read { try $0.backup(id) }
    }

    private static func source(_ office: Office) async throws -> BackupSource? {
        let hana = office.hana
        return try await office.mailkeep.store.read { try $0.backupSource(of: hana) }
    }

    private static func subjects(_ office: Office) async throws -> [String] {
        try await office.perform(ListRecordEmails(record: Office.contact), as: office.kei).items.compactMap(\.subject)
            .sorted()
    }

    @Test("An mbox file is sealed, read by the backup, and gone when the backup is completed")
    func mbox() async throws {
        let office = try await Self.office()
        let found = try await Self.upload(Self.mbox("one", "two"), to: office)
        #expect(found.messages == 2 && found.folders == 1)
        let files = try office.uploads()
        #expect(files.count == 1)
        let bytes = try #require(files.first)
        #expect(!String(decoding: bytes, as: UTF8.self).contains("customer"))
        let source = try await Self.source(office)
        #expect(source?.upload != nil && source?.path == nil)
        let entry = try #require(try await office.lastEntry())
        #expect(entry.action == "backup_source.attach" && entry.details == ["kind": "upload"])
        let backup = try #require(try await Self.backUp(office))
        #expect(backup.status == .completed && backup.origin == .backupSource && backup.messages == 3)
        // A file may be of any day: what had been read of the mailbox itself is what is known.
        #expect(backup.coveredUntil.map { $0 <= backup.requestedAt } == true)
        #expect(try await Self.subjects(office) == ["one", "read before", "two"])
        #expect(try office.uploads().isEmpty)
        #expect(try await Self.source(office) == nil)
    }

    @Test(
        "A Maildir in a zip or tar file is read with its folders, compressed or not",
        arguments: ["zip", "tar", "tar.gz"]
    )
    func archives(kind: String) async throws {
        let office = try await Self.office()
        let files = [
            ("Mail/cur/1700000000.M1P1.host:2,S", Self.mail("seen")),
            ("Mail/new/1700000001.M2P1.host", Self.mail("new")),
            ("Mail/.Sent/cur/1700000002.M3P1.host:2,", Self.mail("sent")), ("Mail/.Junk/cur/1700000003.M4P1.h", "junk"),
            ("__MACOSX/Mail/cur/._1700000000.M1P1.host:2,S", "fork"),
        ]
        let bytes: [UInt8]
        if kind == "zip" {
            bytes = try await Archive.zip(files)
        } else {
            let tar = Archive.tar(files.map { Archive.Entry(name: $0.0, content: Array($0.1.utf8)) })
            bytes = kind == "tar" ? tar : try Archive.gzip(tar)
        }
        let found = try await Self.upload(bytes, to: office)
        #expect(found == UploadedMail(folders: 3, messages: 3))
        #expect(try office.uploads().count == 1)
        let backup = try #require(try await Self.backUp(office))
        #expect(backup.status == .completed && backup.messages == 4)
        #expect(try await Self.subjects(office) == ["new", "read before", "seen", "sent"])
        let folders = try await office.mailkeep.store.read { try $0.folders(of: backup.id) }
        #expect(folders.first { $0.name == "Mail/Junk" }?.excluded == .junk)
    }

    @Test("Names that are marked as UTF-8 are read, and folders of which only new mail is left")
    func names() async throws {
        let office = try await Self.office()
        let files = [
            ("Maildir/cur/1:2,S", Self.mail("seen")), ("Maildir/.請求書/cur/1:2,S", Self.mail("請求")),
            ("Maildir/.Unread/new/1.host", Self.mail("unread")), ("受信.mbox", "From - x\n\(Self.mail("box"))"),
        ]
        let found = try await Self.upload(Archive.zip(files), to: office)
        #expect(found == UploadedMail(folders: 4, messages: 4))
        _ = try await Self.backUp(office)
        #expect(try await Self.subjects(office) == ["box", "read before", "seen", "unread", "請求"])
    }

    @Test("Another upload whose files have the same names is another mailbox", arguments: [true, false])
    func sameNames(isMaildir: Bool) async throws {
        let office = try await Self.office()
        for subject in ["one", "two"] {
            let maildir = Archive.tar([Archive.Entry(name: "box/cur/1:2,S", content: Array(Self.mail(subject).utf8))])
            try await Self.upload(isMaildir ? maildir : Self.mbox(subject), to: office)
            let backup = try #require(try await Self.backUp(office, isLatest: subject == "two"))
            #expect(backup.status == .completed)
        }
        #expect(try await Self.subjects(office) == ["one", "read before", "two"])
    }

    @Test(
        "A tar file that broke off between two files is read, and its end is named as what could not be",
        arguments: [true, false]
    )
    func cutOff(isCompressed: Bool) async throws {
        let office = try await Self.office()
        let tar = Archive.tar([Archive.Entry(name: "box/cur/1", content: Array(Self.mail("one").utf8))])
        let cut = Array(tar.dropLast(1024))
        let found = try await Self.upload(isCompressed ? Archive.gzip(cut) : cut, to: office)
        #expect(found == UploadedMail(folders: 2, messages: 1))
        let backup = try #require(try await Self.backUp(office))
        #expect(backup.status == .completed && backup.messages == 2)
        #expect(try await Self.subjects(office) == ["one", "read before"])
        let folders = try await office.mailkeep.store.read { try $0.folders(of: backup.id) }
        #expect(folders.filter { $0.excluded == .unreadable }.map(\.name) == ["… (tar)"])
    }

    @Test("A mail that a server copied as a hard link is read in each of its folders; one that is missing is named")
    func hardLinks() async throws {
        let office = try await Self.office()
        let folder = FileManager.default.temporaryDirectory.appending(path: "maildir-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["cur", ".Archive/cur", ".Sent/cur", "elsewhere"] {
            try FileManager.default.createDirectory(
                at: folder.appending(path: name),
                withIntermediateDirectories: true
            )
        }
        for (name, subject) in [("cur/1:2,S", "copied"), ("cur/2:2,S", "once"), ("elsewhere/3", "left out")] {
            try Data(Self.mail(subject).utf8).write(to: folder.appending(path: name))
        }
        for (copy, name) in [(".Archive/cur/7:2,", "cur/1:2,S"), (".Sent/cur/3:2,S", "elsewhere/3")] {
            try FileManager.default.linkItem(at: folder.appending(path: name), to: folder.appending(path: copy))
        }
        try SystemProgram.run(
            "tar",
            "--create",
            "--file=\(folder.path)/all.tar",
            "--directory=\(folder.path)",
            "cur",
            "elsewhere",
            ".Archive",
            ".Sent"
        )
        // Of the mail in `.Sent`, only the link is left.
        try SystemProgram.run("tar", "--delete", "--file=\(folder.path)/all.tar", "elsewhere/3")
        let found = try await Self.upload(Array(Data(contentsOf: folder.appending(path: "all.tar"))), to: office)
        #expect(found == UploadedMail(folders: 3, messages: 4))
        let backup = try #require(try await Self.backUp(office))
        #expect(try await Self.subjects(office) == ["copied", "once", "read before"])
        let counts = try await office.mailkeep.store.read { try $0.folders(of: backup.id) }
            .filter { $0.stored + $0.unreadable > 0 }
            .map { "\($0.name) \($0.stored) \($0.unreadable)" }
        #expect(counts.sorted() == ["Archive 1 0", "INBOX 2 0", "Sent 0 1"])
    }

    @Test("Names that lead elsewhere lead nowhere, nor do symbolic links, and of equal names none is lost")
    func hostileNames() async throws {
        let office = try await Self.office()
        let mail = Array(Self.mail("mail").utf8)
        let names = [
            "../../../../tmp/escaped/cur/1", "/etc/cur/2", "a/../../b/cur/3", "box/cur/4", "box/cur/4",
            "..\\..\\w/cur/5",
            "\(String(repeating: "d/", count: 100))cur/6",
        ]
        let tar = Archive.tar(
            names.map { Archive.Entry(name: $0, content: mail) } + [
                Archive.Entry(name: "box/cur/7", type: "2", link: "/etc/passwd"),
                Archive.Entry(name: "box/cur/9", type: "3"), Archive.Entry(name: "box/cur/", type: "5"),
            ]
        )
        let before = try office.everyFile()
        let found = try await Self.upload(tar, to: office)
        #expect(found.messages == 7, "with the link, which cannot be read, and without the deepest folder")
        let new = try office.everyFile().subtracting(before)
        #expect(new.count == 1 && new.allSatisfy { $0.contains("/uploads/") })
        #expect(!FileManager.default.fileExists(atPath: "/tmp/escaped"))
        let backup = try #require(try await Self.backUp(office))
        #expect(backup.status == .completed && backup.messages == 2)
        let folders = try await office.mailkeep.store.read { try $0.folders(of: backup.id) }
        #expect(folders.map(\.unreadable).reduce(0, +) == 1)
    }

    @Test("What is no mail, too large, packed too tightly, damaged or broken off is refused and leaves nothing behind")
    func refused() async throws {
        let office = try await Self.office(uploadLimit: 300_000_000)
        let tar = Archive.tar([Archive.Entry(name: "cur/1", content: Array(Self.mail("one").utf8))])
        let zip = try await Archive.zip([("cur/1", Self.mail("one"))])
        let bomb = try Archive.gzip(
            Archive.tar([Archive.Entry(name: "cur/1", content: [UInt8](repeating: 0, count: 70_000_000))])
        )
        #expect(bomb.count < 140_000)
        let cases: [(String, [UInt8], AppError.Code)] = [
            ("empty", [], .uploadNoMail), ("text", Array("hello\n".utf8), .uploadNoMail),
            ("picture", [0x89, 0x50, 0x4E, 0x47, 0, 0, 0, 1], .uploadNoMail),
            ("no mail in it", Archive.tar([Archive.Entry(name: "readme", content: [65])]), .uploadNoMail),
            ("empty zip", Array([0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 18)), .uploadUnreadable),
            ("a cut zip", Array(zip.dropLast(40)), .uploadUnreadable),
            ("a cut tar", Array(tar.prefix(520)), .uploadUnreadable),
            ("false gzip", [0x1F, 0x8B] + [UInt8](repeating: 7, count: 600), .uploadUnreadable),
            ("a bomb", bomb, .uploadGrows),
            (
                "a bomb of links",
                Archive.tar(
                    [Archive.Entry(name: "cur/0", content: [UInt8](repeating: 65, count: 1 << 20))]
                        + (1...300).map { Archive.Entry(name: "cur/\($0)", type: "1", link: "cur/0") }
                ), .uploadGrows
            ),
        ]
        for (name, bytes, code) in cases {
            await #expect(throws: AppError(code), "\(name)") { try await Self.upload(bytes, to: office) }
            #expect(try office.uploads().isEmpty, "\(name)")
        }
        let endless = Chunks(Self.mbox("one"), repeating: [UInt8](repeating: 65, count: 1 << 20), count: 400)
        await #expect(throws: AppError(.uploadTooLarge)) {
            try await office.perform(UploadBackupSource(user: office.hana, chunks: endless), as: office.ada)
        }
        await #expect(throws: AppError(.uploadBroken)) {
            let chunks = Chunks(Self.mbox("one"), failure: AppError(.uploadBroken))
            return try await office.perform(UploadBackupSource(user: office.hana, chunks: chunks), as: office.ada)
        }
        #expect(try office.uploads().isEmpty)
        #expect(try await Self.source(office) == nil)
    }

    @Test("P1, L9: only administrators upload, and only for who has left; nothing of a refused file is read")
    func rules() async throws {
        let office = try await Self.office()
        let chunks = Chunks(Self.mbox("one"), failure: AppError(.uploadBroken))
        for user in [office.kei, office.sota] {
            await #expect(throws: Refusal(.p1)) {
                try await office.perform(UploadBackupSource(user: office.hana, chunks: chunks), as: user)
            }
            await #expect(throws: Refusal(.p1)) {
                try await office.perform(DetachBackupSource(user: office.hana), as: user)
            }
        }
        await #expect(throws: Refusal.self) {
            try await office.perform(UploadBackupSource(user: office.kei, chunks: chunks), as: office.ada)
        }
        #expect(try await office.lastEntry()?.outcome == .refused)
        #expect(try office.uploads().isEmpty)
    }

    @Test("The file goes when the source is detached or replaced, the backup cancelled, or the user activated")
    func removal() async throws {
        let office = try await Self.office()
        try await Self.upload(Self.mbox("one"), to: office)
        try await Self.upload(Self.mbox("two"), to: office)
        #expect(try office.uploads().count == 1)
        #expect(try await office.perform(DetachBackupSource(user: office.hana), as: office.ada) == .done)
        #expect(try await office.perform(DetachBackupSource(user: office.hana), as: office.ada) == .unchanged)
        #expect(try office.uploads().isEmpty)

        try await Self.upload(Self.mbox("three"), to: office)
        let credentials = MailCredentials(username: "admin", password: "secret")
        _ = try? await office.perform(
            AttachBackupSource(user: office.hana, source: .signIn(credentials)),
            as: office.ada
        )
        let backup = try await office.perform(StartBackup(user: office.hana), as: office.ada)
        _ = try await office.perform(CancelBackup(backup: backup), as: office.ada)
        #expect(try office.uploads().isEmpty)

        try await Self.upload(Self.mbox("four"), to: office)
        _ = try await office.perform(ActivateUser(user: office.hana), as: office.ada)
        #expect(try office.uploads().isEmpty)
    }

    @Test("What a crash left of an upload is removed at the next start, and what is attached stays")
    func start() async throws {
        let office = try await Self.office()
        try await Self.upload(Self.mbox("one"), to: office)
        try Data("half".utf8).write(to: URL(filePath: office.uploadFolder + "/left-behind"))
        try await office.mailkeep.removeDetachedUploads()
        #expect(try office.uploads().count == 1)
        #expect(try await Self.backUp(office)?.messages == 2)
    }

    @Test("A bit that was changed in the file is found, and the backup does not take it for mail")
    func damage() async throws {
        let office = try await Self.office()
        try await Self.upload(Self.mbox("one"), to: office)
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: office.uploadFolder).first)
        let file = office.uploadFolder + "/" + name
        var bytes = try Data(contentsOf: URL(filePath: file))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(filePath: file))
        let backup = try #require(try await Self.backUp(office))
        #expect(backup.status == .failed && backup.error == "path")
    }

    @Test("A large file passes in bounded memory")
    func memory() async throws {
        let office = try await Self.office()
        let mails = 400
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        var left = mails
        let start = Memory.peak
        let chunks = Chunks(
            make: {
                guard left > 0 else { return nil }
                left -= 1
                return Self.mbox("large \(left)").dropLast(1) + body + [0x0A, 0x0A]
            }
        )
        let found = try await office.perform(UploadBackupSource(user: office.hana, chunks: chunks), as: office.ada)
        #expect(found.messages == mails)
        // Other tests use some meanwhile.
        #expect(Memory.peak - start < 300 << 20)
    }
}
