import Foundation
import MailkeepModel
import TestSupport
import Testing

@Suite("Backups that cannot read the mailbox, by shell")
struct FailureTests {
    /// What keeps a backup from reading, and what the person is told to do about it.
    struct Obstacle: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: String
        let words: (japanese: String, english: String)
    }

    private static let wrongPassword = Obstacle(
        testDescription: "wrong password",
        code: "auth",
        words: ("バックアップ元 (管理者のサインイン情報またはファイル) を指定するか", "Attach a backup source")
    )
    private static let unreachable = Obstacle(
        testDescription: "unreachable server",
        code: "connect",
        words: ("時間をおいて再度取得してください", "Try again later")
    )
    private static let badCertificate = Obstacle(
        testDescription: "bad certificate",
        code: "certificate",
        words: ("サーバーの証明書を更新するか", "Renew it, or have it trusted in the user's settings")
    )

    @Test("A wrong password: an attached source lets the retry work", arguments: Setting.all)
    func wrongPassword(_ setting: Setting) async throws {
        let master = DovecotServer.User("master", password: "master secret")
        try await withLeaver(setting, masterUser: master) { server, work in
            var mailbox = Workplace.Mailbox(on: server)
            mailbox.password = "long changed"
            try await fails(Self.wrongPassword, mailbox, in: work)
            let source = "backup source --user \(Workplace.Person.leaver.rawValue) --username master"
            let line = "\(source) --authorize-as yamada --password-stdin \(Workplace.network)"
            try await work.run(line, as: .ada, input: master.password).expectDone()
            try await succeeds(from: "backup_source", in: work)
        }
    }

    @Test("A server that cannot be reached: once it is there again, the retry works", arguments: Setting.all)
    func unreachableServer(_ setting: Setting) async throws {
        try await withLeaver(setting) { server, work in
            let mailbox = Workplace.Mailbox(on: server)
            await server.pause()
            try await fails(Self.unreachable, mailbox, in: work)
            try await server.resume()
            try await succeeds(in: work)
        }
    }

    @Test("A certificate that nobody vouches for: with the right one, the retry works", arguments: Setting.all)
    func untrustedCertificate(_ setting: Setting) async throws {
        try await withLeaver(setting) { server, work in
            var mailbox = Workplace.Mailbox(on: server)
            mailbox.certificate = nil
            try await fails(Self.badCertificate, mailbox, in: work)
            try await work.run("user activate --user \(Workplace.Person.leaver.rawValue)", as: .ada).expectDone()
            try await work.save(Workplace.Mailbox(on: server)).expectDone()
            try await work.deactivate()
            try await succeeds(in: work)
        }
    }

    @Test(
        "A server that closes in the middle of a mail: nothing is half visible, and the retry works",
        arguments: Setting.all
    )
    func closingServer(_ setting: Setting) async throws {
        try await withLeaver(setting) { server, work in
            let large = StoryMail.large(subject: "Drawings", megabytes: 2)
            try server.deliver([large])
            try await withCuttingProxy(to: server.imapPort, cutAfter: 1_000_000) { proxy in
                var mailbox = Workplace.Mailbox(port: proxy.port)
                mailbox.security = "none"
                try await fails(Self.unreachable, mailbox, in: work)
                #expect(proxy.cutConnections >= 1)
                proxy.cut(after: nil)
                try await succeeds(StoryMail.before + [large], in: work)
            }
        }
    }

    @Test("B10: what was synchronised before the server died is backed up, and the status says until when")
    func synchronisedBefore() async throws {
        let setting = Setting(language: .japanese, hasServer: false)
        try await withLeaver(setting) { server, work in
            try await work.save(Workplace.Mailbox(on: server)).expectDone()
            let leaver = Workplace.Person.leaver
            try await work.run("mailbox sync --user \(leaver.rawValue) \(Workplace.network)", as: leaver).expectDone()
            try server.deliver(StoryMail.after)
            try await work.deactivate()
            await server.pause()
            let line = "backup start --user \(leaver.rawValue) --wait \(Workplace.network)"
            let answer = try await work.run(line, as: .ada).expectDone()
            let shown = try #require(try await work.read(Backups.self, "backup list").backups.first)
            #expect(shown.status == "completed" && shown.source == "synchronised")
            let until = try #require(shown.covered_until)
            #expect(answer.text.contains("\(until)までに同期されたメールのバックアップです。"))
            #expect(shown.error?.code == "connect")
            #expect(try await work.emails(seenBy: .owner)?.count == StoryMail.associated(StoryMail.before).count)

            // Once the server is there again, the latest backup has what came after that moment too.
            try await server.resume()
            let latest = try await work.backUp("latest")
            #expect(latest.source == "mailbox")
            let hashes = try await work.manifest(of: latest.id).hashes
            #expect(Set(hashes) == StoryMail.associated(StoryMail.before + StoryMail.after))
        }
    }

    @Test("A cancelled backup shows nothing to anybody, and can be taken anew", arguments: ["in_progress", "waiting"])
    func cancelled(status: String) async throws {
        try await withLeaver(Setting(language: .english, hasServer: true)) { server, work in
            let leaver = Workplace.Person.leaver.rawValue
            try await withScriptedIMAPServer(ScriptedIMAPServer.signIn() + [.stall]) { stalling in
                var mailbox = Workplace.Mailbox(port: stalling.port)
                (mailbox.host, mailbox.security) = ("127.0.0.1", "none")
                try await work.save(mailbox).expectDone()
                try await work.deactivate()
                if status == "waiting" { try await work.stopServer() }
                let waiting = try work.start("backup start --user \(leaver) --wait \(Workplace.network)", as: .ada)
                var id: String?
                while id == nil {
                    if status == "waiting" {
                        // Without a server the command itself works on it: killed, the backup waits again.
                        while try work.count("backup") == 0 { try await Task.sleep(for: .milliseconds(10)) }
                        waiting.kill()
                        _ = try await waiting.answer()
                    }
                    let backups = try await work.read(Backups.self, "backup list").backups
                    id = backups.first { status == "waiting" || $0.status == status }?.id
                }
                try await work.run("backup cancel \(id ?? "")", as: .ada).expectDone()
                if status == "in_progress" { #expect(try await waiting.answer().status == 1) }
                #expect(try await work.backup(id ?? "").status == "cancelled")
                #expect(try await work.emails(seenBy: .owner)?.isEmpty == true)
                #expect(try work.count("job WHERE state IN ('waiting', 'running')") == 0)
            }
            if status == "waiting" { try await work.startServer() }
            try await work.run("user activate --user \(leaver)", as: .ada).expectDone()
            try await work.save(Workplace.Mailbox(on: server)).expectDone()
            try await work.deactivate()
            try await succeeds(in: work)
        }
    }

    private func withLeaver(
        _ setting: Setting,
        masterUser: DovecotServer.User? = nil,
        _ body: @escaping @Sendable (DovecotServer, Workplace) async throws -> Void
    ) async throws {
        try await DovecotServer.withLeaver(masterUser: masterUser) { server in
            try server.deliver(StoryMail.before)
            try await withWorkplace(setting.language, hasServer: setting.hasServer) { try await body(server, $0) }
        }
    }

    /// Backs up what cannot be read: it is Failed with its reason and what to do, and nobody sees any of it.
    private func fails(_ obstacle: Obstacle, _ mailbox: Workplace.Mailbox, in work: Workplace) async throws {
        let leaver = Workplace.Person.leaver.rawValue
        try await work.save(mailbox).expectDone()
        try await work.deactivate()
        let line = "backup start --user \(leaver) --wait \(Workplace.network)"
        let answer = try await work.run(line, as: .ada, json: true)
        #expect(answer.status == 69)
        let error = try answer.error()
        #expect(error.code == "MAIL_SERVER_ERROR")
        let words = work.language == .japanese ? obstacle.words.japanese : obstacle.words.english
        #expect(error.message.contains(words), "\(error.message)")
        #expect(answer.errorText.contains(words))

        let failed = try #require(try await work.read(Backups.self, "backup list --user \(leaver)").backups.first)
        #expect(failed.status == "failed")
        #expect(failed.error?.code == obstacle.code)
        #expect(failed.error?.message == error.message)
        #expect(failed.messages == 0)
        for person in [Workplace.Person.owner, .sharer, .superior, .ada] {
            #expect(try await work.emails(seenBy: person)?.isEmpty == true)
        }
        for line in ["verify", "manifest", "export --format eml_zip --output \(work.folder)/none.zip"] {
            let words = line.split(separator: " ").map(String.init)
            let answer = try await work.run("backup \(words[0]) \(failed.id)", Array(words.dropFirst()), as: .ada)
            #expect(answer.status == 1)
        }
        #expect(!FileManager.default.fileExists(atPath: "\(work.folder)/none.zip"))
    }

    /// The next backup takes all of it, once.
    private func succeeds(
        _ mails: [StoryMail] = StoryMail.before,
        from source: String = "mailbox",
        in work: Workplace
    ) async throws {
        let backup = try await work.backUp()
        #expect(backup.status == "completed")
        #expect(backup.source == source)
        let hashes = try await work.manifest(of: backup.id).hashes
        #expect(Set(hashes) == StoryMail.associated(mails))
        #expect(hashes.count == StoryMail.associated(mails).count)
        #expect(try await work.emails(seenBy: .owner)?.count == hashes.count)
        try await work.run("backup verify \(backup.id)", as: .ada).expectDone()
    }
}
