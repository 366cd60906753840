import Foundation
import TestSupport
import Testing

@Suite("What keeps people from hiding, exposing or losing mail by a detour, by shell")
struct ProtectionTests {
    private let leaver = Workplace.Person.leaver
    private let start = "backup start --user \(Workplace.Person.leaver.rawValue) --wait \(Workplace.network)"
    private let both =
        "user deactivate --user \(Workplace.Person.leaver.rawValue) --back-up --wait \(Workplace.network)"

    @Test("V5: nobody makes a customer's address their mailbox's, unless an administrator says it is theirs")
    func customersAddress() async throws {
        try await DovecotServer.withLeaver { server in
            try server.deliver(StoryMail.before)
            try await withWorkplace { work in
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                let claim =
                    "mailbox set --user kei@sakura.example --account-type imap --host imap.sakura.invalid"
                    + " --address Taro@CUSTOMER.example --sharing private --password-stdin"
                try await work.expectRefused("V5", claim, as: .sharer, input: "x")
                try await work.run(both, as: .ada).expectDone()
                let count = StoryMail.associated(StoryMail.before).count
                #expect(try await work.emails(seenBy: .owner)?.count == count)
                try await work.expectRefused("V5", claim, as: .sharer, input: "x")

                let alias = "user set --user kei@sakura.example --add-alias taro@customer.example"
                try await work.run(alias, as: .ada).expectDone()
                #expect(try await work.emails(seenBy: .owner)?.isEmpty == true)
                try await work.run(claim, as: .sharer, input: "x").expectDone()
            }
        }
    }

    @Test("Importing users again leaves what the file does not say as it is, and tells what became of each (U4)")
    func importAgain() async throws {
        try await withWorkplace { work in
            try await work.deactivate()
            try await work.run("user set --user kei@sakura.example --add-alias kei@other.example", as: .ada)
                .expectDone()
            try await work.load("users", ["Email,Name", "\(leaver.rawValue),山田 太郎", "ben@sakura.example,Benjamin"])
            let text = try await work.run("user list", as: .ada).expectDone().text
            let lines = text.split(separator: "\n")
            #expect(lines.contains { $0.contains("山田 太郎") && $0.contains("Inactive") && $0.contains("Sales") })
            #expect(lines.contains { $0.contains("Benjamin") && $0.contains("Administrator") })

            let file = "\(work.folder)/bad.csv"
            let rows = [
                "Email,Name,Profile,Status", "kei@other.example,Other,,", "ada@sakura.example,Ada,Standard,inactive",
            ]
            try rows.joined(separator: "\n").write(toFile: file, atomically: false, encoding: .utf8)
            let refused = try await work.run("import users \(file)", as: .ada, json: true)
            #expect(refused.status == 65)
            #expect(try refused.error().details.rows?.map(\.reason) == ["alias", "refused"])
            try await work.run("import users \(file) --skip-invalid", as: .ada).expectDone()
            #expect(try await work.run("user show --user ada@sakura.example", as: .ada).text.contains("Administrator"))

            let log = try await work.read(AuditLog.self, "audit list").audit_log
            let entries = log.filter { $0.action == "import.user" }.map { "\($0.outcome) \($0.rule ?? "")" }
            #expect(entries.suffix(3) == ["done ", "done ", "refused U2"])
        }
    }

    @Test("Importing records again: a column that is not there leaves what was, an empty field takes it away")
    func importRecordsAgain() async throws {
        try await withWorkplace { work in
            #expect(try await work.emails(seenBy: .sharer) != nil)
            let contacts = "records --module Contacts"
            try await work.load(contacts, ["Id,Owner,Name,City", "12,hana@sakura.example,Taro Suzuki,Tokyo"])
            #expect(try await work.emails(seenBy: .sharer) != nil)
            #expect(try work.count("record_address") == 1)
            try await work.load(contacts, ["Id,Owner,Name,Email,Shared With", "12,hana@sakura.example,Taro,,"])
            #expect(try await work.emails(seenBy: .sharer) == nil)
            #expect(try work.count("record_address") == 0)
            #expect(try work.count("record WHERE fields LIKE '%Tokyo%'") == 1)
        }
    }

    @Test("A stranger's address, and what is incomplete beside locked settings, are refused by the rules")
    func refusedFirst() async throws {
        try await withWorkplace { work in
            let (lock, start) = ("lock --user nobody@sakura.example", "backup start --user nobody@sakura.example")
            for line in [lock, start, "user show --user nobody@sakura.example"] {
                try await work.expectRefused("P1", line, as: .owner)
            }
            #expect(try await work.run(lock, as: .ada).status == 64)
            let set = "mailbox set --account-type imap --sharing private --address a@sakura.example --user"
            try await work.expectRefused("L1", "\(set) nobody@sakura.example", as: .owner)
            let actions = try await work.read(AuditLog.self, "audit list").audit_log.map(\.action)
            #expect(actions.suffix(4) == ["lock", "backup", "user.show", "mail_addon.save"])

            try await work.save(Workplace.Mailbox(port: 993)).expectDone()
            try await work.run("lock --user \(leaver.rawValue)", as: .ada).expectDone()
            try await work.expectRefused("L2", "\(set) \(leaver.rawValue)", as: leaver)
        }
    }

    @Test("Who may no longer open a record can still take back what they shared on it, and share nothing anew")
    func takeBack() async throws {
        try await withWorkplace { work in
            let line = "--user kei@sakura.example --module Contacts --id 12"
            try await work.run("mailbox share \(line)", as: .sharer).expectDone()
            try await work.loadContacts(["12,hana@sakura.example,Taro,\(Workplace.customer),"])
            try await work.run("mailbox unshare \(line)", as: .sharer).expectDone()
            #expect(try work.count("email_share") == 0)
            #expect(try await work.run("mailbox share \(line)", as: .sharer).status == 77)
            #expect(try await work.run("mailbox unshare \(line)", as: .sharer).status == 77)
        }
    }

    @Test("V0: an active owner reads their own stored mail, whatever its records, and nobody else's")
    func ownMail() async throws {
        try await DovecotServer.withLeaver { server in
            try server.deliver(StoryMail.before)
            try await withWorkplace { work in
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                try await work.run("mailbox sync --user \(leaver.rawValue) \(Workplace.network)", as: leaver)
                    .expectDone()
                try await work.loadContacts(["12,hana@sakura.example,Taro,nobody@customer.example,"])
                #expect(try await work.emails(seenBy: .owner)?.isEmpty == true)
                let list = "mailbox emails --user \(leaver.rawValue)"
                let own = try await work.read(Emails.self, list, as: leaver).Emails
                #expect(Set(own.map(\.sha256)) == StoryMail.associated(StoryMail.before))
                #expect(own.count == 4 && own.allSatisfy { $0.visible_by == "own" })
                let email = try #require(own.first)
                let read = "mailbox email --user \(leaver.rawValue) --message"
                let bytes = try await work.run("\(read) \(email.message_id)", as: leaver).expectDone().output
                #expect(sha256(Array(bytes)) == email.sha256)
                for person in [Workplace.Person.ada, .owner] {
                    try await work.expectRefused("V1", list, as: person)
                    try await work.expectRefused("V1", "\(read) \(email.message_id)", as: person)
                    let theirs = "mailbox email --user \(person.rawValue) --message"
                    try await work.expectRefused("V1", "\(theirs) \(email.message_id)", as: person)
                    try await work.expectRefused("V1", "\(theirs) 999", as: person)
                }
                try await work.deactivate()
                try await work.expectRefused("U1", list, as: leaver)
            }
        }
    }

    @Test("An interrupted deactivation with a backup goes on when the command is given again")
    func interruptedDeactivation() async throws {
        try await DovecotServer.withLeaver { server in
            try server.deliver(StoryMail.before)
            try await withWorkplace { work in
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                #expect(try await work.run(both, as: .ada, crashAt: 12).status == 128 + SIGKILL)
                #expect(try work.count("backup WHERE status IN ('waiting', 'in_progress')") == 1)
                try await work.run(both, as: .ben).expectDone()
                #expect(try work.count("backup WHERE status = 'completed'") == 1)
                let log = try await work.read(AuditLog.self, "audit list").audit_log
                #expect(log.contains { $0.action == "backup.resume" && $0.done_by?.name == "Ben" })
            }
        }
    }

    @Test("Activating a user ends their pending backup and lets go of its source (B5, L9)")
    func activation() async throws {
        try await DovecotServer.withLeaver { server in
            try server.deliver(StoryMail.before)
            try await withWorkplace { work in
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                #expect(try await work.run(both, as: .ada, crashAt: 12).status == 128 + SIGKILL)
                let source = "backup source --user \(leaver.rawValue) --username master --password-stdin"
                let attached = try await work.run(source, as: .ada, input: "x").expectDone()
                #expect(attached.text.contains("localhost:\(server.imapsPort) (tls)"))
                try await work.run("user activate --user \(leaver.rawValue)", as: .ada).expectDone()
                #expect(try work.count("backup WHERE status = 'cancelled'") == 1)
                #expect(try work.count("job WHERE state IN ('waiting', 'running')") == 0)
                #expect(try work.count("backup_source") == 0)
                #expect(try work.count("backup_message") == 0)
                let actions = try await work.read(AuditLog.self, "audit list").audit_log.map(\.action)
                #expect(actions.suffix(2) == ["backup.cancel", "user.activate"])
                try await work.run(both, as: .ada).expectDone()
            }
        }
    }

    @Test("B10: what somebody can put right fails, though mail had been synchronised; the sign-in refused does not")
    func correctable() async throws {
        try await DovecotServer.withLeaver { server in
            try server.deliver(StoryMail.before)
            try await withWorkplace { work in
                var mailbox = Workplace.Mailbox(on: server)
                try await work.save(mailbox).expectDone()
                try await work.run("mailbox sync --user \(leaver.rawValue) \(Workplace.network)", as: leaver)
                    .expectDone()
                mailbox.password = "long changed"
                try await work.save(mailbox).expectDone()
                try await work.deactivate()
                let forgotten = "backup start --user \(leaver.rawValue) --wait"
                #expect(try await work.run(forgotten, as: .ada).status == 69)
                #expect(try work.count("backup WHERE status = 'failed' AND error = 'network'") == 1)
                try await work.run(start, as: .ada).expectDone()
                #expect(try work.count("backup WHERE status = 'completed' AND error = 'auth'") == 1)
                #expect(try await work.emails(seenBy: .owner)?.count == StoryMail.associated(StoryMail.before).count)
            }
        }
    }
}
