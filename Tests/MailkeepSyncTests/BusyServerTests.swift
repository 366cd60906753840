import Foundation
import MailkeepModel
import MailkeepStore
import TestSupport
import Testing

@testable import MailkeepSync

@Suite("What a mail server refuses for now", .timeLimit(.minutes(2)))
struct BusyServerTests {
    private static func folder(_ name: String, mails: Int = 3) -> MailboxIMAPServer.Folder {
        let mails = (1...mails).map { (UInt32($0), Array(SyncWorkplace.mail("\(name) \($0)").utf8)) }
        return .init(name: name, mails: Dictionary(uniqueKeysWithValues: mails))
    }

    @Test(
        "One mail that is refused for now, alone too, is passed over, and read when it can be",
        arguments: ["[UNAVAILABLE] later", "[LIMIT] too large", "[INUSE] locked", "too many parts"],
        ["BODY.PEEK[]", "HEADER.FIELDS"]
    )
    func oneMail(answer: String, part: String) async throws {
        let work = try await SyncWorkplace()
        try await withMailboxIMAPServer([Self.folder("INBOX")]) { server in
            server.refuse("NO \(answer)", part, uid: 2)
            let report = try await work.synchronise(work.imap(port: server.port))
            #expect(report.isComplete)
            #expect(try await work.subjects == ["INBOX 1", "INBOX 3"])
            #expect(try await work.counts()?.unreadable == 1)
            server.refuseNothing()
            try await work.synchronise(work.imap(port: server.port))
            #expect(try await work.subjects == ["INBOX 1", "INBOX 2", "INBOX 3"])
        }
    }

    @Test(
        "One folder that is refused for now is named as not read, and the others are read",
        arguments: ["[UNAVAILABLE] later", "[INUSE] locked"],
        ["EXAMINE", "UID SEARCH"]
    )
    func oneFolder(answer: String, command: String) async throws {
        let work = try await SyncWorkplace()
        let folders = ["INBOX", "Orders", "Sent"].map { Self.folder($0, mails: 1) }
        try await withMailboxIMAPServer(capabilities: "IMAP4rev1 SASL-IR AUTH=PLAIN ESEARCH", folders) { server in
            server.refuse("NO \(answer)", command, in: "Orders")
            let report = try await work.synchronise(work.imap(port: server.port))
            #expect(!report.isComplete && report.excluded == ["Orders": .unreadable])
            #expect(try await work.subjects == ["INBOX 1", "Sent 1"])
            server.refuseNothing()
            let next = try await work.synchronise(work.imap(port: server.port))
            #expect(next.isComplete)
            #expect(try await work.subjects == ["INBOX 1", "Orders 1", "Sent 1"])
        }
    }

    @Test("Where INBOX, or every folder, is refused for now, the server is waited for", arguments: ["INBOX", nil])
    func wholeMailbox(folder: String?) async throws {
        let work = try await SyncWorkplace()
        try await withMailboxIMAPServer(["INBOX", "Orders"].map { Self.folder($0) }) { server in
            server.refuse("NO [INUSE] locked", "EXAMINE", in: folder)
            await #expect(throws: SyncFailure(.throttled, "")) {
                try await work.synchronise(work.imap(port: server.port))
            }
            server.refuseNothing()
            let report = try await work.synchronise(work.imap(port: server.port))
            #expect(report.isComplete)
            #expect(try await work.subjects.count == 6)
        }
    }

    @Test("A server that says that it is asked too much is waited for, whatever it says it of")
    func pace() async throws {
        let work = try await SyncWorkplace()
        try await withMailboxIMAPServer([Self.folder("INBOX")]) { server in
            server.refuse("NO [THROTTLED] slow down", "BODY.PEEK[]")
            await #expect(throws: SyncFailure(.throttled, "")) {
                try await work.synchronise(work.imap(port: server.port))
            }
            let counts = try await work.counts()
            #expect(counts?.unreadable == 0)
        }
    }

    @Test("A POP3 mailbox that somebody else has open is waited for")
    func pop3InUse() async throws {
        let work = try await SyncWorkplace()
        try await withPOP3Mailbox([.init(SyncWorkplace.mail("1"), "a")]) { server in
            server.habits.isInUse = true
            await #expect(throws: SyncFailure(.throttled, "")) {
                try await work.synchronise(work.pop3(port: server.port))
            }
            // After the first time, five times more, later and later.
            #expect(server.takeCommands().count { $0 == "PASS" } == 6)
            server.habits.isInUse = false
            try await work.synchronise(work.pop3(port: server.port))
            #expect(try await work.subjects == ["1"])
        }
    }

    @Test("One mail that a POP3 server cannot read for now is passed over")
    func pop3Busy() async throws {
        let work = try await SyncWorkplace()
        let mails = ["1", "2", "3"].map { POP3MailboxServer.Mail(SyncWorkplace.mail($0), "id \($0)") }
        try await withPOP3Mailbox(mails) { server in
            server.habits.busy = [2]
            let report = try await work.synchronise(work.pop3(port: server.port))
            #expect(report.isComplete)
            #expect(try await work.subjects == ["1", "3"])
            #expect(try await work.counts()?.unreadable == 1)
        }
    }
}
