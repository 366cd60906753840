import Foundation
import MailkeepModel
import TestSupport
import Testing

@Suite("Mail put back into mailboxes, by shell")
struct AppendTests {
    private static let folders = ["INBOX", "Sent", "Orders/2024", "請求書"]
    private static let target = DovecotServer.User("hana", password: "Winter-2024!x")
    private static let owner = Workplace.Person.owner

    private static func mails(_ count: Int, in folder: String) -> [StoryMail] {
        (0..<count).map { number in
            StoryMail(
                folder,
                from: Workplace.customer,
                to: "yamada@sakura.example",
                "\(folder.hasPrefix("O") ? "order" : "mail") \(number).",
                isAssociated: true
            )
        }
    }

    /// A workplace with a leaver's backup, and another mailbox on the same server.
    private func withBackup(
        _ setting: Setting,
        _ mails: [StoryMail],
        quota: Int? = nil,
        prepare: (DovecotServer) throws -> Void = { _ in },
        _ body: (Workplace, DovecotServer, _ backup: String) async throws -> Void
    ) async throws {
        let users = [Workplace.Mailbox.account, Self.target]
        try await withServer(users, quota: quota) { server in
            for folder in Self.folders.dropFirst() { try server.createFolder(folder, user: "yamada") }
            if mails.count > 20 {
                for (folder, mails) in Dictionary(grouping: mails, by: \.folder) {
                    try server.deliver(mails.map(\.raw), to: folder, user: "yamada")
                }
            } else {
                for (number, mail) in mails.enumerated() {
                    let date = Date(timeIntervalSince1970: 1_600_000_000 + Double(number) * 86_400)
                    try server.deliver([mail.raw], to: mail.folder, user: "yamada", date: date)
                }
            }
            try prepare(server)
            try await withWorkplace(setting.language, hasServer: setting.hasServer) { work in
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                try await work.deactivate()
                try await body(work, server, try await work.backUp().id)
            }
        }
    }

    private func withServer(
        _ users: [DovecotServer.User],
        quota: Int?,
        _ body: (DovecotServer) async throws -> Void
    ) async throws {
        try await withDovecot(users: users, quota: quota) { try await body($0) }
    }

    private func details(_ answer: ShellAnswer) throws -> Appends.Append {
        try #require(try JSONDecoder().decode(Appends.self, from: answer.output).appends.first)
    }

    private func signIn(_ server: DovecotServer) -> String {
        "--host localhost --port \(server.imapsPort) --username hana --password-stdin "
            + "--ca-file \(server.certificatePath) \(Workplace.network)"
    }

    @Test("Each mail is in its folder again, with its bytes, date and marks, once", arguments: Setting.all)
    func roundTrip(_ setting: Setting) async throws {
        let mails = Self.folders.flatMap { Self.mails(3, in: $0) }
        try await withBackup(setting, mails) { server in
            for flags in [["\\Seen", "\\Answered"], ["$Forwarded", "privat"]] {
                try server.mark(flags, whereSubjectHas: "mail 1.", in: "INBOX", user: "yamada")
            }
            try server.mark(["\\Flagged"], whereSubjectHas: "order 2.", in: "Orders/2024", user: "yamada")
        } _: { work, server, backup in
            let before = try Self.folders.map { try server.flags(in: $0, user: "yamada") }
            var mailbox = Workplace.Mailbox(on: server)
            (mailbox.username, mailbox.password) = (Self.target.name, Self.target.password)
            try await work.save(mailbox, of: Self.owner).expectDone()
            let line = "backup append \(backup) --to-user \(Self.owner.rawValue) \(Workplace.network)"
            try await work.expectRefused("P1", line, as: Self.owner)
            let toLeaver = line.replacing(Self.owner.rawValue, with: Workplace.Person.leaver.rawValue)
            try await work.expectRefused("U1", toLeaver, as: .ada)
            let first = try details(try await work.run(line, as: .ada, json: true).expectDone())
            #expect(first.details.appended == 12 && first.details.present == 0 && first.details.refused_count == 0)
            for folder in Self.folders {
                let (there, own) = try (
                    server.exactMessages(in: folder, user: "hana"), server.exactMessages(in: folder, user: "yamada")
                )
                #expect(there.count == 3 && Set(there.values) == Set(own.values), "\(folder)")
                let (dates, ownDates) = try (
                    server.internalDates(in: folder, user: "hana"), server.internalDates(in: folder, user: "yamada")
                )
                let (flags, ownFlags) = try (
                    server.flags(in: folder, user: "hana"), server.flags(in: folder, user: "yamada")
                )
                for (uid, bytes) in there {
                    let same = try #require(own.first { $0.value == bytes }?.key)
                    #expect(dates[uid] == ownDates[same] && dates[uid] != nil)
                    for flag in ["Seen", "Answered", "Flagged", "$Forwarded"] {
                        #expect(flags[uid]?.contains(flag) == ownFlags[same]?.contains(flag), "\(folder) \(flag)")
                    }
                    #expect(flags[uid]?.contains("privat") == false)
                }
            }
            let second = try details(try await work.run(line, as: .ada, json: true).expectDone())
            #expect(second.details.appended == 0 && second.details.present == 12)
            // Elsewhere in the same mailbox they are not there yet.
            let below = try await work.run("\(line) --folder Old/山田", as: .ada).expectDone()
            #expect(below.text.contains("12"))
            #expect(try server.exactMessages(in: "Old/山田/請求書", user: "hana").count == 3)
            #expect(try server.exactMessages(in: "Old/山田/INBOX", user: "hana").count == 3)
            #expect(try Self.folders.map { try server.flags(in: $0, user: "yamada") } == before)
            let log = try await work.read(AuditLog.self, "audit list").audit_log
            #expect(log.contains { $0.action == "backup.appended" && $0.outcome == "done" })
            #expect(log.contains { $0.action == "backup.append" && $0.rule == "P1" })
        }
    }

    @Test("A record's mail goes into one folder of a mailbox whose sign-in is given", arguments: [Setting.all[2]])
    func record(_ setting: Setting) async throws {
        try await withBackup(setting, Self.mails(2, in: "INBOX") + Self.mails(1, in: "Sent")) { work, server, _ in
            let line = "records append --module Contacts --id 12 \(signIn(server))"
            let password = Self.target.password
            try await work.expectRefused("P1", line, as: .owner, input: password)
            let unknown = line.replacing("--id 12", with: "--id 999")
            try await work.expectRefused("V1", unknown, as: .ada, input: password)
            let done = try details(try await work.run(line, as: .ada, json: true, input: password).expectDone())
            let seen = try await work.emails(seenBy: .ada)?.count
            #expect(done.details.appended == seen && seen == 2)
            let flags = try server.flags(in: "Mailkeep", user: "hana")
            #expect(flags.count == done.details.appended && flags.values.allSatisfy { $0.contains("Seen") })
            #expect(try await work.run(line, as: .ada, input: "wrong").status == 69)
            let other = line.replacing("--password-stdin", with: "--password-stdin --folder \u{1}")
            #expect(try await work.run(other, as: .ada, input: password).status == 64)
        }
    }

    @Test("Killed in the middle, the next time puts there what is missing", arguments: [7, 10, 11, 12, 13])
    func killed(step: Int) async throws {
        let mails = Self.mails(200, in: "Orders/2024")
        try await withBackup(Setting(language: .english, hasServer: false), mails) { work, server, backup in
            let line = "backup append \(backup) \(signIn(server))"
            let password = Self.target.password
            #expect(try await work.run(line, as: .ada, input: password, crashAt: step).status != 0)
            let there = try server.exactMessages(in: "Orders/2024", user: "hana").count
            #expect(there > 0 && there < 200)
            let answer = try await work.run(line, as: .ada, json: true, input: password).expectDone()
            let done = try details(answer).details
            #expect(done.present == there && done.appended == 200 - there)
            let bytes = try server.exactMessages(in: "Orders/2024", user: "hana").values
            #expect(bytes.count == 200 && Set(bytes) == Set(mails.map(\.raw)))
        }
    }

    @Test("A full mailbox is told, and with room again the rest is put there", arguments: [Setting.all[1]])
    func quota(_ setting: Setting) async throws {
        var mails = Self.mails(8, in: "INBOX")
        for index in mails.indices { mails[index].raw += [UInt8](repeating: 120, count: 50_000) + [13, 10] }
        try await withBackup(setting, mails, quota: 500) { server in
            try server.deliver(
                [StoryMail.large(subject: "old", megabytes: 0).raw + [UInt8](repeating: 120, count: 300_000)],
                user: "hana"
            )
        } _: { work, server, backup in
            let line = "backup append \(backup) \(signIn(server))"
            let full = try await work.run(line, as: .ada, json: true, input: Self.target.password)
            #expect(full.status == 69)
            let first = try details(full)
            #expect(first.status == "error" && first.details.stopped == "full" && first.details.appended < 8)
            #expect(first.message.contains("容量"))
            try server.doveadm("expunge", "-u", "hana", "mailbox", "INBOX", "subject", "old")
            let next = try details(
                try await work.run(line, as: .ada, json: true, input: Self.target.password).expectDone()
            )
            #expect(next.details.appended + first.details.appended == 8)
            #expect(Set(try server.exactMessages(user: "hana").values) == Set(mails.map(\.raw)))
        }
    }
}
