import Foundation
import MailkeepModel
import TestSupport
import Testing

/// Nothing here is read from a mail server: the one that the settings name does not exist.
@Suite("What the rules refuse, by shell")
struct RefusalTests {
    private let leaver = "--user \(Workplace.Person.leaver.rawValue)"

    private func save(_ sharing: String, of person: Workplace.Person, in work: Workplace) async throws {
        var mailbox = Workplace.Mailbox(port: 993)
        mailbox.host = "imap.sakura.invalid"
        mailbox.sharing = sharing
        try await work.save(mailbox, of: person).expectDone()
    }

    /// Whether a user is active, and how many backups there are.
    private func expectUntouched(_ person: Workplace.Person, in work: Workplace) async throws {
        let text = try await work.run("user show --user \(person.rawValue)", as: .ada, json: true).text
        #expect(text.contains(#""status" : "active""#))
        #expect(try await work.read(Backups.self, "backup list").backups.isEmpty)
    }

    @Test("A backup: nothing saved, not shared, another domain, no administrator", arguments: Setting.all)
    func backups(_ setting: Setting) async throws {
        try await withWorkplace(setting.language, hasServer: setting.hasServer) { work in
            let (start, latest) = ("backup start \(leaver)", "backup latest \(leaver)")
            let both = "user deactivate \(leaver) --back-up"
            for line in [start, both] { try await work.expectRefused("P1", line, as: .owner) }
            for line in [start, both] { try await work.expectRefused("B5", because: "settings", line, as: .ada) }
            try await save("private", of: .leaver, in: work)
            try await work.expectRefused("B5", start, as: .ada)
            try await work.expectRefused("B3", both, as: .ada)
            try await save("record_level", of: .leaver, in: work)
            try await work.expectRefused("B4", both, as: .eve)
            try await expectUntouched(.leaver, in: work)
            try await work.deactivate()
            try await work.expectRefused("B4", start, as: .eve)
            try await expectRefused("B4", latest, as: .eve, in: work)
            try await work.run("user activate \(leaver)", as: .ada).expectDone()
            try await save("private", of: .leaver, in: work)
            try await work.deactivate()
            try await work.expectRefused("B3", start, as: .ada)
            try await expectRefused("N4", latest, as: .ada, in: work)
            try await work.expectRefused("L5", because: "lock.inactive", "lock \(leaver)", as: .ada)
            #expect(try await work.read(Backups.self, "backup list").backups.isEmpty)
            try await work.run("audit verify", as: .ada).expectDone()
        }
    }

    /// The refusal of a latest backup, which is told in the list of users.
    private func expectRefused(
        _ rule: String,
        _ line: String,
        as person: Workplace.Person,
        in work: Workplace
    ) async throws {
        let answer = try await work.run(line, as: person)
        #expect(answer.status == 77)
        let words = RefusalWords.sentence(rule, nil, in: work.language) ?? ""
        #expect(answer.text == "\(Workplace.Person.leaver.rawValue): \(rule): \(words)\n")
    }

    @Test("Locks among several administrators, and of the only one", arguments: Setting.all)
    func locks(_ setting: Setting) async throws {
        try await withWorkplace(setting.language, hasServer: setting.hasServer) { work in
            let (lock, unlock) = ("lock --user ada@sakura.example", "unlock --user ada@sakura.example")
            try await work.expectRefused("L5", because: "settings", lock, as: .ben)
            try await save("private", of: .ada, in: work)
            try await work.expectRefused("L5", lock, as: .ben)
            try await save("complete", of: .ada, in: work)
            try await work.expectRefused("L3", lock, as: .ada)
            try await work.run(lock, as: .ben).expectDone()
            try await work.expectRefused("L7", unlock, as: .ada)
            try await work.run(unlock, as: .ben).expectDone()
            for other in [Workplace.Person.ben, .eve] { try await work.deactivate(other) }
            try await work.run(lock, as: .ada).expectDone()
            let own = "mailbox set --user ada@sakura.example --account-type imap --address ada@sakura.example"
            try await work.expectRefused("L2", "\(own) --sharing private", as: .ada)
            try await work.run(unlock, as: .ada).expectDone()
            try await work.run("\(own) --sharing private", as: .ada).expectDone()
            for line in [lock, unlock] { try await work.expectRefused("P1", line, as: .leaver) }
        }
    }

    @Test("Users: oneself, the last administrator, the inactive", arguments: Setting.all)
    func users(_ setting: Setting) async throws {
        try await withWorkplace(setting.language, hasServer: setting.hasServer) { work in
            try await work.expectRefused("P1", "user deactivate \(leaver)", as: .owner)
            try await work.expectRefused("U2", because: "self", "user deactivate --user ada@sakura.example", as: .ada)
            try await work.deactivate(.ben)
            try await work.expectRefused("U1", "user list", as: .ben)
            try await work.expectRefused("U1", "user deactivate --user ada@sakura.example", as: .ben)
            try await work.deactivate(.eve)
            let demotion = "user set --user ada@sakura.example --profile standard"
            try await work.expectRefused("U2", because: "last", demotion, as: .ada)
            try await work.run("user set --user ben@sakura.example --profile standard", as: .ada).expectDone()
            try await work.run("user activate --user ben@sakura.example", as: .ada).expectDone()
            try await work.expectRefused("P1", "user list", as: .ben)
            try "Email,Name\n".write(toFile: work.folder + "/users.csv", atomically: false, encoding: .utf8)
            try await work.expectRefused("P1", "import users \(work.folder)/users.csv", as: .ben)
            let source = "backup source \(leaver) --username master --password-stdin"
            try await work.expectRefused("P1", source, as: .owner, input: "x")
            try await work.expectRefused("L9", because: "settings", source, as: .ada, input: "x")
        }
    }
}
