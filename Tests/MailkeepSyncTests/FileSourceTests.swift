import Foundation
import Glibc
import MailkeepModel
import MailkeepStore
import Testing

@testable import MailkeepSync

@Suite("A source of files")
struct FileSourceTests {
    // MARK: Which paths may be read

    @Test("A path in an allowed folder is read, also by a symbolic link within it")
    func allowedPath() async throws {
        let files = try MailFiles()
        try files.write("From a Mon Jan  5 10:30:00 2026\n" + MailFiles.mail("1"), to: "real/box")
        try files.link("link", to: "real/box")
        #expect(try await files.mails("real/box").count == 1)
        #expect(try await files.mails("real/../real/./box").count == 1)
        #expect(try await files.mails("link").count == 1)
    }

    @Test("An allowed folder may itself be named by a symbolic link, or be what is read")
    func allowedFolderByLink() throws {
        let files = try MailFiles()
        try files.maildir("real")
        try files.link("link", to: "real")
        #expect(throws: Never.self) { try FileSource(path: files.path + "/real", allowed: [files.path + "/link"]) }
    }

    @Test(
        "What is not in an allowed folder is refused, whether it is there or not",
        arguments: [
            "/etc/passwd", "/nothing/here", "allowed/escape", "allowed/escape/passwd", "allowed/../secret",
            "allowed-not/box", "allowed/missing", "allowed/box\0/x",
        ]
    )
    func refusedPath(name: String) throws {
        let files = try MailFiles()
        try files.write("From a\n", to: "allowed/box")
        try files.write("From a\n", to: "secret")
        try files.write("From a\n", to: "allowed-not/box")
        try files.link("allowed/escape", to: "/etc")
        let path = name.hasPrefix("/") ? name : "\(files.path)/\(name)"
        let refusal = #expect(throws: SyncFailure(.path, "")) {
            try FileSource(path: path, allowed: ["\(files.path)/allowed", "\(files.path)/nothing", ""])
        }
        #expect(refusal?.message.contains("--allow-mail-path") == true)
        #expect(refusal?.message.contains(name) == false)
    }

    @Test("A path that is not absolute, and any path where none is allowed, is refused")
    func relativePath() throws {
        #expect(throws: SyncFailure(.path, "")) { try FileSource(path: "mail", allowed: ["/"]) }
        #expect(throws: SyncFailure(.path, "")) { try FileSource(path: "", allowed: ["/"]) }
        #expect(throws: SyncFailure(.path, "")) { try FileSource(path: "/etc", allowed: []) }
    }

    @Test("A symbolic link that takes a folder's place after the path was judged is not followed")
    func swappedFolder() async throws {
        let files = try MailFiles()
        let outside = try MailFiles()
        try outside.write("From a\n" + MailFiles.mail("secret"), to: "box")
        try files.write("From a\n" + MailFiles.mail("own"), to: "in/box")
        let source = try FileSource(path: files.path + "/in/box", allowed: [files.path])
        try FileManager.default.removeItem(atPath: files.path + "/in")
        try files.link("in", to: outside.path)
        await #expect(throws: SyncFailure(.path, "")) { try await source.withSession { _ = try await $0.folders() } }
    }

    @Test("Symbolic links in a source are named and not followed")
    func linksInside() async throws {
        let files = try MailFiles()
        let outside = try MailFiles()
        try outside.maildir("secret")
        try outside.write(MailFiles.mail("secret"), to: "secret/cur/1")
        try outside.write("From a\n" + MailFiles.mail("secret"), to: "secret.mbox")
        try files.write("From a\n" + MailFiles.mail("own"), to: "own.mbox")
        try files.link("folder", to: outside.path + "/secret")
        try files.link("file.mbox", to: outside.path + "/secret.mbox")
        try files.maildir("linked")
        try FileManager.default.removeItem(atPath: files.path + "/linked/new")
        try files.link("linked/new", to: outside.path + "/secret/cur")
        try files.link("linked/cur/7", to: outside.path + "/secret/cur/1")
        let folders = try await files.session { session in
            try await session.folders().map { "\($0.name) \($0.exclusion?.rawValue ?? "")" }
        }
        #expect(folders == ["file.mbox unreadable", "folder unreadable", "linked ", "own "])
        try await files.session { session in
            await #expect(throws: SyncFailure(.server, "")) {
                try await session.open(SourceFolder(name: "folder", path: "folder", exclusion: nil))
            }
            // `new` is a link: the folder is told as one that cannot be read, rather than read in part.
            await #expect(throws: SyncFailure(.server, "")) {
                try await session.open(SourceFolder(name: "linked", path: "linked", exclusion: nil))
            }
        }
    }

    @Test("Where there is no mail, the path is at fault")
    func noMail() async throws {
        let files = try MailFiles()
        try files.write("notes", to: "notes.txt")
        await #expect(throws: SyncFailure(.path, "")) { try await files.read() }
    }

    @Test("Pipes and sockets are neither opened nor waited for")
    func pipes() async throws {
        let files = try MailFiles()
        try files.maildir("")
        #expect(mkfifo(files.path + "/pipe.mbox", 0o600) == 0)
        #expect(mkfifo(files.path + "/cur/1", 0o600) == 0)
        let folders = try await files.read()
        #expect(folders.map(\.name) == ["INBOX"])
        #expect(folders.first?.unreadable == [1])
        await #expect(throws: SyncFailure(.path, "")) { try await files.read("pipe.mbox") }
    }

    // MARK: Folders

    @Test("Folders of a Maildir++ are named in letters, with a slash between the levels")
    func maildirPlusPlus() async throws {
        let files = try MailFiles()
        for name in [
            "", ".Sent", ".Archive.2025", ".&U9ZfFVFI-.&ZeU-", ".Trash", ".Junk", ".&j,dg0TDhMPww6w-", ".Drafts",
            ".&Tgtm+DBN-", ".顧客",
        ] {
            try files.maildir(name)
            try files.write(MailFiles.mail(name), to: "\(name)/cur/1:2,S")
        }
        try files.folder(".hidden")
        let folders = try await files.read()
        let expected: [String: FolderExclusion?] = [
            "INBOX": nil, "Sent": nil, "Archive/2025": nil, "取引先/日": nil, "Trash": nil, "顧客": nil,
            "Junk": .junk, "迷惑メール": .junk, "Drafts": .drafts, "下書き": .drafts,
        ]
        #expect(Dictionary(uniqueKeysWithValues: folders.map { ($0.name, $0.exclusion) }) == expected)
        #expect(folders.first { $0.name == "取引先/日" }?.mails.count == 1)
    }

    @Test("Maildirs and mbox files are found in folders of folders")
    func folderOfFolders() async throws {
        let files = try MailFiles()
        let box = "From a\n" + MailFiles.mail("1")
        try files.maildir("Maildir/Projects/Alpha")
        try files.write(MailFiles.mail("2"), to: "Maildir/Projects/Alpha/new/1")
        try files.maildir("Maildir")
        try files.write(box, to: "thunderbird/Inbox")
        try files.write("<mork>", to: "thunderbird/Inbox.msf")
        try files.write(box, to: "thunderbird/Inbox.sbd/見積")
        try files.write(box, to: "apple/Work.mbox/mbox")
        try files.write("x", to: "apple/Work.mbox/table_of_contents")
        try files.write("", to: "empty.MBOX")
        try files.write(box, to: "thunderbird/Spam")
        try files.write(box, to: "R&D-2024.mbox")
        try files.write(box, to: ".mail/hidden")
        try files.maildir(".mail/account/INBOX/Sent")
        try files.write(MailFiles.mail("3"), to: ".mail/account/INBOX/Sent/cur/1")
        try files.maildir("Maildir/.A/sub")
        try files.write(box, to: "apple/.Sent.mbox")
        try files.write("Mac OS X", to: "apple/._Work.mbox")
        let folders = try await files.read()
        #expect(
            folders.map(\.name) == [
                "mail/account/INBOX/Sent", "mail/hidden", "Maildir", "Maildir/A/sub", "Maildir/Projects/Alpha",
                "R&D-2024", "apple/.Sent", "apple/Work", "empty", "thunderbird/Inbox", "thunderbird/Inbox/見積",
                "thunderbird/Spam",
            ]
        )
        #expect(folders.map { $0.opened?.count } == [1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1, nil])
    }

    @Test("Folders of one name are told apart, so that each keeps its position")
    func sameNames() async throws {
        let files = try MailFiles()
        try files.write("From a\n" + MailFiles.mail("1"), to: "A")
        try files.write("From a\n" + MailFiles.mail("2"), to: "A.mbox")
        try files.write("From a\n" + MailFiles.mail("3"), to: "A.MBOX")
        try files.write("From a\n" + MailFiles.mail("4"), to: "inbox")
        let folders = try await files.read()
        #expect(folders.map(\.name) == ["A", "A (2)", "A (3)", "INBOX"])
        #expect(folders.map { $0.mails.first?.contains("Subject: 4") } == [false, false, false, true])
    }

    @Test("Folders nested too deeply are named as not read")
    func deepFolders() async throws {
        let files = try MailFiles()
        let deep = Array(repeating: "d", count: 40).joined(separator: "/")
        try files.write("From a\n" + MailFiles.mail("1"), to: "\(deep)/box.mbox")
        #expect(try await files.read().map(\.exclusion) == [FolderExclusion.unreadable])
    }

    @Test("A folder can be opened without asking for the list first; one that is not there is refused")
    func openWithoutList() async throws {
        let files = try MailFiles()
        try files.write("From a\n" + MailFiles.mail("1"), to: "A.mbox")
        try await files.session { session in
            let opened = try await session.open(SourceFolder(name: "A", path: "A", exclusion: nil))
            #expect(opened.count == 1)
            await #expect(throws: SyncFailure(.server, "")) {
                try await session.open(SourceFolder(name: "B", path: "B", exclusion: nil))
            }
        }
    }

    // MARK: Maildir

    @Test("Mails of new and cur are numbered by their unique names, in raw form, with their file's time")
    func maildir() async throws {
        let files = try MailFiles()
        try files.maildir("")
        try files.write(MailFiles.mail("3"), to: "new/300.M1.host")
        try files.write(MailFiles.mail("1", end: "\r\n"), to: "cur/100.M1.host,S=10:2,RS")
        try files.write(MailFiles.mail("2"), to: "cur/200.M1.host!2,")
        try files.write("x", to: "cur/.nfs1")
        try files.write("x", to: "tmp/400.M1.host")
        try files.folder("cur/folder")
        let time = Date(timeIntervalSince1970: 1_700_000_000.5)
        try FileManager.default.setAttributes(
            [.modificationDate: time],
            ofItemAtPath: files.path + "/new/300.M1.host"
        )
        let folder = try #require(try await files.read().first)
        #expect(folder.mails == ["1", "2", "3"].map { MailFiles.mail($0, end: "\r\n") })
        #expect(folder.headers.map(\.uid) == [1, 2, 3])
        #expect(folder.arrivals.last == 1_700_000_000_500)
        #expect(
            folder.headers.last.map { String(decoding: $0.bytes, as: UTF8.self) }
                == "From: a@example.com\r\nSubject: 3\r\n"
        )
    }

    @Test("Flags, being seen and new mails leave a Maildir's numbers alone; a mail fewer does not")
    func maildirValidity() async throws {
        let files = try MailFiles()
        try files.maildir("")
        try files.write(MailFiles.mail("1"), to: "new/99.M1.host")
        try files.write(MailFiles.mail("2"), to: "cur/200.M1.host:2,")
        let before = try await files.validity(ofFirst: 2)
        #expect(try await files.validity(ofFirst: 2) == before)
        #expect(try await files.validity(ofFirst: 3) == 0)
        try files.move("new/99.M1.host", to: "cur/99.M1.host:2,S")
        try files.move("cur/200.M1.host:2,", to: "cur/200.M1.host:2,FRS")
        #expect(try await files.validity(ofFirst: 2) == before)
        // Later, though not by letters.
        try files.write(MailFiles.mail("3"), to: "new/1000.M1.host")
        #expect(try await files.validity(ofFirst: 2) == before)
        let after = try await files.validity(ofFirst: 3)
        #expect(after != before)
        try FileManager.default.removeItem(atPath: files.path + "/cur/99.M1.host:2,S")
        #expect(try await files.validity(ofFirst: 1) != before)
        #expect(try await files.validity(ofFirst: 2) != before)
        #expect(try await files.validity(ofFirst: 2) != after)
    }

    @Test("A mail whose name changes while the folder is open is found; one that is removed is left out")
    func maildirChanges() async throws {
        let files = try MailFiles()
        try files.maildir("")
        for number in 1...4 { try files.write(MailFiles.mail("\(number)"), to: "new/\(number)") }
        try await files.session { session in
            _ = try await session.open(SourceFolder(name: "INBOX", path: "INBOX", exclusion: nil))
            try files.move("new/1", to: "cur/1:2,S")
            try files.move("new/2", to: "cur/2:2,S")
            try FileManager.default.removeItem(atPath: files.path + "/new/3")
            let found = try await session.wholeMails([1, 2, 3, 4, 5])
            #expect(found.keys.sorted() == [1, 2, 4])
            try files.move("cur/2:2,S", to: "cur/2:2,FS")
            var uids: [UInt32] = []
            let unreadable = try await session.headers(of: [2...UInt32.max]) { uids.append($0.uid) }
            #expect(uids == [2, 4])
            #expect(unreadable.isEmpty)
        }
    }

    @Test("A copy of a Maildir that lacks its empty folders is one still")
    func incompleteMaildir() async throws {
        let files = try MailFiles()
        try files.write(MailFiles.mail("1"), to: "cur/1:2,S")
        #expect(try await files.mails() == [MailFiles.mail("1", end: "\r\n")])
    }

    @Test("An empty file, one without an empty line and one with nothing but an endless header are mails as well")
    func oddMails() async throws {
        let files = try MailFiles()
        try files.write("", to: "cur/1")
        try files.write("Subject: x", to: "cur/2")
        try files.write(String(repeating: "X: y\n", count: 500_000), to: "cur/3")
        try files.write("\nbody", to: "cur/4")
        let folder = try #require(try await files.read().first)
        #expect(folder.opened?.count == 4)
        #expect(folder.headers.map(\.bytes.count) == [0, 10, 1 << 20, 0])
        #expect(folder.headers.map(\.size) == [0, 10, 3_000_000, 6])
    }

    // MARK: Damage

    @Test("Random files trap nothing, and every mail has the size it was announced with")
    func fuzzedMailFiles() async throws {
        var random = MailFilesRandom(state: 1)
        let files = try MailFiles()
        for _ in 0..<150 {
            let bytes = random.mboxLikeBytes(pieces: 60)
            try files.write(bytes, to: "boxes/box.mbox")
            let box = try await files.read("boxes")
            #expect(box.first?.opened?.count == box.first?.bodies.count)
            try files.write(bytes, to: "maildir/cur/1")
            _ = try await files.read("maildir")
        }
    }
}
