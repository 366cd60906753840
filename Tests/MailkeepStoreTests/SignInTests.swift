import Foundation
import MailkeepModel
import Testing

@testable import MailkeepStore

@Suite("Sign-ins at providers")
struct SignInTests {
    private static let pending = PendingSignIn(
        provider: .google,
        address: "user@example.jp",
        sharing: "complete",
        verifier: "canary-verifier",
        redirectURI: "https://mailkeep.example/back"
    )

    private static func hash(_ byte: UInt8) -> Data { Data(repeating: byte, count: 32) }

    @Test("What a session begins it takes once, in time, with its own state; another beginning takes its place")
    func pendingSignIns() async throws {
        _ = try await Organization.make { scene in
            let (user, transaction, now) = (try scene.user("user"), scene.transaction, scene.now)
            let later = now.advanced(byMilliseconds: 1)
            for session in [Self.hash(1), Self.hash(2)] {
                try transaction.beginSession(tokenHash: session, of: user, forgettingUnusedSince: now, at: later)
            }
            try transaction.beginSignIn(Self.pending, session: Self.hash(1), stateHash: Self.hash(9), until: later)
            let take = { (session: UInt8, state: UInt8, moment: Timestamp) in
                try transaction.takeSignIn(session: Self.hash(session), stateHash: Self.hash(state), at: moment)
            }
            #expect(try take(2, 9, now) == nil && take(1, 8, now) == nil)
            #expect(try take(1, 9, now) == Self.pending)
            #expect(try take(1, 9, now) == nil)
            try transaction.beginSignIn(Self.pending, session: Self.hash(1), stateHash: Self.hash(9), until: later)
            #expect(try take(1, 9, later) == nil)
            #expect(try take(1, 9, now) == nil)
            try transaction.beginSignIn(Self.pending, session: Self.hash(1), stateHash: Self.hash(9), until: later)
            try transaction.beginSignIn(Self.pending, session: Self.hash(1), stateHash: Self.hash(7), until: later)
            #expect(try take(1, 9, now) == nil)
            try transaction.endSession(Self.hash(1))
            #expect(try take(1, 7, now) == nil)
        }
    }

    @Test("A refresh token is replaced where it still stands, and saving is something else (N3)")
    func replacing() async throws {
        _ = try await Organization.make { scene in
            let user = try scene.user("user")
            let first = MailGrant(provider: .google, refreshToken: "canary-first")
            try scene.mailbox(of: user, .all, credentials: MailCredentials(username: "user", grant: first))
            let saved = try scene.transaction.mailAddon(of: user)
            #expect(try scene.transaction.replaceRefreshToken(of: user, first, by: "canary-second"))
            #expect(try scene.transaction.credentials(of: user)?.grant?.refreshToken == "canary-second")
            #expect(try scene.transaction.credentials(of: user)?.username == "user")
            #expect(try scene.transaction.mailAddon(of: user) == saved)
            #expect(try !scene.transaction.replaceRefreshToken(of: user, first, by: "canary-third"))
            try scene.mailbox(of: user, .all, credentials: MailCredentials(username: "user", password: "secret"))
            #expect(try !scene.transaction.replaceRefreshToken(of: user, first, by: "canary-third"))
            #expect(try scene.transaction.credentials(of: user)?.password == "secret")
        }
    }

    @Test("Credentials that were kept before there were grants are read as they are")
    func formerCredentials() throws {
        let former = #"{"username":"user","password":"secret","authorizeAs":"other"}"#
        let read = try JSONDecoder().decode(MailCredentials.self, from: Data(former.utf8))
        #expect(read == MailCredentials(username: "user", password: "secret", authorizeAs: "other"))
        let grant = MailCredentials(username: "u", grant: MailGrant(provider: .microsoft, refreshToken: "t"))
        for credentials in [read, grant] {
            #expect(
                try JSONDecoder().decode(MailCredentials.self, from: JSONEncoder().encode(credentials)) == credentials
            )
        }
    }

    @Test("Nothing that describes a grant, or what was begun, shows a secret")
    func redaction() {
        let grant = MailGrant(provider: .google, refreshToken: "canary")
        let values: [Any] = [grant, MailCredentials(username: "canary", grant: grant), Self.pending]
        for value in values {
            var dumped = ""
            dump(value, to: &dumped)
            for text in ["\(value)", String(reflecting: value), dumped] { #expect(!text.contains("canary"), "\(text)") }
        }
    }
}
