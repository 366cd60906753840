import Foundation
import MailkeepModel
import TestSupport
import Testing

@Suite("A leaver's story, by shell")
struct StoryTests {
    @Test("Locked, deactivated, backed up: colleagues read on, strangers see nothing", arguments: Setting.all)
    func story(_ setting: Setting) async throws {
        try await DovecotServer.withLeaver { server in
            try server.deliver(StoryMail.before)
            try await withWorkplace(setting.language, hasServer: setting.hasServer) { work in
                try await work.loadContacts(["14,\(Workplace.Person.leaver.rawValue),Jiro,jiro@customer.example,"])
                let mailbox = Workplace.Mailbox(on: server)
                try await lock(mailbox, in: work)
                try await backUp(in: work)
                try await readOn(StoryMail.before, server, in: work)
                try await returnWithoutSaving(in: work)
                try await returnAndSave(mailbox, server, in: work)
                try await readOn(StoryMail.before + StoryMail.after, server, in: work)
                try await takeSeveral(in: work)
                try await checkAuditLog(of: work)
            }
        }
    }

    private let leaver = "--user \(Workplace.Person.leaver.rawValue)"
    private let network = Workplace.network

    /// L1, L2: the leaver sets the mailbox up, and an administrator locks it.
    private func lock(_ mailbox: Workplace.Mailbox, in work: Workplace) async throws {
        try await work.save(mailbox).expectDone()
        try await work.expectRefused("P1", "lock \(leaver)", as: .owner)
        let other = "mailbox set \(leaver) --account-type imap --address yamada@sakura.example --sharing"
        try await work.expectRefused("L1", "\(other) record_level", as: .ada)
        try await work.run("lock \(leaver)", as: .ada).expectDone()
        try await work.run("lock \(leaver)", as: .ada).expectDone()
        try await work.expectRefused("L2", "\(other) private \(network)", as: .leaver)
        try await work.expectRefused("L2", "\(other) complete \(network)", as: .leaver)
        let elsewhere = "\(other) record_level --host imap.elsewhere.example --password-stdin"
        try await work.expectRefused("L2", elsewhere, as: .leaver, input: "x")
        try await work.run("mailbox share \(leaver) --module Contacts --id 14", as: .leaver).expectDone()
        let unshare = try await work.run("mailbox unshare \(leaver) --module Contacts --id 14", as: .leaver)
        #expect(unshare.status == 77)
        #expect(unshare.text.hasPrefix("14: L2: "))
        try await work.save(mailbox).expectDone()
        try await work.run("\(other) record_level \(network)", as: .leaver).expectDone()
        var mistyped = mailbox
        mistyped.password = "mistyped"
        #expect(try await work.save(mistyped).status == 69)
    }

    /// B1, B5–B7: what nobody could view, everybody associated with the record can.
    private func backUp(in work: Workplace) async throws {
        try await work.expectRefused("B5", "backup start \(leaver) \(network)", as: .ada)
        #expect(try await work.emails(seenBy: .owner)?.isEmpty == true)
        let line = "user deactivate \(leaver) --back-up --wait \(network)"
        let answer = try await work.run(line, as: .ada, json: true).expectDone()
        let actions = try JSONDecoder().decode(Actions.self, from: answer.output)
        let backup = try #require(actions.users?.first?.details.backup)
        #expect(backup.status == "completed")
        #expect(backup.source == "mailbox")
        #expect(backup.messages == 4 && backup.added == 4)
        let text = try await work.run("backup show \(backup.id)", as: .ada).expectDone().text
        #expect(text.contains(work.language == .japanese ? "完了" : "Completed"))
        try await work.expectRefused("U1", "user show \(leaver)", as: .leaver)
    }

    /// B7, V1: the owner, one by share and one above read; to others the record looks like one that is not there.
    private func readOn(_ mails: [StoryMail], _ server: DovecotServer, in work: Workplace) async throws {
        let onServer = try server.mails(in: ["INBOX", "Sent", "Trash", "Junk", "Drafts"])
        for person in [Workplace.Person.owner, .sharer, .superior, .ada] {
            let emails = try #require(try await work.emails(seenBy: person))
            #expect(Set(emails.map(\.sha256)) == StoryMail.associated(mails))
            #expect(emails.count == StoryMail.associated(mails).count)
            #expect(emails.allSatisfy { $0.visible_by == "backup" })
            let newest = try #require(emails.first)
            let bytes = try await work.bytes(of: newest, seenBy: person)
            #expect(bytes == onServer[newest.sha256])
        }
        for email in try await work.emails(seenBy: .owner) ?? [] {
            let bytes = try await work.bytes(of: email, seenBy: .owner)
            #expect(bytes == onServer[email.sha256])
            #expect(sha256(bytes) == email.sha256)
        }
        for json in [false, true] {
            for line in ["emails --module Contacts --id", "email --message 1 --module Contacts --id"] {
                let closed = try await work.run("records \(line) 12", as: .stranger, json: json)
                #expect(closed.status == 77)
                #expect(try await work.run("records \(line) 999", as: .stranger, json: json) == closed)
                #expect(try await work.run("records \(line) 999", as: .owner, json: json) == closed)
                #expect(try await work.run("records \(line) x", as: .stranger, json: json) == closed)
            }
        }
        try await work.expectRefused("V1", "records emails --module Contacts --id 12", as: .stranger)
        try await work.expectRefused("V1", "records email --module Contacts --id 12 --message 999", as: .owner)
    }

    /// N3: after an activation the settings have to be saved.
    private func returnWithoutSaving(in work: Workplace) async throws {
        try await work.run("user activate \(leaver)", as: .ada).expectDone()
        try await work.deactivate()
        try await work.expectRefused("B5", because: "done", "backup start \(leaver) \(network)", as: .ada)
        let line = "backup latest \(leaver) \(network)"
        try await expect([("N3", nil)], line, in: work)
        let both = "user deactivate \(leaver) --back-up \(network)"
        try await work.run("user activate \(leaver)", as: .ada).expectDone()
        try await work.expectRefused("N3", both, as: .ada)
        #expect(try await work.run("user show \(leaver)", as: .leaver).status == 0)
    }

    /// N2, U3: settings saved unchanged under the lock count; the latest backup takes what is new and is the whole.
    private func returnAndSave(_ mailbox: Workplace.Mailbox, _ server: DovecotServer, in work: Workplace) async throws {
        try await work.save(mailbox).expectDone()
        try server.deliver(StoryMail.after)
        try await work.deactivate()
        let backup = try await work.backUp("latest")
        #expect(backup.status == "completed")
        #expect(backup.added == 2)
        #expect(backup.messages == 6)
        let manifest = try await work.manifest(of: backup.id)
        #expect(Set(manifest.hashes) == StoryMail.associated(StoryMail.before + StoryMail.after))
        #expect(manifest.hashes.count == 6)
        try await work.run("backup verify \(backup.id)", as: .ada).expectDone()
    }

    /// N5: each is decided by itself.
    private func takeSeveral(in work: Workplace) async throws {
        let line =
            "backup latest --user \(Workplace.Person.stranger.rawValue) \(leaver) --user \(Workplace.Person.sharer.rawValue) --wait"
        try await expect([("B5", "settings"), nil, ("B5", "settings")], "\(line) \(network)", in: work)
    }

    /// Takes latest backups, of which some are refused and the others completed.
    private func expect(
        _ refusals: [(rule: String, reason: String?)?],
        _ line: String,
        in work: Workplace,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let answer = try await work.run(line, as: .ada, json: true)
        #expect(answer.status == 77, sourceLocation: sourceLocation)
        let actions = try JSONDecoder().decode(Actions.self, from: answer.output).all
        try #require(actions.count == refusals.count, sourceLocation: sourceLocation)
        for (action, refusal) in zip(actions, refusals) {
            #expect(action.code == (refusal == nil ? "SUCCESS" : "NOT_ALLOWED"), sourceLocation: sourceLocation)
            #expect(action.status == (refusal == nil ? "success" : "error"), sourceLocation: sourceLocation)
            #expect(action.details.rule == refusal?.rule, sourceLocation: sourceLocation)
            #expect(action.details.reason == refusal?.reason, sourceLocation: sourceLocation)
            #expect((action.details.backup?.status == "completed") == (refusal == nil), sourceLocation: sourceLocation)
            guard let refusal else { continue }
            let words = RefusalWords.sentence(refusal.rule, refusal.reason, in: work.language)
            #expect(action.message == words, sourceLocation: sourceLocation)
        }
    }

    /// U4: every action above, done or refused, in its order, by whom and from where.
    private func checkAuditLog(of work: Workplace) async throws {
        let log = try await work.read(AuditLog.self, "audit list").audit_log
        let reading = log.filter { $0.action.hasPrefix("emails.list") || $0.action.hasPrefix("emails.read") }
        #expect(reading.count == 36)
        #expect(reading.allSatisfy { $0.outcome == "refused" && $0.rule == "V1" })
        #expect(log.count { $0.action == "import.user" && $0.outcome == "done" } == 7)
        let rest = log.filter { entry in
            !["emails.list", "emails.read", "import.user"].contains { entry.action.hasPrefix($0) }
        }
        let lines = rest.map { entry in
            [entry.done_by?.name, entry.action, entry.outcome, entry.rule, entry.reason].compactMap(\.self)
        }
        #expect(lines.map { $0.joined(separator: " ") } == Self.actions)
        for entry in log {
            let isJob = entry.action.hasSuffix(".end")
            #expect(isJob ? entry.origin == "job" : entry.origin.hasSuffix("(\(getuid()))"))
        }
        try await work.run("audit verify", as: .ada).expectDone()
        try await work.expectRefused("P1", "audit list", as: .owner)
    }

    private static let actions = [
        "Ada organization.create done", "Ada import done", "Ada import done", "Ada import done", "Ada import done",
        "山田太郎 mail_addon.save done", "Hana lock refused P1", "Ada mail_addon.save refused L1", "Ada lock done",
        "Ada lock unchanged", "山田太郎 mail_addon.save refused L2", "山田太郎 mail_addon.save refused L2",
        "山田太郎 mail_addon.save refused L2", "山田太郎 emails.share done", "山田太郎 emails.unshare refused L2",
        "山田太郎 mail_addon.save done", "山田太郎 mail_addon.save done", "Ada backup refused B5",
        "Ada user.deactivate done", "Ada backup.end done", "山田太郎 user.show refused U1", "Ada user.activate done",
        "Ada user.deactivate done", "Ada backup refused B5 done", "Ada latest_backup refused N3",
        "Ada user.activate done", "Ada user.deactivate refused N3", "山田太郎 mail_addon.save done",
        "Ada user.deactivate done", "Ada latest_backup done", "Ada latest_backup.end done", "Ada backup.verify done",
        "Ada latest_backup refused B5 settings", "Ada latest_backup done", "Ada latest_backup.end done",
        "Ada latest_backup refused B5 settings",
    ]
}
