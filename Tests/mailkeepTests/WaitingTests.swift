import Foundation
import GRDB
import TestSupport
import Testing

@Suite("What is still to come, by shell")
struct WaitingTests {
    /// How far older mail is linked, as `mailbox list` and `records emails` tell it.
    private struct Linked: Decodable {
        struct Info: Decodable {
            struct Linking: Decodable {
                let addresses_left: Int?
                let mails_left: Int?
                let looked_for: Bool?
                let being_read: Bool?
            }

            let linking: Linking
        }

        let info: Info
    }

    private struct Resting: Decodable {
        struct Backup: Decodable {
            let id: String
            let status: String
            let rests_until: String?
            let error: Failure?
        }

        struct Failure: Decodable {
            let code: String
        }

        let backups: [Backup]
    }

    /// Changes what a process that no longer runs has left.
    private static func change(_ work: Workplace, _ statements: [String]) throws {
        try DatabaseQueue(path: work.data + "/mailkeep.sqlite").write { database in
            for statement in statements { try database.execute(sql: statement) }
        }
    }

    @Test("A backup that rests is told to rest, with the time, and is no success")
    func rest() async throws {
        try await withWorkplace { work in
            let port = try LoopbackPorts.free(1)[0]
            var mailbox = Workplace.Mailbox(port: port)
            (mailbox.host, mailbox.security) = ("127.0.0.1", "none")
            try await work.save(mailbox).expectDone()
            try await work.deactivate()
            let start = "backup start --user \(Workplace.Person.leaver.rawValue) --wait \(Workplace.network)"
            #expect(try await work.run(start, as: .ada).status == 69)
            try Self.change(
                work,
                [
                    "UPDATE backup SET status = 'in_progress', error = 'throttled', ended_at = NULL",
                    "UPDATE job SET state = 'waiting', error = NULL, ended_at = NULL, not_before = 4102444800000",
                ]
            )
            let until = "2100-01-01T00:00:00"
            let shown = try #require(try await work.read(Resting.self, "backup list").backups.first)
            #expect(shown.status == "in_progress" && shown.error?.code == "throttled")
            #expect(shown.rests_until?.hasPrefix(until) == true)
            for line in ["backup list", "backup show \(shown.id)", "mailbox list --type inactive"] {
                let text = try await work.run(line, as: .ada).expectDone().text
                #expect(text.contains("Goes on at \(until)"), "\(text)")
            }
            let again = try await work.run(start, as: .ada)
            #expect(again.status == 69 && again.errorText.contains("reading pauses"))
            #expect(again.errorText.contains("until \(until)"))
            let error = try await work.run(start, as: .ada, json: true).error()
            #expect(error.code == "MAIL_SERVER_ERROR" && error.details.reason == "throttled")
            try await work.run("backup cancel \(shown.id)", as: .ada).expectDone()
        }
    }

    @Test("How far older mail is linked stands in the documents, and beside the tables while something is left")
    func linking() async throws {
        try await withWorkplace { work in
            let emails = "records emails --module Contacts --id 12"
            for isPending in [false, true] {
                if isPending {
                    let all = "INSERT INTO address_change (hash) SELECT hash FROM record_address"
                    try Self.change(work, [all, "INSERT INTO address_change (hash) VALUES (zeroblob(16))"])
                }
                let list = try await work.read(Linked.self, "mailbox list").info.linking
                #expect(list.addresses_left == (isPending ? 2 : 0) && list.mails_left == 0)
                let record = try await work.read(Linked.self, emails, as: .sharer).info.linking
                #expect(record.looked_for == isPending && record.being_read == false)
                let listed = try await work.run("mailbox list", as: .ada).expectDone()
                #expect(listed.errorText.contains("Addresses to look up: 2, messages to read: 0.") == isPending)
                let shown = try await work.run(emails, as: .sharer).expectDone()
                #expect(shown.errorText.contains("still being looked for") == isPending)
                #expect(!shown.text.contains("still being looked for"))
            }
            #expect(try await work.run(emails, as: .stranger).status == 77)
        }
    }
}
