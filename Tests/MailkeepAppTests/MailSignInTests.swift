import Foundation
import MailkeepModel
import MailkeepStore
import MailkeepSync
import TestSupport
import Testing

@testable import MailkeepApp

@Suite("Signing in to one's mailbox at its provider", .timeLimit(.minutes(5)))
struct MailSignInTests {
    @Test("Who has signed in has their mail read, and no secret stands on the disk")
    func wholeWay() async throws {
        try await withSignInOffice { office in
            try office.deliver("First")
            let shape = try await office.signIn()
            #expect(shape.mailbox.account_type == "gmail" && shape.mailbox.sign_in == "google")
            #expect(shape.sharing == "complete")
            let entry = try #require(try await office.lastEntry())
            #expect(entry.action == "mail_addon.sign_in" && entry.outcome == .done && entry.user == office.hana)
            #expect(try await office.synchronise() == nil)
            #expect(try await office.subjects == ["First"])
            #expect(try await office.shownErrors() == (nil, nil))
            #expect(office.provider.now.refreshes == 0)
            let tokens = office.provider.now
            for secret in Array(tokens.refreshTokens.keys) + Array(tokens.accessTokens.keys) + ["client-secret-canary"]
            {
                #expect(try !office.holds(secret), "\(secret)")
            }
            #expect(try office.holds("sakura.example"))
        }
    }

    @Test("An answer counts once, within ten minutes, for the session and provider that asked")
    func state() async throws {
        try await withSignInOffice { office in
            let (first, second) = try await (office.session(of: office.hana), office.session(of: office.hana))
            let expectExpired = { (session: Session, state: String?, code: String?, provider: MailProvider) -> Void in
                _ = await #expect(throws: AppError(.signInExpired)) {
                    try await office.finish(session, state: state, code: code, provider: provider)
                }
            }
            let back = try #require(office.provider.signIn(at: try await office.begin(first), as: SignInOffice.address))
            #expect(back.redirectURI == "https://mailkeep.example/back")
            await expectExpired(second, back.state, back.code, .google)
            await expectExpired(first, nil, back.code, .google)
            await expectExpired(first, SecretToken().text, back.code, .google)
            #expect(try await office.perform(ShowMailAddonSettings(user: office.hana), as: office.hana) == nil)
            // What others tried has not used it up.
            try await office.finish(first, state: back.state, code: back.code)
            await expectExpired(first, back.state, back.code, .google)
            let other = try #require(
                office.provider.signIn(at: try await office.begin(first), as: SignInOffice.address)
            )
            await expectExpired(first, other.state, other.code, .microsoft)
            let late = try #require(office.provider.signIn(at: try await office.begin(first), as: SignInOffice.address))
            office.advance(seconds: 601)
            await expectExpired(first, late.state, late.code, .google)
            let ended = try #require(
                office.provider.signIn(at: try await office.begin(second), as: SignInOffice.address)
            )
            try await office.mailkeep.signOut(second, as: Caller(user: office.hana, origin: "test"))
            await expectExpired(second, ended.state, ended.code, .google)
        }
    }

    @Test("What comes back without a code, or with one that is none, changes nothing and says why")
    func refusals() async throws {
        try await withSignInOffice { office in
            let session = try await office.session(of: office.hana)
            let begin = {
                try #require(office.provider.signIn(at: try await office.begin(session), as: SignInOffice.address))
            }
            for (error, code) in [("access_denied", AppError.Code.signInDeclined), ("server_error", .signInFailed)] {
                let state = try await begin().state
                await #expect(throws: AppError(code)) {
                    try await office.finish(session, state: state, code: nil, error: error)
                }
            }
            for code in ["", "stolen"] {
                let state = try await begin().state
                await #expect(throws: AppError(.signInFailed)) {
                    try await office.finish(session, state: state, code: code)
                }
            }
            await #expect(throws: AppError(.signInOtherAccount)) { try await office.signIn(as: "sota@sakura.example") }
            office.provider.change { $0.givesRefreshTokens = false }
            await #expect(throws: AppError(.signInNotLasting)) { try await office.signIn() }
            office.provider.change { $0.manner = .status(503, "") }
            await #expect(throws: SyncFailure(.connect, "")) { try await office.signIn() }
            #expect(try await office.perform(ShowMailAddonSettings(user: office.hana), as: office.hana) == nil)
            await #expect(throws: AppError(.signInUnavailable)) {
                try await office.perform(
                    BeginMailSignIn(
                        session: session,
                        provider: .microsoft,
                        address: SignInOffice.address,
                        sharing: .all,
                        redirectURI: "https://mailkeep.example/back"
                    ),
                    as: office.hana
                )
            }
        }
    }

    @Test("L1, L2, V5: only the owner, while locked only to the same account, and never a customer's address")
    func rules() async throws {
        try await withSignInOffice { office in
            try await office.signIn()
            let session = try await office.session(of: office.hana)
            await #expect(throws: Refusal(.v5)) { try await office.begin(session, address: SignInOffice.customer) }
            await #expect(throws: Refusal(.l1)) {
                try await office.perform(
                    BeginMailSignIn(
                        session: session,
                        provider: .google,
                        address: SignInOffice.address,
                        sharing: .all,
                        redirectURI: "https://mailkeep.example/back"
                    ),
                    as: office.ada
                )
            }
            let refused = try #require(try await office.lastEntry())
            #expect(refused.action == "mail_addon.sign_in.begin" && refused.rule == "L1")
            let begun = try await office.begin(session, .recordLevel)
            try await office.perform(LockSettings(user: office.hana), as: office.ada)
            let token = try await office.refreshToken
            // Begun before the lock, and ended after it.
            let back = try #require(office.provider.signIn(at: begun, as: SignInOffice.address))
            await #expect(throws: Refusal(.l2)) { try await office.finish(session, state: back.state, code: back.code) }
            for (address, sharing) in [
                ("other@sakura.example", SharingSetting.all), (SignInOffice.address, .recordLevel),
            ] {
                await #expect(throws: Refusal(.l2)) { try await office.begin(session, address: address, sharing) }
            }
            await #expect(throws: AppError(.signInOtherAccount)) { try await office.signIn(as: "sota@sakura.example") }
            #expect(try await office.refreshToken == token)
            let shape = try await office.signIn()
            #expect(shape.locked && shape.sharing == "complete")
            #expect(try await office.refreshToken != token)
        }
    }

    @Test(
        "What the provider revoked is told to the owner and the administrators, and signing in again goes on from there"
    )
    func revoked() async throws {
        try await withSignInOffice { office in
            try office.deliver("First")
            try await office.signIn()
            #expect(try await office.synchronise() == nil)
            let before = try await office.mailkeep.store.read { try $0.mailAddon(of: office.hana) }
            office.provider.change { ($0.refreshTokens, $0.accessTokens) = ([:], [:]) }
            try office.deliver("Second")
            #expect(try await office.synchronise() == .revoked)
            #expect(try await office.shownErrors() == ("revoked", "revoked"))
            let text = try await office.perform(ShowMailAddonSettings(user: office.hana), as: office.hana)?
                .last_sync_error?.message
            #expect(text?.contains("sign in again") == true)
            office.advance(seconds: 60)
            try await office.signIn()
            #expect(try await office.shownErrors() == (nil, nil))
            let after = try await office.mailkeep.store.read { try $0.mailAddon(of: office.hana) }
            #expect(after?.mailbox == before?.mailbox && after?.lastSyncAt == before?.lastSyncAt)
            let job = try await office.perform(SynchroniseMailbox(user: office.hana), as: office.hana)
            try await office.mailkeep.finish(job)
            #expect(try await office.subjects == ["First", "Second"])
            // Only the second mail's header was read: what was read before has not become two.
            let counts = try await office.mailkeep.store.read {

                guard let addon = try $0.mailAddon(of: office.hana) else { return [FolderCounts]() }
                return try $0.folderCounts(of: office.hana, in: addon.mailbox)
            }
            #expect(counts.first { $0.name == "INBOX" }?.considered == 2)
        }
    }

    @Test("What others wrote over a sign-in at the provider asks for it anew: another address, and a password for it")
    func otherWays() async throws {
        try await withSignInOffice { office in
            try await office.signIn()
            var input = MailAddonInput(accountType: .gmail, address: SignInOffice.address, sharing: .recordLevel)
            let saved = try await office.perform(
                SaveMailAddonSettings(user: office.hana, input: input),
                as: office.hana
            )
            #expect(saved.sharing == "record_level" && saved.mailbox.sign_in == "google")
            #expect(try await office.perform(TestMailAccount(user: office.hana), as: office.hana) > 0)
            #expect(
                try await office.perform(TestMailAccount(user: office.hana, input: input), as: office.hana) > 0
            )
            input.host = "127.0.0.1"
            await #expect(throws: AppError(.signInNeeded)) {
                try await office.perform(SaveMailAddonSettings(user: office.hana, input: input), as: office.hana)
            }
            input.host = nil
            input.address = "hana2@sakura.example"
            await #expect(throws: AppError(.signInNeeded)) {
                try await office.perform(SaveMailAddonSettings(user: office.hana, input: input), as: office.hana)
            }
            input.address = SignInOffice.address
            input.password = "secret"
            let typed = try await office.perform(
                SaveMailAddonSettings(user: office.hana, input: input),
                as: office.hana
            )
            #expect(typed.mailbox.sign_in == "password")
            #expect(try await office.synchronise() == nil)
        }
    }

    @Test("A refresh token that was got elsewhere is used once before it is kept, and what it brought is kept")
    func refreshTokens() async throws {
        try await withSignInOffice { office in
            office.provider.change { $0.rotates = true }
            let save = { (token: String, type: AccountType) in
                var input = MailAddonInput(accountType: type, address: SignInOffice.address, sharing: .all)
                input.refreshToken = token
                return try await office.perform(SaveMailAddonSettings(user: office.hana, input: input), as: office.hana)
            }
            await #expect(throws: AppError(.badCredentials)) { try await save("none of them", .gmail) }
            await #expect(throws: SyncFailure(.revoked, "")) { try await save("none-of-them", .gmail) }
            #expect(try await office.perform(ShowMailAddonSettings(user: office.hana), as: office.hana) == nil)
            let given = office.provider.grant(to: SignInOffice.address)
            #expect(try await save(given, .gmail).mailbox.sign_in == "google")
            #expect(try await office.refreshToken != given)
            #expect(try await office.synchronise() == nil)
            #expect(office.provider.now.thefts == 0)
            // While locked it must open the same mailbox.
            try await office.perform(LockSettings(user: office.hana), as: office.ada)
            let foreign = office.provider.grant(to: "sota@sakura.example")
            await #expect(throws: SyncFailure(.revoked, "")) { try await save(foreign, .gmail) }
            let own = office.provider.grant(to: SignInOffice.address)
            #expect(try await save(own, .gmail).locked)
            await #expect(throws: AppError(.signInUnavailable)) { try await save(own, .imap) }
        }
    }

    @Test("B10: when a leaver's sign-in was revoked, what had been synchronised is backed up, and the words say why")
    func backup() async throws {
        try await withSignInOffice { office in
            try office.deliver("First")
            try await office.signIn()
            #expect(try await office.synchronise() == nil)
            try await office.perform(DeactivateUser(user: office.hana), as: office.ada)
            let take = {
                let id = try await office.perform(StartBackup(user: office.hana), as: office.ada)
                try await office.mailkeep.finish(try #require(try await office.mailkeep.job(of: id)))
                return try await office.mailkeep.store.read { try $0.backup(id) }
            }
            office.provider.change { ($0.refreshTokens, $0.accessTokens) = ([:], [:]) }
            let backup = try #require(try await take())
            #expect(backup.status == .completed && backup.messages == 1 && backup.origin == .synchronised)
            #expect(backup.error == "revoked")
        }
    }
}
