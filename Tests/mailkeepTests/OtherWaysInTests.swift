import Foundation
import MailkeepModel
import TestSupport
import Testing

/// Mailboxes on POP3 servers, and such as are only a file any more.
@Suite("Other ways in, by shell")
struct OtherWaysInTests {
    private let leaver = "--user \(Workplace.Person.leaver.rawValue)"

    private func mbox(_ subjects: String...) -> String {
        subjects.map { subject in
            "From - Thu Jan  1 00:00:00 2026\nFrom: \(Workplace.customer)\nSubject: \(subject)\n\nHello\n\n"
        }.joined()
    }

    @Test("A POP3 mailbox is synchronised and backed up, and stays as it is", arguments: Setting.all)
    func pop3(_ setting: Setting) async throws {
        try await DovecotServer.withLeaver { server in
            try server.deliver(StoryMail.before)
            let before = try server.exactMessages(user: "yamada")
            try await withWorkplace(setting.language, hasServer: setting.hasServer) { work in
                let line = """
                    mailbox set \(leaver) --account-type pop3 --address \(Workplace.Person.leaver.rawValue) \
                    --host localhost --port \(server.pop3sPort) --username yamada --password-stdin --sharing complete \
                    --ca-file \(server.certificatePath) \(Workplace.network)
                    """
                try await work.run(line, as: .leaver, input: Workplace.Mailbox.account.password).expectDone()
                try await work.run("mailbox test \(leaver) \(Workplace.network)", as: .leaver).expectDone()
                try await work.run("mailbox sync \(leaver) --wait \(Workplace.network)", as: .leaver).expectDone()
                let stored = try await work.emails(seenBy: .owner)?.count ?? 0
                #expect(stored > 0)
                try await work.deactivate()
                let backup = try await work.backUp()
                #expect(backup.status == "completed" && backup.source == "mailbox" && backup.messages == stored)
                #expect(try await work.emails(seenBy: .sharer)?.count == stored)
            }
            #expect(try server.exactMessages(user: "yamada") == before)
        }
    }

    @Test(
        "A mailbox that is left as a file is uploaded, from a file or standard input, and backed up",
        arguments: Setting.all
    )
    func upload(_ setting: Setting) async throws {
        try await withWorkplace(setting.language, hasServer: setting.hasServer) { work in
            var gone = Workplace.Mailbox(port: 1)
            gone.security = "none"
            try await work.save(gone).expectDone()
            try await work.deactivate()
            let file = "\(work.folder)/old.mbox"
            try mbox("from a file", "and another").write(toFile: file, atomically: false, encoding: .utf8)
            let source = "backup source \(leaver)"
            try await work.expectRefused("P1", "\(source) --upload \(file)", as: .owner)
            try await work.run("\(source) --upload \(file)", as: .ada).expectDone()
            try await work.run("\(source) --detach", as: .ada).expectDone()
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(work.data)/uploads").isEmpty)
            #expect(try await work.run("\(source) --upload /etc/hostname", as: .ada).status == 65)
            #expect(try await work.run("\(source) --upload \(work.folder)/none", as: .ada).status != 0)
            #expect(try await work.run("\(source) --detach --path /tmp", as: .ada).status == 64)

            let answer = try await work.run("\(source) --upload -", as: .ada, input: mbox("from a pipe")).expectDone()
            #expect(answer.text.contains("1"))
            let backup = try await work.backUp()
            #expect(backup.status == "completed" && backup.source == "backup_source" && backup.messages == 1)
            #expect(try await work.emails(seenBy: .owner)?.map(\.subject) == ["from a pipe"])
            // It has served.
            try await work.wait {
                try FileManager.default.contentsOfDirectory(atPath: "\(work.data)/uploads").isEmpty
            }
        }
    }

    @Test("The organization's setting for tags is changed and shown, and only by administrators")
    func tags() async throws {
        try await withWorkplace { work in
            #expect(try await work.run("organization show", as: .ada).expectDone().text.contains("Ignore address tags"))
            try await work.run("organization set --ignore-address-tags yes", as: .ada).expectDone()
            let shown = try await work.run("organization show", as: .ada, json: true).expectDone().text
            #expect(shown.contains("\"address_tags_ignored\" : true"))
            #expect(shown.contains("\"administrators_see_records\" : true"))
            try await work.expectRefused("P1", "organization set --ignore-address-tags no", as: .owner)
            #expect(try await work.run("organization set", as: .ada).status == 64)
        }
    }
}
