import Foundation
import MailkeepModel
import TestSupport
import Testing

@Suite("The list of mail add-on users, by shell")
struct PageTests {
    private struct Page: Decodable {
        struct Row: Decodable {
            struct User: Decodable {
                let email: String
                let status: String
            }

            struct Account: Decodable {
                let account_type: String
                let address: String
            }

            struct Refused: Decodable {
                let action: String
                let rule: String
                let reason: String?
                let message: String
            }

            struct Reference: Decodable {
                let name: String
            }

            let user: User
            let mailbox: Account
            let sharing: String
            let locked: Bool
            let locked_by: Reference?
            let backup: Backup?
            let last_attempt: Backup?
            let allowed_actions: [String]
            let refused_actions: [Refused]
        }

        let mail_addon_users: [Row]
    }

    private let leaver = Workplace.Person.leaver

    @Test(
        "P1–P5: who is listed, with what details, and what may be done now",
        arguments: [MailkeepModel.Locale.english, .japanese]
    )
    func page(_ language: MailkeepModel.Locale) async throws {
        try await DovecotServer.withLeaver { server in
            try server.deliver(StoryMail.before)
            try await withWorkplace(language) { work in
                try await work.expectRefused("P1", "mailbox list", as: .owner)
                #expect(try await rows(in: work).isEmpty)
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                try await work.run("lock --user \(leaver.rawValue)", as: .ben).expectDone()

                let active = try #require(try await rows("active", in: work).first)
                #expect(try await rows("inactive", in: work).isEmpty)
                #expect(active.user.email == leaver.rawValue && active.user.status == "active")
                #expect(active.mailbox.account_type == "imap" && active.mailbox.address == leaver.rawValue)
                #expect(active.sharing == "record_level")
                #expect(active.locked && active.locked_by?.name == "Ben")
                #expect(active.backup == nil && active.last_attempt == nil)
                #expect(active.allowed_actions == ["unlock", "deactivate"])
                try expectRefused(["backup": "B5", "latest_backup": "B5", "backup_source": "L9"], in: active, work)

                try await work.deactivate()
                await server.pause()
                let start = "backup start --user \(leaver.rawValue) \(Workplace.network)"
                #expect(try await work.run(start, as: .ada).status == 69)
                let failed = try #require(try await rows("inactive", in: work).first)
                #expect(try await rows("active", in: work).isEmpty)
                #expect(failed.backup == nil && failed.last_attempt?.status == "failed")
                #expect(failed.last_attempt?.error?.code == "connect")
                #expect(failed.allowed_actions == ["unlock", "backup", "latest_backup", "backup_source", "activate"])
                try expectRefused([:], in: failed, work)

                try await server.resume()
                let backup = try await work.backUp()
                let done = try #require(try await rows("inactive", in: work).first)
                #expect(done.backup?.id == backup.id && done.last_attempt == nil)
                #expect(done.allowed_actions == ["unlock", "latest_backup", "backup_source", "activate"])
                try expectRefused(["backup": "B5 done"], in: done, work)
                let other = try #require(try await rows("inactive", as: .eve, in: work).first)
                try expectRefused(["backup": "B5 done", "latest_backup": "B4"], in: other, work)
                let text = try await work.run("mailbox list", as: .ada).expectDone().text
                #expect(text.contains(language == .japanese ? "完了 (4, " : "Completed (4, "))
            }
        }
    }

    private func rows(
        _ type: String? = nil,
        as person: Workplace.Person = .ada,
        in work: Workplace
    ) async throws -> [Page.Row] {
        let line = "mailbox list" + (type.map { " --type \($0)" } ?? "")
        return try await work.read(Page.self, line, as: person).mail_addon_users
    }

    /// Each refused action names its rule and says why in the reader's language.
    private func expectRefused(_ rules: [String: String], in row: Page.Row, _ work: Workplace) throws {
        let refused = row.refused_actions.map { action in
            (action.action, [action.rule, action.reason].compactMap(\.self).joined(separator: " "))
        }
        #expect(Dictionary(uniqueKeysWithValues: refused).filter { $0.key != "lock" } == rules)
        for action in row.refused_actions {
            #expect(!action.message.isEmpty)
            guard let words = RefusalWords.sentence(action.rule, action.reason, in: work.language) else { continue }
            #expect(action.message == words)
        }
    }
}
