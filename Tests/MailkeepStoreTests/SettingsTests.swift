import MailkeepModel
import Testing

@testable import MailkeepStore

@Suite("Users and their mail add-on settings are kept")
struct SettingsTests {
    private static func saved(_ scene: Scene, _ user: UserID) throws -> MailAddonSettings {
        try #require(try scene.transaction.mailAddon(of: user))
    }

    @Test("Settings saved again keep the lock and the mailbox, and note the moment (L2, U3)")
    func savedAgain() async throws {
        let (organization, _) = try await Organization.make { scene in
            let user = try scene.user("user")
            let administrator = try scene.user("administrator", .administrator)
            #expect(try scene.transaction.mailAddon(of: user) == nil)
            let mailbox = try scene.mailbox(of: user, .recordLevel)
            try scene.transaction.markSynchronised(mailbox, at: scene.now)
            try scene.transaction.lockMailAddon(of: user, by: administrator, at: scene.now)
            let before = try Self.saved(scene, user)
            #expect(before.lock == SettingsLock(by: administrator, since: scene.now))
            #expect(before.sharing == .recordLevel && before.domain == "example.jp" && before.lastSyncAt == scene.now)
            #expect(before.server == MailServer(host: "mail.example.jp", port: 993, security: .tls))
            try scene.mailbox(of: user, .recordLevel)
            #expect(try Self.saved(scene, user) == before)
            try scene.transaction.unlockMailAddon(of: user)
            #expect(try Self.saved(scene, user).lock == nil)
        }
        #expect(try await organization.read { try $0.users() }.count == 2)
    }

    @Test("Another address is another mailbox: what was read from the former one stays, as does its address (V5)")
    func otherAddress() async throws {
        _ = try await Organization.make { scene in
            let user = try scene.user("user")
            let first = try scene.mailbox(of: user, .all, at: "first@example.jp")
            try scene.mail("mail", in: first, [Stage.customer: .from])
            try scene.record(.contacts, 1, owner: user, addresses: [Stage.customer, "first@example.jp"])
            let second = try scene.mailbox(of: user, .all, at: "second@example.jp")
            #expect(first != second)
            #expect(try Self.saved(scene, user).mailbox == second)
            #expect(
                try scene.transaction.visibleMessages(on: Stage.contact, to: user).map(\.summary.subject) == ["mail"]
            )
            try scene.mail("internal", in: second, ["first@example.jp": .from])
            #expect(try scene.transaction.visibleMessages(on: Stage.contact, to: user).count == 1)
            #expect(try scene.mailbox(of: user, .all, at: "first@example.jp") == first)
        }
    }

    @Test("Credentials and a backup source are replaced by later ones, and taken away by none (L9)")
    func credentials() async throws {
        _ = try await Organization.make { scene in
            let user = try scene.user("user")
            let credentials = MailCredentials(username: "user", password: "secret", authorizeAs: "other")
            #expect(try scene.transaction.credentials(of: user) == nil)
            #expect(try scene.transaction.backupSource(of: user) == nil)
            try scene.mailbox(of: user, .all, credentials: credentials)
            #expect(try scene.transaction.credentials(of: user) == credentials)
            try scene.mailbox(of: user, .all)
            #expect(try scene.transaction.credentials(of: user) == nil)
            let server = MailServer(host: "mail.example.jp", port: 143, security: .starttls, certificates: "PEM")
            for (path, server, credentials) in [("/srv/mail.mbox", nil, nil), (nil, server, credentials)] {
                let source = BackupSource(
                    path: path,
                    server: server,
                    credentials: credentials,
                    attachedBy: user,
                    attachedAt: scene.now
                )
                try scene.transaction.attachBackupSource(source, to: user)
                #expect(try scene.transaction.backupSource(of: user) == source)
            }
        }
    }

    @Test("A deactivated user stays, and the moment of the re-activation is kept (N3)")
    func reactivation() async throws {
        _ = try await Organization.make { scene in
            let user = try scene.user("user", .administrator)
            let other = try scene.user("other", .administrator)
            #expect(try scene.transaction.administratorCount() == 2)
            try scene.transaction.deactivate(user, at: scene.now)
            #expect(try scene.transaction.user(user)?.status == .inactive)
            #expect(try scene.transaction.administratorCount() == 1)
            #expect(try scene.transaction.reactivatedAt(user) == nil)
            let later = scene.now.advanced(byMilliseconds: 5)
            try scene.transaction.activate(user, at: later)
            #expect(try scene.transaction.reactivatedAt(user) == later)
            // Whatever the clock says, what is saved before the activation is saved before it, and after it after it.
            try scene.mailbox(of: user, .all)
            #expect(try scene.transaction.mailAddon(of: user)?.savedAt == later)
            let source = BackupSource(path: "/srv/mail.mbox", attachedBy: other, attachedAt: scene.now)
            try scene.transaction.attachBackupSource(source, to: user)
            try scene.transaction.activate(user, at: scene.now)
            #expect(try scene.transaction.reactivatedAt(user) == later.advanced(byMilliseconds: 1))
            #expect(try scene.transaction.backupSource(of: user) == nil)
            #expect(try scene.transaction.reactivatedAt(other) == nil)
            #expect(try scene.transaction.users().map(\.id) == [user, other])
        }
    }

    @Test("A user is found by the address as it was normalised, and it is given once")
    func addresses() async throws {
        let (organization, user) = try await Organization.make { try $0.user("user") }
        #expect(try await organization.read { try $0.user(normalizedEmail: "user@example.jp") }?.id == user)
        #expect(try await organization.read { try $0.user(normalizedEmail: "USER@example.jp") } == nil)
        await #expect(throws: StoreError(.constraint, "")) {
            _ = try await organization.change { try $0.user("user") }
        }
    }
}
