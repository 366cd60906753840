import Foundation
import MailkeepModel
import MailkeepStore
import MailkeepSync
import Testing

@testable import MailkeepApp

@Suite("One message, as a page shows it")
struct ShowMessageTests {
    private static let mail = """
        Authentication-Results: mx.sakura.example; spf=pass
        Authentication-Results: forged.example; spf=pass
        From: =?UTF-8?B?5aSq6YOO?= <taro@customer.example>
        To: Hana <hana@sakura.example>
        Subject: =?UTF-8?B?6KaL56mN?=
        Message-ID: <1@customer.example>
        Date: Thu, 1 Jan 2026 09:00:00 +0900
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary=b

        --b
        Content-Type: text/html; charset=utf-8

        <p>Hello</p>
        --b
        Content-Type: application/pdf; name="offer.pdf"
        Content-Disposition: attachment; filename="offer.pdf"
        Content-Transfer-Encoding: base64

        JVBERg==
        --b--
        """

    private static func message(in office: Office) async throws -> MessageID {
        let page = try await office.perform(ListOwnEmails(owner: office.hana, page: PageRequest()), as: office.hana)
        return try #require(page.items.first.flatMap { MessageID($0.message_id) })
    }

    @Test("Its text, header and attachments are read, and every reason for which it is seen is told")
    func contents() async throws {
        let office = try await Office()
        try await office.readMail(.all, [Self.mail])
        let message = try await Self.message(in: office)
        let source = MessageSource.record(Office.contact)
        let shape = try await office.perform(ShowMessage(message, at: source), as: office.kei)
        #expect(shape.subject == "見積")
        #expect(shape.from == [EmailShape.Party(user_name: "太郎", email: Office.customer)])
        #expect(shape.to.map(\.email) == ["hana@sakura.example"])
        #expect(shape.text == "Hello\n")
        #expect(shape.has_html)
        #expect(shape.authentication_results == "mx.sakura.example; spf=pass")
        #expect(shape.internet_message_id == "1@customer.example")
        #expect(shape.date == "2026-01-01T00:00:00Z")
        #expect(shape.header.map(\.name).prefix(3) == ["Authentication-Results", "Authentication-Results", "From"])
        #expect(shape.header.contains { $0.name == "Subject" && $0.value == "見積" })
        #expect(!shape.header_cut && !shape.cut)
        #expect(shape.attachments.map(\.name) == ["offer.pdf"])
        #expect(shape.visible_in.map(\.ground) == ["share_all"])
        #expect(shape.visible_in.map(\.mailbox) == ["hana@sakura.example"])
        #expect(shape.record_opened_by == ["shared"])
        #expect(shape.email.mailbox == "hana@sakura.example")
        #expect(shape.email.owner_active && shape.email.backup_of == nil)

        let html = try await office.perform(ReadMessageHTML(message, at: source), as: office.kei)
        #expect(html?.contains("<p>Hello</p>") == true)
        let path = try #require(shape.attachments.first?.path)
        let file = try await office.perform(ReadAttachment(path, of: message, at: source), as: office.kei)
        #expect(file.bytes == Data("%PDF".utf8))
        #expect(file.name == "offer.pdf" && file.contentType == "application/pdf")

        let own = MessageSource.ownMail(of: office.hana)
        let ownShape = try await office.perform(ShowMessage(message, at: own), as: office.hana)
        #expect(ownShape.visible_in.map(\.ground) == ["own"])
        #expect(ownShape.record_opened_by == [])
    }

    @Test("V1: absent, forbidden and without that attachment are refused alike, and written to the audit log")
    func refusals() async throws {
        let office = try await Office()
        try await office.readMail(.none, [Self.mail])
        let message = try await Self.message(in: office)
        let record = MessageSource.record(Office.contact)
        let absent = MessageID(rawValue: 99)
        let questions: [(MessageID, MessageSource, UserID)] = [
            (message, record, office.kei), (message, record, office.sota), (absent, record, office.hana),
            (message, .ownMail(of: office.hana), office.ada), (absent, .ownMail(of: office.hana), office.hana),
        ]
        for (message, source, user) in questions {
            await #expect(throws: Refusal(.v1)) {
                try await office.perform(ShowMessage(message, at: source), as: user)
            }
            await #expect(throws: Refusal(.v1)) {
                try await office.perform(ReadMessageHTML(message, at: source), as: user)
            }
            await #expect(throws: Refusal(.v1)) {
                try await office.perform(ReadAttachment("2", of: message, at: source), as: user)
            }
            let entry = try await office.lastEntry()
            #expect(entry?.rule == "V1" && entry?.outcome == .refused && entry?.actor == user)
            #expect(entry?.action == source.action.name)
        }
        await #expect(throws: Refusal(.v1)) {
            try await office.perform(ReadAttachment("9", of: message, at: record), as: office.hana)
        }
        let entry = try await office.lastEntry()
        #expect(entry?.rule == "V1" && entry?.action == "emails.read")
    }

    @Test("Of what takes much memory only a few are at work, the others wait, and who is cancelled waits no more")
    func turns() async throws {
        let turns = Turns(2)
        let counts = Counts()
        try await withThrowingTaskGroup { group in
            for _ in 0..<20 {
                group.addTask {
                    try await turns.withTurn {
                        await counts.begin()
                        // Until there is a second one at work.
                        while await counts.highest < 2 { try await Task.sleep(for: .milliseconds(1)) }
                        await counts.end()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(await counts.highest == 2)
        try await turns.withTurn {
            try await turns.withTurn {
                let waiting = Task { try await turns.withTurn {} }
                try await Task.sleep(for: .milliseconds(10))
                waiting.cancel()
                await #expect(throws: CancellationError.self) { try await waiting.value }
            }
        }
        // No turn is lost with who gave up.
        try await turns.withTurn { try await turns.withTurn {} }
    }

    private actor Counts {
        private var now = 0
        private(set) var highest = 0

        func begin() {
            now += 1
            highest = max(highest, now)
        }

        func end() { now -= 1 }
    }
}
