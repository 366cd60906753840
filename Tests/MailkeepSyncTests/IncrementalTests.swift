import Logging
import MailkeepModel
import MailkeepStore
import Synchronization
import TestSupport
import Testing

@testable import MailkeepSync

@Suite("What is new in a mailbox, on a real server", .timeLimit(.minutes(5)))
struct IncrementalTests {
    private static func source(port: Int, width: Int = 1) -> IMAPSource {
        IMAPSource(
            server: MailServer(host: "127.0.0.1", port: port, security: .none),
            credentials: MailCredentials(username: "alice", password: "secret"),
            policy: NetworkPolicy(allowed: [Network("127.0.0.0/8")].compactMap(\.self)),
            width: width,
            logger: Logger(label: "test")
        )
    }

    private static func signIn(_ server: DovecotServer) throws -> BlockingIMAP {
        let hand = try BlockingIMAP(port: server.imapPort)
        try hand.command("LOGIN alice secret")
        return hand
    }

    /// A mail whose date is another for each subject.
    private static func dated(_ subject: String) -> String {
        let minute = 10 + subject.utf8.reduce(0) { $0 + Int($1) } % 50
        return "Date: Thu, 1 Jan 2026 00:\(minute):00 +0000\r\n" + SyncWorkplace.mail(subject)
    }

    private static func append(_ subjects: String..., to folder: String = "INBOX", by hand: BlockingIMAP) throws {
        for subject in subjects {
            let mail = dated(subject)
            try hand.command("APPEND \(folder) {\(mail.utf8.count)+}\r\n\(mail)")
        }
    }

    /// Removes mails of INBOX, which is open then.
    private static func expunge(_ messages: String, by hand: BlockingIMAP) throws {
        try hand.command("SELECT INBOX")
        try hand.command("STORE \(messages) +FLAGS (\\Deleted)")
        try hand.command("EXPUNGE")
    }

    /// Runs a test on a mailbox of which INBOX was read, with mails of these subjects in it.
    private static func withReadInbox(
        _ subjects: String...,
        body: nonisolated(nonsending) (SyncWorkplace, IMAPSource, BlockingIMAP) async throws -> Void
    ) async throws {
        let work = try await SyncWorkplace()
        try await withDovecot { server in
            let hand = try signIn(server)
            for subject in subjects { try append(subject, by: hand) }
            let source = source(port: server.imapPort)
            try await work.synchronise(source)
            try await body(work, source, hand)
        }
    }

    @Test("A mail without a date has that of its arrival; one with a date keeps it")
    func arrival() async throws {
        let work = try await SyncWorkplace()
        try await withDovecot { server in
            let hand = try Self.signIn(server)
            let dated = "Date: Thu, 1 Jan 2026 00:00:00 +0000\r\n" + SyncWorkplace.mail("dated")
            for mail in [SyncWorkplace.mail("bare"), dated] {
                try hand.command("APPEND INBOX \"05-Jan-2026 01:30:11 +0000\" {\(mail.utf8.count)+}\r\n\(mail)")
            }
            try await work.synchronise(Self.source(port: server.imapPort))
            let dates = try await work.dates
            #expect(dates["bare"] == Timestamp(rawValue: 1_767_576_611_000))
            #expect(dates["dated"] == Timestamp(rawValue: 1_767_225_600_000))
        }
    }

    @Test("A renamed folder is known again, and nothing of it is read a second time")
    func renamed() async throws {
        let work = try await SyncWorkplace()
        try await withDovecot { server in
            let hand = try Self.signIn(server)
            try hand.command("CREATE Orders")
            try Self.append("one", "two", "three", to: "Orders", by: hand)
            try Self.append("other", by: hand)
            let source = Self.source(port: server.imapPort)
            try await work.synchronise(source)
            try hand.command("RENAME Orders \"Orders 2025\"")
            let report = try await work.synchronise(source)
            #expect(report.progress.considered == 0 && report.progress.stored == 0)
            #expect(try await work.counts(of: "Orders") == nil)
            #expect(try await work.counts(of: "Orders 2025")?.stored == 3)

            try Self.append("four", to: "\"Orders 2025\"", by: hand)
            let next = try await work.synchronise(source)
            #expect(next.progress.considered == 1 && next.progress.stored == 1)
            #expect(try await work.subjects == ["four", "one", "other", "three", "two"])
        }
    }

    @Test("A folder that looks like one that is gone, by sizes alone, is read for itself")
    func lookalike() async throws {
        let (work, mailbox) = (try await SyncWorkplace(), ChangingMailbox())
        for (name, subject) in [("Scans", "1"), ("Faxes", "2")] {
            mailbox.change { state in
                state.folders = [name: .init(uidValidity: 1)]
                state.folders[name]?.append(SyncWorkplace.mail(subject))
            }
            try await work.synchronise(mailbox)
        }
        #expect(try await work.subjects == ["1", "2"])
    }

    @Test("What vanished is told by a server that counts changes, without a list of all that is there")
    func vanished() async throws {
        try await Self.withReadInbox("one", "two", "three", "four", "five") { work, source, hand in
            let known = try await work.store.read { [mailbox = work.mailbox] in try $0.knownFolders(of: mailbox) }
            let inbox = try #require(known.first { $0.name == "INBOX" })
            let before = FolderState(uidValidity: inbox.position.uidValidity, modSeq: try #require(inbox.modSeq))

            try Self.expunge("2,4", by: hand)
            try Self.append("six", by: hand)
            try await source.withSession { session in
                var folder = try #require(try await session.folders().first { $0.name == "INBOX" })
                #expect(try await session.open(folder).vanished == nil)
                folder.before = before
                #expect(try await session.open(folder).vanished == [2...2, 4...4])
            }
            try await work.synchronise(source)
            let counts = try #require(try await work.counts(of: "INBOX"))
            #expect(counts.removed == 2 && counts.stored == 6)
        }
    }

    @Test("What a server says vanished and counts all the same is still there")
    func falselyVanished() async throws {
        try await Self.withReadInbox("one", "two", "three") { work, source, hand in
            try await work.store.write { [mailbox = work.mailbox] transaction in
                let inbox = try #require(try transaction.knownFolders(of: mailbox).first { $0.name == "INBOX" })
                try transaction.markGone(in: inbox.position.id, [1...UInt32.max])
            }
            #expect(try await work.counts(of: "INBOX")?.removed == 3)
            try await work.synchronise(source)
            #expect(try await work.counts(of: "INBOX")?.removed == 0)
        }
    }

    @Test("A folder that was deleted is gone with all its mails, and what was stored of it stays")
    func deleted() async throws {
        let work = try await SyncWorkplace()
        try await withDovecot { server in
            let hand = try Self.signIn(server)
            try hand.command("CREATE Old")
            try Self.append("one", "two", to: "Old", by: hand)
            let source = Self.source(port: server.imapPort)
            try await work.synchronise(source)
            try hand.command("DELETE Old")
            try hand.command("CREATE New")
            try Self.append("three", "four and more", to: "New", by: hand)
            let report = try await work.synchronise(source)
            #expect(try await work.subjects == ["four and more", "one", "three", "two"])
            for folder in ["Old", "New"] { #expect(try await work.counts(of: folder)?.stored == 2) }
            #expect(try await work.counts(of: "Old")?.removed == 2 && report.onServer["Old"] == 0)
        }
    }

    @Test(
        "A folder is taken for one of a former name with its UIDVALIDITY only where its mails are the same",
        arguments: [
            (["one", "two"], true), (["one", "two", "three"], true), (["one", "other"], false),
            (["one", "TWO"], false), (["two", "one and more"], false),
        ]
    )
    func replaced(subjects: [String], isSame: Bool) async throws {
        func folder(_ name: String, _ subjects: [String]) -> MailboxIMAPServer.Folder {
            let mails = subjects.enumerated().map { (UInt32($0 + 1), Array(Self.dated($1).utf8)) }
            return MailboxIMAPServer.Folder(name: name, mails: Dictionary(uniqueKeysWithValues: mails))
        }
        let work = try await SyncWorkplace()
        let inbox = MailboxIMAPServer.Folder(name: "INBOX", uidValidity: 8, mails: [:])
        try await withMailboxIMAPServer([inbox, folder("Old", ["one", "two"])]) { server in
            try await work.synchronise(Self.source(port: server.port))
        }
        try await withMailboxIMAPServer([inbox, folder("New", subjects)]) { server in
            let report = try await work.synchronise(Self.source(port: server.port))
            #expect(report.progress.considered == (isSame ? subjects.count - 2 : subjects.count))
            #expect(report.onServer["Old"] == (isSame ? nil : 0))
        }
        let old = try await work.counts(of: "Old")
        #expect(isSame ? old == nil : old?.removed == 2 && old?.stored == 2)
        #expect(try await work.counts(of: "New")?.stored == subjects.count)
    }

    @Test("A mailbox on a real server is read over several connections, each mail once")
    func manyConnections() async throws {
        final class Counting: MailSource {
            let source: IMAPSource
            private let sessions = Atomic(0)

            init(_ source: IMAPSource) { self.source = source }

            var width: Int { source.width }
            var count: Int { sessions.load(ordering: .relaxed) }

            nonisolated(nonsending) func withSession(
                _ body: nonisolated(nonsending) (any MailSession) async throws -> Void
            ) async throws {
                sessions.add(1, ordering: .relaxed)
                try await source.withSession(body)
            }
        }
        let work = try await SyncWorkplace()
        try await withDovecot { server in
            for (number, folder) in ["INBOX", "Orders", "Sent"].enumerated() {
                if number > 0 { try server.createFolder(folder, user: "alice") }
                let mails = (1...600).map { Array(SyncWorkplace.mail("\(folder) \($0)").utf8) }
                try server.deliver(mails, to: folder, user: "alice")
            }
            let source = Counting(Self.source(port: server.imapPort, width: 3))
            let report = try await work.synchronise(source)
            #expect(report.isComplete && report.progress.considered == 1800 && report.progress.stored == 1800)
            #expect(source.count > 1)
            for folder in ["INBOX", "Orders", "Sent"] {
                #expect(report.onServer[folder] == 600)
                #expect(try await work.counts(of: folder)?.stored == 600)
            }
            #expect(try await Set(work.storedMails).count == 1800)
        }
    }

    @Test("A folder that was emptied is read to its end, and not opened in every run")
    func emptied() async throws {
        try await Self.withReadInbox("one") { work, source, hand in
            try Self.append("two", by: hand)
            try Self.expunge("1:*", by: hand)
            try await work.synchronise(source)
            #expect(try await work.position(in: "INBOX") == 3)
            try Self.append("three", by: hand)
            try await work.synchronise(source)
            #expect(try await work.subjects == ["one", "three"])
        }
    }

    @Test("Folders whose names look the same are read each for itself")
    func namesAlike() async throws {
        func folder(_ name: String, _ subject: String) -> MailboxIMAPServer.Folder {
            MailboxIMAPServer.Folder(name: name, mails: [1: Array(SyncWorkplace.mail(subject).utf8)])
        }
        let work = try await SyncWorkplace()
        let folders = [folder("INBOX", "one"), folder("Box", "two"), folder("B&AG8-x", "three")]
        for folders in [folders, folders.reversed()] {
            try await withMailboxIMAPServer(folders) { server in
                let report = try await work.synchronise(Self.source(port: server.port))
                #expect(report.onServer == ["INBOX": 1, "Box": 1, "Box (2)": 1])
            }
            #expect(try await work.subjects == ["one", "three", "two"])
        }
        for folder in ["Box", "Box (2)"] { #expect(try await work.counts(of: folder)?.stored == 1) }
    }

    @Test("What is removed from the server stays, and is counted as removed")
    func removed() async throws {
        try await Self.withReadInbox("one", "two", "three") { work, source, hand in
            try Self.expunge("2", by: hand)
            let report = try await work.synchronise(source)
            #expect(report.onServer["INBOX"] == 2)
            var expected = FolderCounts(name: "INBOX")
            (expected.considered, expected.removed, expected.associated, expected.stored) = (3, 1, 3, 3)
            #expect(try await work.counts() == expected)
            #expect(try await work.subjects == ["one", "three", "two"])
        }
    }

    @Test("A list of folders without any, or without one that should be read, says nothing of what is gone")
    func emptyList() async throws {
        let work = try await SyncWorkplace()
        let source = UnreliableSource(["INBOX": .init(mails: 3), "Old": .init(mails: 2)])
        try await work.synchronise(source)
        source.change { $0.folders = [:] }
        await #expect(throws: SyncFailure(.server, "")) { try await work.synchronise(source) }
        for folder in ["INBOX", "Old"] { #expect(try await work.counts(of: folder)?.removed == 0) }
        source.change { $0.folders = ["INBOX": .init(mails: 3)] }
        try await work.synchronise(source)
        #expect(try await work.counts(of: "INBOX")?.removed == 0)
        #expect(try await work.counts(of: "Old")?.removed == 2)
    }

    @Test("A folder that is as it was is not opened again")
    func untouched() async throws {
        let status = "* STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 7)\r\n"
        let mail = SyncWorkplace.mail("1")
        let header = "From: \(SyncWorkplace.customer)\r\n\r\n"
        let list: [ScriptedIMAPServer.Step] =
            ScriptedIMAPServer.signIn(capabilities: "IMAP4rev1 SASL-IR AUTH=PLAIN LIST-STATUS") + [
                .receive("LIST"), .send("* LIST () \"/\" INBOX\r\n" + status), .answer("OK"),
            ]
        let first: [ScriptedIMAPServer.Step] =
            list + [
                .receive("EXAMINE"), .send("* 1 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT 2] n\r\n"),
                .answer("OK"),
                .receive("(UID)"), .send("* 1 FETCH (UID 1)\r\n"), .answer("OK"),
                .receive("UID FETCH 1 (UID RFC822.SIZE"),
                .send("* 1 FETCH (UID 1 RFC822.SIZE 9 BODY[HEADER] {\(header.utf8.count)}\r\n\(header))\r\n"),
                .answer("OK"),
                .receive("UID FETCH 1 ("), .send("* 1 FETCH (UID 1 BODY[] {\(mail.utf8.count)}\r\n\(mail))\r\n"),
                .answer("OK"),
            ] + ScriptedIMAPServer.signOut
        let work = try await SyncWorkplace()
        try await withScriptedIMAPServer(first) { server in
            try await work.synchronise(Self.source(port: server.port))
        }
        #expect(try await work.subjects == ["1"])
        try await withScriptedIMAPServer(list + ScriptedIMAPServer.signOut) { server in
            let report = try await work.synchronise(Self.source(port: server.port))
            #expect(report.isComplete && report.onServer == ["INBOX": 1])
            #expect(!server.received.contains { $0.contains("EXAMINE") })
        }
    }

    @Test("With Gmail's labels a mail is read once")
    func labels() async throws {
        let mail = SyncWorkplace.mail("1")
        let header = "From: \(SyncWorkplace.customer)\r\n\r\n"
        func headers(of folder: String) -> [ScriptedIMAPServer.Step] {
            [
                .receive("EXAMINE"), .send("* 1 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT 2] n\r\n"),
                .answer("OK"),
                .receive("(UID)"), .send("* 1 FETCH (UID 1)\r\n"), .answer("OK"),
                .receive("X-GM-MSGID"),
                .send("* 1 FETCH (UID 1 X-GM-MSGID 1278455344230334865 RFC822.SIZE 9 BODY[HEADER] "),
                .send("{\(header.utf8.count)}\r\n\(header))\r\n"), .answer("OK"),
            ]
        }
        let script: [ScriptedIMAPServer.Step] =
            ScriptedIMAPServer.signIn(capabilities: "IMAP4rev1 SASL-IR AUTH=PLAIN X-GM-EXT-1") + [
                .receive("LIST"),
                .send("* LIST () \"/\" INBOX\r\n* LIST (\\All) \"/\" \"[Gmail]/All Mail\"\r\n"), .answer("OK"),
            ] + headers(of: "INBOX") + headers(of: "[Gmail]/All Mail") + [
                .receive("UID FETCH 1 ("), .send("* 1 FETCH (UID 1 BODY[] {\(mail.utf8.count)}\r\n\(mail))\r\n"),
                .answer("OK"),
                .receive("EXAMINE"), .send("* 1 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT 2] n\r\n"),
                .answer("OK"),
            ] + ScriptedIMAPServer.signOut
        let work = try await SyncWorkplace()
        try await withScriptedIMAPServer(script) { server in
            let report = try await work.synchronise(Self.source(port: server.port))
            #expect(report.progress.stored == 2)
            #expect(server.received.count { $0.contains("BODY.PEEK[])") } == 1)
        }
        #expect(try await work.subjects == ["1"])
        for folder in ["INBOX", "[Gmail]/All Mail"] { #expect(try await work.counts(of: folder)?.stored == 1) }
    }

    @Test("A server that asks to wait is asked again after a while, and then left alone")
    func throttled() async throws {
        let script: [ScriptedIMAPServer.Step] =
            ScriptedIMAPServer.signIn() + [.receive("LIST"), .answer("NO [THROTTLED] slow down")]
        let work = try await SyncWorkplace()
        try await withScriptedIMAPServer(script) { server in
            await #expect(throws: SyncFailure(.throttled, "")) {
                try await work.synchronise(Self.source(port: server.port))
            }
            #expect(server.received.count { $0.contains("LIST") } == 6)
        }
    }

    @Test("No more than a day's limit is read on a day")
    func dailyLimit() async throws {
        let work = try await SyncWorkplace()
        try await withDovecot { server in
            let hand = try Self.signIn(server)
            try Self.append("one", "two", by: hand)
            var source = Self.source(port: server.imapPort)
            source.dailyBytes = 1
            try await work.synchronise(source)
            #expect(try await work.subjects == ["one", "two"])
            try Self.append("three", by: hand)
            do {
                try await work.synchronise(source)
                Issue.record("the limit was not kept to")
            } catch let failure as SyncFailure {
                #expect(failure.code == .throttled)
                #expect(failure.retryAt.map { $0.rawValue % 86_400_000 == 0 && $0 > work.lastRun } == true)
            }
            #expect(try await work.subjects == ["one", "two"])
        }
    }

    @Test("New mail is told also where as many others go, while an inbox is watched")
    func watchedWhileMailGoes() async throws {
        try await withDovecot { server in
            let hand = try Self.signIn(server)
            try Self.append("one", "two", "three", by: hand)
            try hand.command("SELECT INBOX")
            let source = Self.source(port: server.imapPort)
            let news = News()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    struct Enough: Error {}
                    try? await source.watchInbox {
                        _ = news.add()
                        throw Enough()
                    }
                }
                for _ in 0..<20 where news.count == 0 {
                    try hand.command("STORE 1 +FLAGS (\\Deleted)")
                    try hand.command("EXPUNGE")
                    try await Task.sleep(for: .milliseconds(500))
                    try Self.append("more", by: hand)
                    try hand.command("NOOP")
                    try await Task.sleep(for: .milliseconds(500))
                }
                group.cancelAll()
            }
            #expect(news.count == 1)
        }
    }

    /// How often there were news.
    private final class News: Sendable {
        private let number = Atomic(0)

        var count: Int { number.load(ordering: .relaxed) }
        func add() -> Int { number.add(1, ordering: .relaxed).newValue }
    }

    @Test("New mail is told while an inbox is watched")
    func watched() async throws {
        try await withDovecot { server in
            let source = Self.source(port: server.imapPort)
            let news = News()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    struct Enough: Error {}
                    try? await source.watchInbox {
                        if news.add() == 2 { throw Enough() }
                    }
                }
                group.addTask {
                    let hand = try Self.signIn(server)
                    while !Task.isCancelled, news.count < 2 {
                        try Self.append("more", by: hand)
                        try await Task.sleep(for: .milliseconds(300))
                    }
                }
                try await group.waitForAll()
            }
            #expect(news.count == 2)
        }
    }
}
