import Foundation
import IMAPClient
import Logging
import MailkeepModel
import MailkeepStore
import Synchronization
import TestSupport
import Testing

@testable import MailkeepSync

@Suite("Synchronising with a server that fails", .timeLimit(.minutes(10)))
struct SynchroniserTests {
    private typealias Folder = UnreliableSource.Folder

    private static func inbox(
        _ mails: Int,
        failure: IMAPError.Code = .connectionClosed,
        _ change: (inout Folder) -> Void = { _ in }
    ) -> UnreliableSource {
        var folder = Folder(mails: mails)
        change(&folder)
        return UnreliableSource(["INBOX": folder], failure: failure)
    }

    /// Counts of mails that are all associated.
    private static func expect(
        _ counts: FolderCounts?,
        _ considered: Int,
        stored: Int,
        before: Int = 0,
        vanished: Int = 0,
        unreadable: Int = 0,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var expected = FolderCounts(name: "INBOX")
        (expected.considered, expected.associated, expected.stored) = (
            considered, stored + vanished + unreadable, stored
        )
        (expected.storedBefore, expected.vanished, expected.unreadable) = (before, vanished, unreadable)
        expected.removed = vanished
        #expect(counts == expected, sourceLocation: sourceLocation)
    }

    // MARK: Attempts

    @Test("A server that breaks off after some headers each time is read to the end, each header once")
    func breaksAfterHeaders() async throws {
        let work = try await SyncWorkplace()
        let source = Self.inbox(900)
        source.change { $0.headersPerSession = 250 }
        let report = try await work.synchronise(source)
        #expect(report.progress.considered == 900 && report.isComplete)
        Self.expect(try await work.counts(), 900, stored: 900)
        #expect(source.change(\.sessions) == 4)
        #expect(source.change(\.askedHeaders).count < 910)
    }

    @Test("A server that never brings anything new is given up after a few attempts", arguments: [0, 1, 250])
    func bringsNothing(headers: Int) async throws {
        let work = try await SyncWorkplace()
        let source = Self.inbox(300) { $0.breakingHeaders = Set((1...300).filter { $0 > headers }.map(UInt32.init)) }
        await #expect(throws: SyncFailure(.connect, "")) { try await work.synchronise(source) }
        #expect(source.change(\.sessions) < 25)
        #expect(try await work.coveredUntil == nil)
        // Nothing is lost of what was given up.
        source.change { $0.folders["INBOX"]?.breakingHeaders = [] }
        try await work.synchronise(source)
        Self.expect(try await work.counts(), 300, stored: 300)
    }

    @Test("A server that cannot be reached is tried three times in all")
    func unreachable() async throws {
        struct Unreachable: MailSource {
            let sessions: UnreliableSource

            nonisolated(nonsending) func withSession(
                _ body: nonisolated(nonsending) (any MailSession) async throws -> Void
            ) async throws {
                try await sessions.withSession { _ in throw SyncFailure(.connect, "") }
            }
        }
        let (work, source) = (try await SyncWorkplace(), Self.inbox(1))
        await #expect(throws: SyncFailure(.connect, "")) {
            try await work.synchronise(Unreachable(sessions: source))
        }
        #expect(source.change(\.sessions) == 3)
    }

    @Test("What came before a break is stored, and not fetched again")
    func breaksAfterBodies() async throws {
        let work = try await SyncWorkplace()
        let source = Self.inbox(30)
        source.change { $0.bodiesPerSession = 7 }
        try await work.synchronise(source)
        Self.expect(try await work.counts(), 30, stored: 30)
        #expect(source.change(\.givenBodies) == (1...30).map(UInt32.init))
        #expect(source.change(\.sessions) == 5)
    }

    @Test("A mail at which the server always breaks off does not keep the others", arguments: [3, 30], [true, false])
    func breakingBody(uid: UInt32, isServerAtFault: Bool) async throws {
        let work = try await SyncWorkplace()
        let source = Self.inbox(30, failure: isServerAtFault ? .invalidResponse : .connectionClosed) {
            $0.breakingBodies = [uid]
        }
        if uid == 30, !isServerAtFault {
            // Nothing came after it: the connection may be to blame, so that the run does not pass as a success.
            await #expect(throws: SyncFailure(.connect, "")) { try await work.synchronise(source) }
            #expect(try await work.coveredUntil == nil)
        } else {
            let report = try await work.synchronise(source)
            #expect(report.isComplete && report.coveredUntil == work.lastRun)
        }
        Self.expect(try await work.counts(), 30, stored: 29, unreadable: 1)
        // It is asked for once in every run, at the cost of one session.
        for _ in 0..<2 {
            let before = source.change(\.sessions)
            #expect(try await work.synchronise(source).isComplete)
            #expect(source.change(\.sessions) == before + 2)
        }
        source.change { $0.folders["INBOX"]?.breakingBodies = [] }
        try await work.synchronise(source)
        Self.expect(try await work.counts(), 30, stored: 30)
    }

    @Test("A header at which the server always breaks off does not keep the others", arguments: [true, false])
    func breakingHeader(isServerAtFault: Bool) async throws {
        let work = try await SyncWorkplace()
        let source = Self.inbox(600, failure: isServerAtFault ? .invalidResponse : .connectionClosed) {
            $0.breakingHeaders = [300]
        }
        try await work.synchronise(source)
        Self.expect(try await work.counts(), 600, stored: 599, unreadable: 1)
        source.change { $0.folders["INBOX"]?.breakingHeaders = [] }
        try await work.synchronise(source)
        Self.expect(try await work.counts(), 600, stored: 600)
    }

    @Test("Answers that make no sense in one folder leave the others alone, and the mailbox incomplete")
    func brokenFolder() async throws {
        let work = try await SyncWorkplace()
        let broken = Folder(mails: 50, breakingHeaders: Set(1...50))
        let source = UnreliableSource(["Broken": broken, "INBOX": Folder(mails: 5)], failure: .invalidResponse)
        let report = try await work.synchronise(source)
        #expect(!report.isComplete && report.excluded == ["Broken": .unreadable])
        Self.expect(try await work.counts(), 5, stored: 5)
        #expect(try await work.coveredUntil == nil)
    }

    @Test("However many addresses headers hold, no more than some thousands are recorded together")
    func manyAddresses() async throws {
        let work = try await SyncWorkplace()
        let source = Self.inbox(60) { $0.addresses = 2000 }
        let steps = Mutex<[Int]>([])
        try await work.synchronise(source) { progress in steps.withLock { $0.append(progress.considered) } }
        let considered = steps.withLock(\.self)
        #expect(considered.last == 60)
        #expect(zip(considered, considered.dropFirst()).allSatisfy { $1 - $0 <= 11 })
        Self.expect(try await work.counts(), 60, stored: 60)
    }

    // MARK: Mails that do not come

    @Test("Headers that are refused or left out are counted, and read when they can be", arguments: [true, false])
    func missingHeaders(isSilent: Bool) async throws {
        let work = try await SyncWorkplace()
        let missing: Set<UInt32> = [1, 17, 40]
        let source = Self.inbox(40) {
            if isSilent { $0.silentHeaders = missing } else { $0.refusedHeaders = missing }
        }
        try await work.synchronise(source)
        Self.expect(try await work.counts(), 40, stored: 37, unreadable: 3)
        source.change {
            $0.folders["INBOX"]?.silentHeaders = []
            $0.folders["INBOX"]?.refusedHeaders = []
            $0.folders["INBOX"]?.gone = [17]
        }
        try await work.synchronise(source)
        var expected = FolderCounts(name: "INBOX")
        // The header of the one that is gone was never read.
        (expected.considered, expected.removed, expected.associated, expected.stored) = (40, 1, 39, 39)
        #expect(try await work.counts() == expected)
        let asked = source.change(\.askedHeaders).count
        try await work.synchronise(source)
        #expect(source.change(\.askedHeaders).count == asked)
    }

    @Test("Only what the server lists no more has vanished; what it keeps back is asked for again")
    func missingBodies() async throws {
        let work = try await SyncWorkplace()
        let source = Self.inbox(20) { $0.silentBodies = [4, 5] }
        try await work.synchronise(source)
        Self.expect(try await work.counts(), 20, stored: 18, unreadable: 2)
        source.change {
            $0.folders["INBOX"]?.silentBodies = []
            $0.folders["INBOX"]?.gone = [5]
        }
        try await work.synchronise(source)
        Self.expect(try await work.counts(), 20, stored: 19, vanished: 1)
    }

    @Test("Many unreadable mails in a row do not keep the others")
    func manyUnreadable() async throws {
        let work = try await SyncWorkplace()
        let source = Self.inbox(100) {
            $0.refusedHeaders = Set(1...30)
            $0.refusedBodies = Set(31...60)
        }
        #expect(try await work.synchronise(source).isComplete)
        Self.expect(try await work.counts(), 100, stored: 40, unreadable: 60)
    }

    // MARK: Mailboxes that cannot be read

    @Test(
        "A mailbox of which nothing can be read is not synchronised",
        arguments: ["empty", "refused", "inbox", "all"]
    )
    func nothingRead(what: String) async throws {
        let work = try await SyncWorkplace()
        let fine = Folder(mails: 2)
        let refused = Folder(mails: 2, refusesToOpen: true)
        let folders: [String: Folder] =
            switch what {
            case "empty": [:]
            case "refused": ["Archive": refused, "INBOX": refused]
            case "inbox": ["Archive": fine, "INBOX": refused]
            default: ["INBOX": Folder(mails: 50, refusedHeaders: Set(1...50))]
            }
        let source = UnreliableSource(folders)
        await #expect(throws: SyncFailure(.server, "")) { try await work.synchronise(source) }
        #expect(try await work.coveredUntil == nil)
        source.change { $0.folders = ["Archive": fine, "INBOX": fine] }
        #expect(try await work.synchronise(source).isComplete)
        #expect(try await work.coveredUntil == work.lastRun)
    }

    @Test("A mailbox of which a folder cannot be read is covered until when it was before")
    func folderRefused() async throws {
        let work = try await SyncWorkplace()
        let source = UnreliableSource(["Archive": Folder(mails: 2), "INBOX": Folder(mails: 2)])
        try await work.synchronise(source)
        let before = work.lastRun
        source.change {
            $0.folders["Archive"]?.refusesToOpen = true
            $0.folders["INBOX"]?.mails = 3
        }
        let report = try await work.synchronise(source)
        #expect(!report.isComplete && report.coveredUntil == before)
        #expect(report.excluded == ["Archive": .unreadable])
        #expect(try await work.coveredUntil == before)
        Self.expect(try await work.counts(), 3, stored: 3)
    }

    // MARK: Files

    @Test("Only new mail is read and stored from a Maildir that mail is delivered to")
    func maildir() async throws {
        let (work, files) = (try await SyncWorkplace(), try MailFiles())
        try files.maildir("")
        let source = try FileSource(path: files.path, allowed: [files.path])
        for (number, expected) in zip(1...3, [1, 1, 1]) {
            try files.write(SyncWorkplace.mail("\(number)"), to: "new/17000000\(number).M1P1.host")
            let report = try await work.synchronise(source)
            #expect(report.progress.considered == expected && report.progress.stored == expected)
            Self.expect(try await work.counts(), number, stored: number)
        }
        #expect(try await work.subjects == ["1", "2", "3"])
        try files.move("new/170000001.M1P1.host", to: "cur/170000001.M1P1.host:2,S")
        #expect(try await work.synchronise(source).progress.considered == 0)
        // A mail that is deleted stays stored; the folder's counts are those of what is in it.
        try FileManager.default.removeItem(atPath: files.path + "/new/170000002.M1P1.host")
        try await work.synchronise(source)
        Self.expect(try await work.counts(), 2, stored: 2, before: 1)
        #expect(try await work.subjects == ["1", "2", "3"])
        #expect(try await work.synchronise(source).progress.considered == 0)
    }

    @Test("Only new mail is read and stored from an mbox that mail is appended to")
    func mbox() async throws {
        let (work, files) = (try await SyncWorkplace(), try MailFiles())
        var text = ""
        for number in 1...450 {
            text += "From a Mon Jan  5 10:30:00 2026\n" + SyncWorkplace.mail("\(number)", end: "\n") + "\n"
            guard [200, 201, 450].contains(number) else { continue }
            try files.write(text, to: "box.mbox")
            let source = try FileSource(path: files.path + "/box.mbox", allowed: [files.path])
            let report = try await work.synchronise(source)
            #expect(report.progress.considered == [200: 200, 201: 1, 450: 249][number])
            #expect(report.progress.stored == report.progress.considered)
            Self.expect(try await work.counts(), number, stored: number)
            #expect(try await work.synchronise(source).progress.considered == 0)
        }
    }

    @Test("A date behind more header than is read for association is the mail's date all the same")
    func dateBehindLongHeader() async throws {
        let (work, files) = (try await SyncWorkplace(), try MailFiles())
        try files.maildir("")
        let long = "X-Long: \(String(repeating: "x", count: 70))\r\n"
        let mail = "From: \(SyncWorkplace.customer)\r\nSubject: long\r\n" + String(repeating: long, count: 20_000)
        try files.write(mail + "Date: Thu, 1 Jan 2026 00:00:00 +0000\r\n\r\nHello\r\n", to: "new/1.M1P1.host")
        try await work.synchronise(try FileSource(path: files.path, allowed: [files.path]))
        #expect(try await work.dates == ["long": Timestamp(rawValue: 1_767_225_600_000)])
    }

    @Test("A mail with more header than is read is stored by the addresses that were, or noted as unreadable")
    func endlessHeader() async throws {
        let (work, files) = (try await SyncWorkplace(), try MailFiles())
        try files.maildir("")
        let lines = String(repeating: "X: \(String(repeating: "y", count: 60))\r\n", count: 20_000)
        try files.write("From: \(SyncWorkplace.customer)\r\nSubject: early\r\n\(lines)\r\n", to: "new/1.a")
        try files.write("\(lines)From: \(SyncWorkplace.customer)\r\nSubject: late\r\n\r\n", to: "new/2.a")
        let source = try FileSource(path: files.path, allowed: [files.path])
        for _ in 0..<2 {
            try await work.synchronise(source)
            Self.expect(try await work.counts(), 2, stored: 1, unreadable: 1)
        }
        #expect(try await work.subjects == ["early"])
    }

    // MARK: IMAP

    private static func source(port: Int) -> IMAPSource {
        IMAPSource(
            server: MailServer(host: "127.0.0.1", port: port, security: .none),
            credentials: MailCredentials(username: "alice", password: "secret"),
            policy: NetworkPolicy(allowed: [Network("127.0.0.0/8")].compactMap(\.self)),
            logger: Logger(label: "test")
        )
    }

    private static let fields = "BODY[HEADER.FIELDS (From)]"

    private static func header(_ uid: Int) -> String {
        let text = "From: \(SyncWorkplace.customer)\r\n\r\n"
        return "* \(uid) FETCH (UID \(uid) RFC822.SIZE 9 \(fields) {\(text.utf8.count)}\r\n\(text))\r\n"
    }

    private static func body(_ uid: Int) -> String {
        let text = SyncWorkplace.mail("\(uid)")
        return "* \(uid) FETCH (UID \(uid) BODY[] {\(text.utf8.count)}\r\n\(text))\r\n"
    }

    private static let signedIn: [ScriptedIMAPServer.Step] =
        ScriptedIMAPServer.signIn() + [.receive("LIST"), .send("* LIST () \"/\" INBOX\r\n"), .answer("OK")]

    private static func examine(_ count: Int) -> [ScriptedIMAPServer.Step] {
        [
            .receive("EXAMINE"),
            .send("* \(count) EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT \(count + 1)] n\r\n"), .answer("OK"),
        ]
    }

    private static func list(_ uids: ClosedRange<Int>) -> [ScriptedIMAPServer.Step] {
        let lines = uids.map { "* \($0) FETCH (UID \($0))\r\n" }.joined()
        return [.receive("(UID)"), .send(lines), .answer("OK")]
    }

    @Test(
        "Mails that the server passes over in its answers are asked for again and counted",
        arguments: [
            "* 2 FETCH (UID 2 \(fields) NIL)\r\n", "* 2 FETCH (\(fields) {2}\r\n\r\n)\r\n", "",
        ]
    )
    func passedOver(answer: String) async throws {
        let script =
            Self.signedIn + Self.examine(3) + Self.list(1...3) + [
                .receive("UID FETCH 1:3 (UID RFC822.SIZE"), .send(Self.header(1) + answer + Self.header(3)),
                .answer("OK"),
                .receive("UID FETCH 2 (UID RFC822.SIZE"), .send(answer), .answer("OK"),
            ] + Self.list(2...2) + [
                .receive("UID FETCH 1,3 ("), .send(Self.body(1) + Self.body(3)), .answer("OK"),
            ] + ScriptedIMAPServer.signOut
        let work = try await SyncWorkplace()
        try await withScriptedIMAPServer(script) { server in
            try await work.synchronise(Self.source(port: server.port))
        }
        Self.expect(try await work.counts(), 3, stored: 2, unreadable: 1)
    }

    @Test("Headers that a server answers with nonsense fail the mailbox, after attempts that end")
    func nonsense() async throws {
        let script =
            Self.signedIn + Self.examine(30) + Self.list(1...30) + [
                .receive("UID FETCH"), .send("* 1 FETCH (UID 1 \(Self.fields) {3}\r\nabcd)\r\n"), .stall,
            ]
        let work = try await SyncWorkplace()
        try await withScriptedIMAPServer(script) { server in
            await #expect(throws: SyncFailure(.server, "")) {
                try await work.synchronise(Self.source(port: server.port))
            }
            #expect(server.received.count { $0.contains("EXAMINE") } < 30)
        }
        #expect(try await work.coveredUntil == nil)
    }

    @Test("A real server behind a connection that breaks all the time is read to the end, each mail once")
    func unluckyLink() async throws {
        let work = try await SyncWorkplace()
        try await withDovecot { server in
            let mails = (1...60).map { SyncWorkplace.mail("\($0)", body: String(repeating: "line\r\n", count: 400)) }
            try server.deliver(mails.map { Array($0.utf8) }, user: "alice")
            try await withCuttingProxy(to: server.imapPort, cutAfter: 40_000) { proxy in
                let report = try await work.synchronise(Self.source(port: proxy.port))
                #expect(report.isComplete && report.progress.stored == 60)
                #expect(proxy.cutConnections >= 3)
                #expect(try await work.synchronise(Self.source(port: proxy.port)).progress.considered == 0)
            }
        }
        Self.expect(try await work.counts(), 60, stored: 60)
    }
}
