import Foundation
import TestSupport
import Testing

@Suite("The server at work, by shell")
struct ServerTests {
    private let leaver = Workplace.Person.leaver

    @Test("Mailboxes of active users are synchronised on a schedule, and of no others")
    func schedule() async throws {
        try await DovecotServer.withLeaver { server in
            try server.deliver(StoryMail.before)
            try await withWorkplace(log: "info") { work in
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                try await work.startServer(syncInterval: 1)
                try await work.wait { try work.count("message") == StoryMail.associated(StoryMail.before).count }
                try server.deliver(StoryMail.after)
                let all = StoryMail.associated(StoryMail.before + StoryMail.after)
                try await work.wait { try work.count("message") == all.count }

                try await work.deactivate()
                let jobs = try work.count("job")
                try server.deliver(StoryMail.after)
                try await Task.sleep(for: .seconds(3))
                #expect(try work.count("job") == jobs)
            }
        }
    }

    @Test("New mail in a watched inbox is there at once, long before the next look at the mailbox")
    func watchedInbox() async throws {
        try await DovecotServer.withLeaver { server in
            try server.deliver(StoryMail.before)
            try await withWorkplace(log: "info") { work in
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                try await work.startServer(syncInterval: 86_400)
                try await work.wait { try work.count("message") == StoryMail.associated(StoryMail.before).count }
                try server.deliver(StoryMail.after)
                let all = StoryMail.associated(StoryMail.before + StoryMail.after)
                // What came before the inbox was watched waits for the next mail, which is told.
                var isThere = false
                for look in 1...600 where !isThere {
                    isThere = try work.count("message") == all.count
                    if look.isMultiple(of: 60) {
                        let mail = Array("Subject: Of no customer\r\n\r\n".utf8)
                        try server.deliver([mail], user: Workplace.Mailbox.account.name)
                    }
                    try await Task.sleep(for: .milliseconds(100))
                }
                #expect(isThere)
            }
        }
    }

    @Test("What a command's environment allows goes along to the server")
    func environment() async throws {
        try await DovecotServer.withLeaver { server in
            try await withWorkplace(hasServer: true) { work in
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                try await work.stopServer()
                try await work.startServer(allowing: nil)
                let test = "mailbox test --user \(leaver.rawValue)"
                #expect(try await work.run(test, as: leaver).status == 69)
                let allowed = ["MAILKEEP_ALLOW_MAIL_NETWORK": "127.0.0.0/8"]
                try await work.start(test, as: leaver, environment: allowed).answer().expectDone()
            }
        }
    }

    @Test("The log has a line for each action, with a request or job, and no personal data")
    func log() async throws {
        try await DovecotServer.withLeaver { server in
            try server.deliver(StoryMail.before)
            try await withWorkplace(hasServer: true, log: "trace") { work in
                let mailbox = Workplace.Mailbox(on: server)
                var mistyped = mailbox
                mistyped.password = "mistyped secret"
                try await work.save(mistyped).expectDone()
                let sync = "mailbox sync --user \(leaver.rawValue) --wait \(Workplace.network)"
                #expect(try await work.run(sync, as: leaver).status == 69)
                try await work.save(mailbox).expectDone()
                try await work.run(sync, as: leaver).expectDone()
                try await work.run("lock --user \(leaver.rawValue)", as: .ada).expectDone()
                try await work.expectRefused("P1", "unlock --user \(leaver.rawValue)", as: .owner)
                try await work.deactivate()
                let backup = try await work.backUp()
                _ = try await work.emails(seenBy: .owner)
                try await work.expectRefused("V1", "records emails --module Contacts --id 12", as: .stranger)
                _ = try await work.export(backup.id)
                try await work.run("audit list", as: .ada).expectDone()

                let log = try await work.stopServer()
                let lines = log.split(separator: "\n")
                let actions = try await work.read(AuditLog.self, "audit list").audit_log
                    .filter {
                        $0.origin != "job" && $0.action != "organization.create" && !$0.action.hasPrefix("import")
                    }
                #expect(lines.count { $0.contains("action=") } == actions.count)
                for line in lines where line.contains("action=") { #expect(line.contains(" request=")) }
                for line in lines where line.contains("job ") { #expect(line.contains(" job=")) }
                #expect(lines.contains { $0.contains("job ends") && $0.contains("outcome=failed") })
                for secret in Self.secrets(mailbox) + ["mistyped"] {
                    #expect(!log.localizedCaseInsensitiveContains(secret), "\(secret)")
                }
            }
        }
    }

    /// Everybody's address and name, what the mails say, where they are, and every password.
    private static func secrets(_ mailbox: Workplace.Mailbox) -> [String] {
        let mails = StoryMail.before.flatMap { mail in
            String(decoding: mail.raw, as: UTF8.self).split(separator: "\r\n").filter { $0.hasPrefix("Subject: ") }
        }
        return Workplace.Person.allCases.map(\.rawValue) + mails.map { String($0.dropFirst(9)) }
            + ["@", "taro", "hana", "山田", "さくら商事", "お世話", Workplace.password, mailbox.password, mailbox.username]
    }
}
