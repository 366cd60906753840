import Foundation
import GRDB
import MailkeepModel
import TestSupport
import Testing

@Suite("Legal holds, retention and erasure, by shell")
struct KeepingTests {
    private static let leaver = "--user \(Workplace.Person.leaver.rawValue)"
    private static let sync = "mailbox sync \(leaver) --wait \(Workplace.network)"
    private static let friend = "friend-canary@elsewhere.example"
    /// In a subject and a body, and nowhere else.
    private static let canary = "Kanarienvogel"

    /// A mail of so many days ago.
    private static func mail(
        _ subject: String,
        daysAgo: Int,
        from: String = Workplace.customer,
        to other: String = friend
    ) -> [UInt8] {
        let format = Date.VerbatimFormatStyle(
            format: "\(day: .twoDigits) \(month: .abbreviated) \(year: .defaultDigits) 09:00:00 +0000",
            locale: Locale(identifier: "en_US_POSIX"),
            timeZone: .gmt,
            calendar: Calendar(identifier: .gregorian)
        )
        let date = Date(timeIntervalSinceNow: -86_400 * Double(daysAgo)).formatted(format)
        let lines = [
            "From: <\(from)>", "To: <\(Workplace.Person.leaver.rawValue)>, <\(other)>",
            "Subject: \(subject)", "Date: \(date)", "", "\(canary) \(subject)",
        ]
        return Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
    }

    private static let mails = [
        mail("old one", daysAgo: 500), mail("old two", daysAgo: 450), mail("recent", daysAgo: 5),
        mail("stranger", daysAgo: 5, from: "stranger@elsewhere.example", to: "other@elsewhere.example"),
    ]

    private func withMail(
        _ setting: Setting,
        _ body: (Workplace, DovecotServer) async throws -> Void
    ) async throws {
        try await DovecotServer.withLeaver { server in
            try server.deliver(Self.mails, user: Workplace.Mailbox.account.name)
            try await withWorkplace(setting.language, hasServer: setting.hasServer) { work in
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                try await work.run(Self.sync, as: .leaver).expectDone()
                #expect(try work.count("message") == 3)
                try await body(work, server)
            }
        }
    }

    @Test(
        "Retention removes what is older, unless it is held, and synchronising does not bring it back",
        arguments: Setting.all
    )
    func retention(_ setting: Setting) async throws {
        try await withMail(setting) { work, server in
            let set = "organization set --retention-days 100"
            for line in ["retention preview --days 100", "\(set) --confirm 2", "retention run", "hold list"] {
                #expect(try await work.run(line, as: .owner).status == 77)
            }
            #expect(try await work.run("retention run", as: .ada).status == 64)
            #expect(try await work.run("hold place \(Self.leaver)", ["--reason", " "], as: .ada).status == 64)
            try await work.run("hold place \(Self.leaver)", ["--reason", "Matter 7"], as: .ada).expectDone()
            #expect(try await work.run("hold list", as: .ada).text.contains("Matter 7"))
            #expect(try await work.run("user show \(Self.leaver)", as: .ada, json: true).text.contains("Matter 7"))

            // Nothing is due while the hold stands.
            try await work.run(set, as: .ada).expectDone()
            try await work.run("retention run --wait", as: .ada).expectDone()
            #expect(try work.count("message") == 3)
            try await work.run("organization set --retention-days none", as: .ada).expectDone()
            try await work.run("hold lift 1", ["--reason", "Settled"], as: .ada).expectDone()

            let preview = try await work.read(Previews.self, "retention preview --days 100").retention.first
            #expect(preview?.total.messages == 2 && preview?.held == 0)
            #expect(preview?.users.map(\.messages) == [2])
            #expect(try await work.run(set, as: .ada).status == 64)
            #expect(try await work.run("\(set) --confirm 3", as: .ada).status == 64)
            try await work.run("\(set) --confirm 2", as: .ada).expectDone()
            try await work.wait { try work.count("removal WHERE ended_at IS NULL") == 0 }
            #expect(try work.count("message") == 1)
            #expect(try work.count("content") == 1)

            // Listed again, moved, and new to the server: what is old is not read.
            let more = [Self.mails[0], Self.mail("old three", daysAgo: 300)]
            try server.deliver(more, to: "Sent", user: Workplace.Mailbox.account.name)
            try await work.run(Self.sync, as: .leaver).expectDone()
            #expect(try work.count("message") == 1)
            #expect(try work.count("wanted") == 0)

            try await work.deactivate()
            let backup = try await work.backUp()
            #expect(backup.messages == 1)
            let shown = try await work.run("backup show \(backup.id)", as: .ada).expectDone().text
            #expect(shown.contains(setting.language == .japanese ? "保存期間の経過 2件" : "2 past retention"))
            try await work.run("backup verify \(backup.id)", as: .ada).expectDone()
            // What a backup has taken stays.
            #expect(try await work.run("organization set --retention-days 1", as: .ada).status == 0)
            try await work.run("retention run --wait", as: .ada).expectDone()
            #expect(try work.count("message") == 1)
            try await work.run("audit verify", as: .ada).expectDone()
        }
    }

    @Test(
        "Erased mail leaves a backup that verifies, and nothing of itself, and does not come back",
        arguments: Setting.all
    )
    func erasure(_ setting: Setting) async throws {
        try await withMail(setting) { work, server in
            try await work.deactivate()
            let backup = try await work.backUp()
            #expect(backup.messages == 3)
            try await work.run("backup verify \(backup.id)", as: .ada).expectDone()
            let traces = try Self.traces(in: work)
            #expect(traces.count >= 4)
            try await work.wait { try Self.leftovers(of: traces, in: work).count == traces.count }

            let address = "--address \(Workplace.customer)"
            let further = "taro.home@kaede.example"
            let (owner, sharer) = (Workplace.Person.owner.rawValue, Workplace.Person.sharer.rawValue)
            try await work.loadContacts(["12,\(owner),Taro,\(Workplace.customer);\(further),\(sharer)"])
            #expect(try await work.run("erase preview \(address)", as: .owner).status == 77)
            let preview = try #require(
                try await work.read(ErasurePreviews.self, "erase preview \(address)").erasure.first
            )
            #expect(preview.total.messages == 3 && preview.records == ["Contacts/12"])
            #expect(preview.further_addresses == [further])
            #expect(preview.backups.map(\.messages) == [3] && preview.holds.isEmpty)
            #expect(preview.correspondents == 2)

            let start = "erase start \(address) --wait --confirm"
            let reason = ["--reason", "Asked for on paper"]
            #expect(try await work.run("\(start) 3", reason, as: .owner).status == 77)
            #expect(try await work.run("\(start) 2", reason, as: .ada).status == 64)
            for hold in [Self.leaver, "--module Contacts --id 12", "--backup \(backup.id)", "--organization"] {
                try await work.run("hold place \(hold)", ["--reason", "A matter"], as: .ada).expectDone()
                let refused = try await work.run("\(start) 3", reason, as: .ada, json: true)
                #expect(refused.status == 77)
                #expect(try refused.error().details.rule == "R1")
                let id = try work.count("hold")
                #expect(try refused.error().message.contains("#\(id)"))
                try await work.run("hold lift \(id)", ["--reason", "Settled"], as: .ada).expectDone()
            }
            #expect(try work.count("message") == 3)
            try await work.run("\(start) 3", reason, as: .ada).expectDone()
            #expect(try work.count("message") == 0 && work.count("tombstone") == 3)
            #expect(try work.count("content") == 1)

            try await check(backup, in: work)
            // The mail server has it still, and once more under another number.
            try server.deliver([Self.mails[2]], to: "Sent", user: Workplace.Mailbox.account.name)
            try await work.run("user activate \(Self.leaver)", as: .ada).expectDone()
            try await work.save(Workplace.Mailbox(on: server)).expectDone()
            try await work.run(Self.sync, as: .leaver).expectDone()
            #expect(try work.count("message") == 0 && work.count("wanted") == 0)

            try await work.stopServer()
            let left = try Self.leftovers(of: traces, in: work).map(\.count)
            #expect(left.isEmpty, "\(left)")
            #expect(try Self.leftovers(of: [Data(Self.canary.utf8), Data(Self.friend.utf8)], in: work).isEmpty)
            let log = try await work.run("audit list", as: .ada, json: true).expectDone().text
            #expect(log.contains("erase.start") && log.contains("erase.end"))
            #expect(!log.contains(Workplace.customer) && !log.contains("on paper"))
            try await work.run("audit verify", as: .ada).expectDone()
        }
    }

    /// A backup of which all was erased is whole, and says so.
    private func check(_ backup: Backup, in work: Workplace) async throws {
        let verified = try await work.run("backup verify \(backup.id)", as: .ada, json: true).expectDone()
        #expect(try JSONDecoder().decode(Verifications.self, from: verified.output).erased == [3])
        #expect(try await work.manifest(of: backup.id).hashes.count == 3)
        #expect(try await work.export(backup.id).isEmpty)
        #expect(try await work.emails(seenBy: .owner)?.isEmpty == true)
        let shown = try await work.run("backup show \(backup.id)", as: .ada).expectDone().text
        #expect(shown.contains(work.language == .japanese ? "消去済み" : "Erased"))
    }

    /// What the database holds of the mails: their sealed summaries, and the hash of an address that no record has.
    private static func traces(in work: Workplace) throws -> [Data] {
        var configuration = Configuration()
        configuration.readonly = true
        return try DatabaseQueue(path: work.data + "/mailkeep.sqlite", configuration: configuration).read { database in
            try Data.fetchAll(database, sql: "SELECT substr(sealed_summary, 1, 40) FROM message")
                + Data.fetchAll(
                    database,
                    sql: """
                        SELECT DISTINCT hash FROM entry_address WHERE hash NOT IN (SELECT hash FROM record_address)
                          AND hash NOT IN (SELECT hash FROM internal_address)
                          AND entry_id IN (SELECT id FROM entry WHERE message_id IS NOT NULL)
                        """
                )
        }
    }

    /// Those that stand anywhere in the files of the database, free pages and log included.
    private static func leftovers(of traces: [Data], in work: Workplace) throws -> [Data] {
        let files = try ["", "-wal", "-shm"].compactMap { suffix -> Data? in
            let path = work.data + "/mailkeep.sqlite" + suffix
            return FileManager.default.fileExists(atPath: path) ? try Data(contentsOf: URL(filePath: path)) : nil
        }
        return traces.filter { trace in files.contains { $0.range(of: trace) != nil } }
    }

    @Test("What was erased is gone from the vault after gc, and nothing else is", arguments: Setting.all)
    func collection(_ setting: Setting) async throws {
        try await withMail(setting) { work, _ in
            try await work.deactivate()
            let backup = try await work.backUp()
            let erase = "erase start --address \(Self.friend) --wait --confirm 3"
            try await work.run(erase, ["--reason", "Asked for"], as: .ada).expectDone()
            let folder = "\(work.data)/vault"
            let size = {
                try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".seg") }
                    .reduce(0) { try $0 + Data(contentsOf: URL(filePath: "\(folder)/\($1)")).count }
            }
            let before = try size()
            #expect(try await work.run("gc", as: .owner).status == 77)
            let dry = try await work.read(Collected.self, "gc --dry-run").gc
            #expect(dry.dry_run && dry.segments == 1 && dry.entries == 3 && dry.bytes > 300)
            #expect(try size() == before)
            let done = try await work.read(Collected.self, "gc").gc
            #expect(!done.dry_run && done.segments == 1 && done.entries == 3 && done.bytes == dry.bytes)
            #expect(try size() == before - Int(done.bytes) && work.count("content") == 1)
            try await work.run("backup verify \(backup.id)", as: .ada).expectDone()
            #expect(try await work.read(Collected.self, "gc").gc.segments == 0)
            let log = try await work.read(AuditLog.self, "audit list").audit_log.map(\.action)
            #expect(log.count { $0 == "gc.done" } == 2 && log.contains("gc"))
        }
    }

    @Test("Killed at each durable step in turn, an erasure ends in the same state")
    func killedErasure() async throws {
        try await withSample { work, count in
            let start = "erase start --address \(Workplace.customer) --confirm \(count)"
            try await untilDone(work, start, ["--reason", "Asked for"])
            #expect(try work.count("message") == 0 && work.count("tombstone") == count)
            #expect(try work.count("removal") == 1)
            #expect(try work.count("removal WHERE messages = \(count) AND ended_at IS NOT NULL") == 1)
            #expect(try work.count("erasure_message") == 0)
            let log = try await work.read(AuditLog.self, "audit list").audit_log
            #expect(log.count { $0.action == "erase.end" } == 1)
        }
    }

    @Test("Killed at each durable step in turn, retention ends in the same state")
    func killedRetention() async throws {
        try await withSample { work, count in
            try await untilDone(work, "organization set --retention-days 1 --confirm \(count)", [])
            try await work.run("gc", as: .ada).expectDone()
            #expect(try work.count("message") == 0 && work.count("content") == 0)
            #expect(try work.count("entry WHERE removed_by = 'retention'") >= count)
            #expect(try work.count("removal WHERE messages = \(count) AND ended_at IS NOT NULL") == 1)
            let log = try await work.read(AuditLog.self, "audit list").audit_log
            #expect(log.count { $0.action == "retention.end" } == 1)
        }
    }

    /// Repeats a command that is killed at one step after the other until it comes to its end.
    private func untilDone(_ work: Workplace, _ line: String, _ more: [String]) async throws {
        var left: [Int] = []
        for step in 1..<200 {
            let answer = try await work.run(line, more, as: .ada, crashAt: step)
            left.append(try work.count("message"))
            guard answer.status == 128 + SIGKILL else {
                try answer.expectDone()
                break
            }
        }
        #expect(left == left.sorted(by: >))
        #expect(Set(left).count >= 4, "\(left)")
        #expect(
            try work.count("entry_address WHERE entry_id IN (SELECT id FROM entry WHERE removed_by IS NOT NULL)") == 0
        )
        try await work.run("audit verify", as: .ada).expectDone()
    }

    private func withSample(_ body: (Workplace, Int) async throws -> Void) async throws {
        let sample = SampleMailbox(
            owner: Workplace.Person.leaver.rawValue,
            contacts: [Workplace.customer],
            strangers: [],
            count: 400,
            seed: 5,
            associatedFraction: 0.9
        )
        try await DovecotServer.withLeaver { server in
            try server.deliver(sample, user: Workplace.Mailbox.account.name)
            try await withWorkplace { work in
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                try await work.run(Self.sync, as: .leaver).expectDone()
                let count = try work.count("message")
                #expect(count > 200)
                try await body(work, count)
            }
        }
    }
}

private struct Previews: Decodable {
    struct Totals: Decodable {
        let messages: Int
    }

    struct Preview: Decodable {
        let total: Totals
        let users: [Totals]
        let held: Int
    }

    let retention: [Preview]
}

private struct Collected: Decodable {
    struct Garbage: Decodable {
        let dry_run: Bool
        let segments: Int
        let entries: Int
        let bytes: Int64
    }

    let gc: Garbage
}

private struct ErasurePreviews: Decodable {
    struct Preview: Decodable {
        let total: Previews.Totals
        let records: [String]
        let further_addresses: [String]
        let correspondents: Int
        let backups: [Previews.Totals]
        let holds: [String]
    }

    let erasure: [Preview]
}

private struct Verifications: Decodable {
    struct Action: Decodable {
        struct Details: Decodable {
            struct Verification: Decodable {
                let erased: Int
                let whole: Bool
            }

            let verification: Verification
        }

        let details: Details
    }

    let backups: [Action]

    var erased: [Int] { backups.filter(\.details.verification.whole).map(\.details.verification.erased) }
}
