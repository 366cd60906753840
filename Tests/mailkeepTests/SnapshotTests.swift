import Foundation
import GRDB
import MailkeepModel
import TestSupport
import Testing

@Suite("Snapshots and what is restored of them, by shell")
struct SnapshotTests {
    private let leaver = Workplace.Person.leaver

    @Test(
        "A snapshot that is taken while mail is being read holds the same backups, elsewhere, and reading goes on there"
    )
    func underLoad() async throws {
        let load = SampleMailbox(
            owner: Workplace.Person.owner.rawValue,
            contacts: [Workplace.customer],
            strangers: [],
            count: 3000,
            seed: 5,
            associatedFraction: 0.9
        )
        let busy = DovecotServer.User("hana", password: "Winter-2025!y")
        try await withDovecot(users: [Workplace.Mailbox.account, busy]) { server in
            for folder in ["Sent", "Trash", "Junk", "Drafts"] {
                try server.createFolder(folder, user: Workplace.Mailbox.account.name)
            }
            try server.deliver(StoryMail.before)
            try server.deliver(load, user: busy.name)
            try await withWorkplace(hasServer: true) { work in
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                try await work.deactivate()
                let backup = try await work.backUp()
                var mailbox = Workplace.Mailbox(on: server)
                (mailbox.username, mailbox.password) = (busy.name, busy.password)
                try await work.save(mailbox, of: .owner).expectDone()
                let sync = "mailbox sync --user hana@sakura.example --wait \(Workplace.network)"
                let syncing = try work.start(sync, as: .owner)
                try await work.wait { try work.count("message") > 300 }

                let file = work.folder + "/snapshot.tar"
                let before = try work.count("message")
                let taken = try await work.run("snapshot --output \(file)", as: .ada).expectDone()
                #expect(taken.text.contains("holds no keys"))
                let restored = work.folder + "/restored"
                try await work.run("restore \(file) --data \(restored) --keys \(work.data)/keys").expectDone()
                try await syncing.answer(within: .seconds(300)).expectDone()

                let all = try work.count("message")
                let copied = try work.count("message", in: restored)
                #expect(copied >= before && copied < all, "\(before) \(copied) \(all)")
                let verified = try await work.run("backup verify \(backup.id) --data \(restored)", as: .ada, json: true)
                    .expectDone()
                let own = try await work.run("backup verify \(backup.id)", as: .ada, json: true).expectDone()
                #expect(verified.output == own.output)
                let manifest = "backup manifest \(backup.id)"
                let manifests = [
                    try await work.run(manifest, as: .ada).expectDone().output,
                    try await work.run("\(manifest) --data \(restored)", as: .ada).expectDone().output,
                ]
                #expect(manifests[0] == manifests[1])
                // Each row of the copy has its bytes, and the interrupted job goes on.
                try await work.run("\(sync) --data \(restored)", as: .owner).expectDone()
                #expect(try work.count("message", in: restored) == all)
                try await work.run("doctor --thorough --data \(restored) \(Workplace.network)").expectDone()
                try await work.run("audit verify --data \(restored)", as: .ada).expectDone()
            }
        }
    }

    @Test(
        "Only administrators take one; nothing is overwritten; what a crash left is removed",
        arguments: [false, true]
    )
    func refusals(hasServer: Bool) async throws {
        try await withWorkplace(hasServer: hasServer) { work in
            let file = work.folder + "/snapshot.tar"
            try await work.expectRefused("P1", "snapshot --output \(file)", as: .owner)
            #expect(!FileManager.default.fileExists(atPath: file))
            try await work.run("snapshot --output \(file)", as: .ada).expectDone()
            #expect(try mode(of: file) == 0o600)
            let before = FileManager.default.contents(atPath: file)
            let again = try await work.run("snapshot --output \(file)", as: .ada, json: true)
            #expect(again.status == 65)
            #expect(try again.error().details.reason == "exists")
            #expect(FileManager.default.contents(atPath: file) == before)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: work.folder).allSatisfy { !$0.hasPrefix(".mail") }
            )
            let temporary = work.data + "/temporary"
            #expect((try? FileManager.default.contentsOfDirectory(atPath: temporary)) ?? [] == [])

            try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
            try Data("left".utf8).write(to: URL(filePath: work.data + "/temporary/left"))
            if hasServer {
                try await work.killServer()
                try await work.startServer()
            }
            try await work.run("user list", as: .ada).expectDone()
            #expect(!FileManager.default.fileExists(atPath: work.data + "/temporary/left"))

            let piped = try await work.run("snapshot --output -", as: .ada).expectDone()
            let copy = work.folder + "/piped.tar"
            try piped.output.write(to: URL(filePath: copy))
            try await work.run("restore \(copy) --data \(work.folder)/restored --keys \(work.data)/keys").expectDone()
            let log = try await work.read(AuditLog.self, "audit list").audit_log.filter {
                $0.action.hasPrefix("snapshot")
            }
            #expect(log.map(\.outcome) == ["refused"] + Array(repeating: "done", count: 4))
        }
    }

    @Test("With the keys in, the file says so and is enough; sessions and links end, and uploads are there")
    func restored() async throws {
        try await withWorkplace(.japanese) { work in
            try await work.save(Workplace.Mailbox(port: 9)).expectDone()
            try await work.deactivate()
            let mbox = work.folder + "/leaver.mbox"
            let mail = StoryMail("INBOX", from: "taro@customer.example", to: "x@x.example", "Offer", isAssociated: true)
            try (Data("From taro\n".utf8) + Data(mail.raw)).write(to: URL(filePath: mbox))
            try await work.run("backup source --user \(leaver.rawValue) --upload \(mbox)", as: .ada).expectDone()
            try await DatabaseQueue(path: work.data + "/mailkeep.sqlite").write { database in
                try database.execute(
                    sql: """
                        INSERT INTO session (token_hash, user_id, created_at, used_at) VALUES (x'01', 1, 1, 1);
                        INSERT INTO invitation (token_hash, user_id, expires_at) VALUES (x'02', 1, 9e15);
                        INSERT INTO pending_sign_in VALUES (x'01', x'03', 9e15, x'04');
                        """
                )
            }
            let file = work.folder + "/snapshot.tar"
            let taken = try await work.run("snapshot --output \(file) --with-keys", as: .ada).expectDone()
            #expect(taken.errorText.contains("すべてのメールを読むことができます"))
            let target = work.folder + "/restored"
            try await work.run("restore \(file) --data \(target)").expectDone()
            #expect(try work.count("session", in: target) == 0)
            #expect(try work.count("invitation", in: target) == 0)
            #expect(try work.count("pending_sign_in", in: target) == 0)
            #expect(try work.count("audit WHERE action = 'restore' AND actor_id IS NULL", in: target) == 1)
            #expect(try mode(of: target) == 0o700)
            for key in ["keys/master", "keys/keyring", "mailkeep.sqlite"] {
                #expect(try mode(of: "\(target)/\(key)") == 0o600)
            }
            try await work.run("backup start --user \(leaver.rawValue) --data \(target)", as: .ada).expectDone()
            #expect(try work.count("message", in: target) == 1)
            // A second time there is somebody's data.
            #expect(try await work.run("restore \(file) --data \(target)").status == 1)
        }
    }

    @Test("Without keys it wants them, and takes only those of the same directory, of whatever day")
    func keys() async throws {
        try await withWorkplace { work in
            let file = work.folder + "/snapshot.tar"
            try await work.run("snapshot --output \(file)", as: .ada).expectDone()
            let target = work.folder + "/restored"
            let missing = try await work.run("restore \(file) --json --data \(target)")
            #expect(missing.status == 64)
            #expect(try missing.error().details.reason == "snapshot_keys_needed")
            let other = try await Workplace()
            try await other.found(isCopied: false)
            let wrong = try await work.run("restore \(file) --json --data \(target) --keys \(other.data)/keys")
            #expect(wrong.status == 65)
            #expect(try wrong.error().details.reason == "snapshot_other_keys")
            let none = try await work.run("restore \(file) --json --data \(target) --keys \(work.folder)")
            #expect(try none.error().details.reason == "snapshot_keys_unreadable")
            #expect(!FileManager.default.fileExists(atPath: target))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: work.folder).allSatisfy {
                    !$0.contains("restoring")
                }
            )
            try await work.run("keys rotate", as: .ada).expectDone()
            try await work.run("restore \(file) --data \(target) --keys \(work.data)/keys").expectDone()
            try await work.run("user list --data \(target)", as: .ada).expectDone()
        }
    }

    private func mode(of path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }
}
