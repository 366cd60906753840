import Foundation
import MailkeepModel
import TestSupport
import Testing

@testable import MailkeepSync

@Suite("Mailboxes on POP3 servers", .timeLimit(.minutes(10)))
struct POP3SourceTests {
    private static func mail(_ subject: String, _ uniqueID: String) -> POP3MailboxServer.Mail {
        .init(SyncWorkplace.mail(subject), uniqueID)
    }

    private static func other(_ uniqueID: String) -> POP3MailboxServer.Mail {
        .init("From: friend@private.example\r\nSubject: private\r\n\r\nHi\r\n", uniqueID)
    }

    @Test("What is associated is stored from a real server, and nothing is deleted there")
    func realServer() async throws {
        try await withDovecot { server in
            let workplace = try await SyncWorkplace()
            let source = workplace.pop3(port: server.pop3Port)
            let friend = Array("From: friend@private.example\r\n\r\nHi\r\n".utf8)
            try server.deliver([Array(SyncWorkplace.mail("one").utf8), friend], user: "alice")
            var report = try await workplace.synchronise(source)
            #expect(report.isComplete && report.onServer == ["INBOX": 2] && report.progress.stored == 1)
            try server.deliver([Array(SyncWorkplace.mail("two", body: ".\r\n..").utf8)], user: "alice")
            report = try await workplace.synchronise(source)
            #expect(report.progress.considered == 1 && report.progress.stored == 1)
            #expect(try await workplace.subjects == ["one", "two"])
            report = try await workplace.synchronise(source)
            #expect(report.progress.considered == 0 && report.onServer == ["INBOX": 3])
            #expect(try server.exactMessages(user: "alice").count == 3)
        }
    }

    @Test("A second run with nothing new asks for the listing and for no mail")
    func nothingNew() async throws {
        try await withPOP3Mailbox([Self.mail("one", "a"), Self.other("b")]) { server in
            let workplace = try await SyncWorkplace()
            let source = workplace.pop3(port: server.port)
            try await workplace.synchronise(source)
            #expect(server.takeCommands().contains("TOP 2"))
            let report = try await workplace.synchronise(source)
            #expect(report.progress.considered == 0)
            #expect(server.takeCommands() == ["CAPA", "USER alice", "PASS", "LIST", "UIDL", "QUIT"])
        }
    }

    @Test("Mails keep their numbers when others are deleted and added, and none is read twice or missed")
    func renumbering() async throws {
        let mails = [Self.mail("one", "a"), Self.other("b"), Self.mail("three", "c")]
        try await withPOP3Mailbox(mails) { server in
            let workplace = try await SyncWorkplace()
            let source = workplace.pop3(port: server.port)
            try await workplace.synchronise(source)
            // The first is gone, one lies before what was there, and one behind.
            server.mails = [Self.mail("zero", "z")] + server.mails.dropFirst() + [Self.mail("four", "d")]
            let report = try await workplace.synchronise(source)
            #expect(report.progress.considered == 2 && report.progress.stored == 2)
            #expect(try await workplace.subjects == ["four", "one", "three", "zero"])
            let counts = try #require(try await workplace.counts())
            #expect(counts.considered == 5 && counts.stored == 4)
        }
    }

    @Test(
        "Servers without UIDL, TOP, PIPELINING or CAPA are read all the same",
        arguments: [
            (["USER", "UIDL"], true, false), (["USER", "TOP"], false, true), (["USER"], false, false),
            (nil, true, true),
            (nil, false, false), (["USER", "UIDL", "TOP"], true, false),
        ] as [([String]?, Bool, Bool)]
    )
    func poorServers(capabilities: [String]?, hasUIDL: Bool, hasTOP: Bool) async throws {
        var habits = POP3MailboxServer.Habits()
        (habits.capabilities, habits.hasUIDL, habits.hasTOP) = (capabilities, hasUIDL, hasTOP)
        // Without unique ids two equal mails are two.
        let mails = [Self.mail("one", "a"), Self.other("b"), Self.mail("three", "c"), Self.mail("one", "d")]
        try await withPOP3Mailbox(mails, habits) { server in
            let workplace = try await SyncWorkplace()
            let source = workplace.pop3(port: server.port)
            try await workplace.synchronise(source)
            #expect(try await workplace.subjects == ["one", "three"])
            #expect(try await workplace.counts()?.stored == 3)
            server.mails = Array(server.mails.dropFirst()) + [Self.mail("five", "e")]
            let report = try await workplace.synchronise(source)
            #expect(report.progress.considered == 1)
            #expect(try await workplace.subjects == ["five", "one", "three"])
        }
    }

    @Test("Mails that share a unique id, or have none among others that do, are told apart by what they hold")
    func sharedIDs() async throws {
        let mails = [
            Self.mail("one", "same"), Self.mail("two", "same"), Self.mail("three", ""), Self.mail("four", "x"),
        ]
        try await withPOP3Mailbox(mails) { server in
            let workplace = try await SyncWorkplace()
            let source = workplace.pop3(port: server.port)
            try await workplace.synchronise(source)
            #expect(try await workplace.subjects == ["four", "one", "three", "two"])
            server.mails.append(Self.mail("five", "same"))
            let report = try await workplace.synchronise(source)
            #expect(report.progress.considered == 1)
            #expect(try await workplace.subjects == ["five", "four", "one", "three", "two"])
        }
    }

    /// A mail as a server takes it, which writes into it when.
    private static func received(_ subject: String, second: Int, body: String = "Hello") -> POP3MailboxServer.Mail {
        let trace = "Received: by mail.example with SMTP id \(second); Mon, 5 Jan 2026 10:30:\(10 + second) +0900\r\n"
        return .init(trace + SyncWorkplace.mail(subject, body: body), "")
    }

    @Test("Without unique ids mails are known by their headers, and only those that tell too little are read whole")
    func knownByHeader() async throws {
        var habits = POP3MailboxServer.Habits()
        habits.hasUIDL = false
        let mails = [
            Self.received("one", second: 1), Self.received("two", second: 2), Self.received("two", second: 2),
            // The same header, and another size.
            Self.received("two", second: 2, body: "Hello again"), Self.mail("bare", ""),
        ]
        try await withPOP3Mailbox(mails, habits) { server in
            let workplace = try await SyncWorkplace()
            let source = workplace.pop3(port: server.port)
            try await workplace.synchronise(source)
            #expect(try await workplace.counts()?.stored == 5)
            _ = server.takeCommands()
            server.mails = Array(server.mails.dropFirst()) + [Self.received("six", second: 6)]
            let report = try await workplace.synchronise(source)
            #expect(report.progress.considered == 1 && report.progress.stored == 1)
            #expect(try await workplace.subjects == ["bare", "one", "six", "two", "two"])
            // The one that does not say when it came, and the new one.
            #expect(server.takeCommands().filter { $0.hasPrefix("RETR") } == ["RETR 4", "RETR 5"])
        }
    }

    @Test("A mail without a date has that of the server that took it")
    func received() async throws {
        try await withPOP3Mailbox([Self.received("one", second: 1), Self.mail("none", "b")]) { server in
            let workplace = try await SyncWorkplace()
            try await workplace.synchronise(workplace.pop3(port: server.port))
            let dates = try await workplace.dates
            #expect(dates["one"] == Timestamp(rawValue: 1_767_576_611_000))
            #expect(dates["none"] == Timestamp(rawValue: 0))
        }
    }

    @Test("A mail that the server refuses is noted and asked for again; the others come")
    func refused() async throws {
        var habits = POP3MailboxServer.Habits()
        habits.refuses = [2]
        try await withPOP3Mailbox([Self.mail("one", "a"), Self.mail("two", "b"), Self.mail("three", "c")], habits) {
            server in
            let workplace = try await SyncWorkplace()
            let source = workplace.pop3(port: server.port)
            try await workplace.synchronise(source)
            #expect(try await workplace.subjects == ["one", "three"])
            #expect(try await workplace.counts()?.unreadable == 1)
            server.habits.refuses = []
            try await workplace.synchronise(source)
            #expect(try await workplace.subjects == ["one", "three", "two"])
            #expect(try await workplace.counts()?.unreadable == 0)
        }
    }

    @Test("Another account's names of mails are others, though they read the same")
    func otherAccount() async throws {
        try await withPOP3Mailbox([Self.mail("one", "1")]) { server in
            let workplace = try await SyncWorkplace()
            try await workplace.synchronise(workplace.pop3(port: server.port))
            server.mails = [Self.mail("other", "1")]
            try await workplace.synchronise(workplace.pop3(port: server.port, username: "bob"))
            #expect(try await workplace.subjects == ["one", "other"])
        }
    }

    @Test("A wrong password and a connection that breaks off are told apart")
    func failures() async throws {
        try await withDovecot { server in
            let workplace = try await SyncWorkplace()
            await #expect(throws: SyncFailure(.auth, "")) {
                try await workplace.synchronise(workplace.pop3(port: server.pop3Port, password: "wrong"))
            }
            try server.deliver((0..<40).map { Array(SyncWorkplace.mail("mail \($0)").utf8) }, user: "alice")
            try await withCuttingProxy(to: server.pop3Port, cutAfter: 6000) { proxy in
                let source = workplace.pop3(port: proxy.port)
                // Each attempt comes further; what was read is not read again.
                await #expect(throws: Never.self) { try await workplace.synchronise(source) }
                #expect(proxy.cutConnections > 0)
            }
            #expect(try await workplace.counts()?.stored == 40)
        }
    }
}
