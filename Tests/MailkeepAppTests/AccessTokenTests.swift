import Foundation
import MailkeepModel
import MailkeepStore
import MailkeepSync
import OAuthClient
import TestSupport
import Testing

@testable import MailkeepApp

@Suite("Access tokens are renewed", .timeLimit(.minutes(5)))
struct AccessTokenTests {
    @Test("Shortly before their end, and not before that")
    func renewal() async throws {
        try await withSignInOffice { office in
            try await office.signIn()
            let token = { try await office.mailkeep.tokens.token(of: office.hana).text }
            let first = try await token()
            office.advance(seconds: 3600 - 121)
            #expect(try await token() == first)
            #expect(office.provider.now.refreshes == 0)
            office.advance(seconds: 2)
            #expect(try await token() != first)
            #expect(office.provider.now.refreshes == 1)
            // A short one is used for half of its time.
            office.provider.change { $0.lifetime = 60 }
            office.advance(seconds: 3600)
            let short = try await token()
            office.advance(seconds: 29)
            #expect(try await token() == short)
            office.advance(seconds: 2)
            #expect(try await token() != short)
            // One that is over at once is asked for each time, and good for who asked.
            office.provider.change { $0.lifetime = 0 }
            office.advance(seconds: 3600)
            let (once, again) = (try await token(), try await token())
            #expect(once != again)
        }
    }

    @Test("By one request at a time, whoever asks, and a new refresh token is kept before the token is used")
    func singleFlight() async throws {
        try await withSignInOffice { office in
            office.provider.change { ($0.rotates, $0.delay) = (true, 100) }
            try await office.signIn()
            let given = try await office.refreshToken
            office.advance(seconds: 3600)
            let texts = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<20 {
                    group.addTask { try await office.mailkeep.tokens.token(of: office.hana).text }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(texts.count == 1)
            #expect(office.provider.now.refreshes == 1)
            let replaced = try await office.refreshToken
            #expect(replaced != given)
            #expect(office.provider.now.refreshTokens.keys.contains(try #require(replaced)))
            for _ in 0..<3 {
                try await office.reopen()
                #expect(try await office.synchronise() == nil)
            }
            #expect(office.provider.now.thefts == 0 && office.provider.now.refreshes == 4)
            // Renewing is no saving (N3).
            let saved = try await office.mailkeep.store.read { try $0.mailAddon(of: office.hana)?.savedAt }
            #expect(saved?.advanced(byMilliseconds: 3_600_000) == office.now)
        }
    }

    @Test("Also when who asked first goes away: the new refresh token is not lost")
    func cancellation() async throws {
        try await withSignInOffice { office in
            office.provider.change { ($0.rotates, $0.delay) = (true, 400) }
            try await office.signIn()
            let given = try await office.refreshToken
            office.advance(seconds: 3600)
            let asked = office.provider.now.requests
            await #expect(throws: CancellationError.self) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { _ = try await office.mailkeep.tokens.token(of: office.hana) }
                    try await office.provider.awaitRequest(after: asked)
                    group.cancelAll()
                    try await group.next()
                }
            }
            #expect(try await office.refreshToken != given)
            #expect(try await office.synchronise() == nil)
            #expect(office.provider.now.thefts == 0 && office.provider.now.refreshes == 1)
        }
    }

    @Test("Where the mail server does not take one that should still be valid, once, within the same run")
    func refusedToken() async throws {
        try await withSignInOffice { office in
            try await office.signIn()
            try office.deliver("First")
            office.provider.change { $0.accessTokens = [:] }
            #expect(try await office.synchronise() == nil)
            #expect(try await office.subjects == ["First"])
            #expect(office.provider.now.refreshes == 1)
            // Tokens that are never taken are not asked for without end.
            office.provider.change { state in state.refreshTokens = state.refreshTokens.mapValues { _ in "x@y.example" }
            }
            office.provider.change { $0.accessTokens = [:] }
            #expect(try await office.synchronise() == .revoked)
            #expect(office.provider.now.refreshes == 2)
        }
    }

    @Test(
        "What the provider cannot say now is a connection that failed, not a sign-in that is over",
        arguments: [
            FakeProvider.Manner.status(500, #"{"error":"invalid_grant"}"#), .status(200, "<html>"),
            .noHTTP("garbage\r\n\r\n"),
        ]
    )
    func outOfOrder(manner: FakeProvider.Manner) async throws {
        try await withSignInOffice { office in
            try await office.signIn()
            let token = try await office.refreshToken
            office.advance(seconds: 3600)
            office.provider.change { $0.manner = manner }
            #expect(try await office.synchronise() == .connect)
            #expect(try await office.shownErrors() == ("connect", "connect"))
            office.provider.change { $0.manner = .asItShould }
            office.advance(seconds: 60)
            #expect(try await office.synchronise() == nil)
            #expect(try await office.refreshToken == token)
        }
    }

    @Test("Where Mailkeep is no longer registered, or not as it says, the administrators are told")
    func notRegistered() async throws {
        try await withSignInOffice { office in
            try await office.signIn()
            office.advance(seconds: 3600)
            office.provider.change { $0.manner = .status(401, #"{"error":"invalid_client"}"#) }
            #expect(try await office.synchronise() == .provider)
            office.provider.change { $0.manner = .asItShould }
            try await office.reopen(isRegistered: false)
            #expect(try await office.synchronise() == .provider)
            #expect(try await office.shownErrors() == ("provider", "provider"))
        }
    }

    @Test("Who signs in again meanwhile has the last word")
    func signedInMeanwhile() async throws {
        try await withSignInOffice { office in
            office.provider.change { $0.rotates = true }
            try await office.signIn()
            office.advance(seconds: 3600)
            office.provider.change { $0.delay = 300 }
            let asked = office.provider.now.requests
            async let old = office.mailkeep.tokens.token(of: office.hana)
            try await office.provider.awaitRequest(after: asked)
            office.provider.change { $0.delay = 0 }
            try await office.signIn()
            let given = try await office.refreshToken
            _ = try await old
            #expect(try await office.refreshToken == given)
            #expect(try await office.synchronise() == nil)
        }
    }
}

@Suite("Settings of providers")
struct MailProviderSettingsTests {
    @Test("Known addresses need not be given, and what is given is checked")
    func settings() throws {
        let google = try MailProviders([.google: MailProviderSettings(clientID: "c")]).registration(of: .google)
        #expect(google.client.tokenEndpoint.absoluteString == "https://oauth2.googleapis.com/token")
        #expect(google.server == MailServer(host: "imap.gmail.com", port: 993, security: .tls))
        var settings = MailProviderSettings(clientID: "c")
        settings.tenant = "sakura.example"
        let microsoft = try MailProviders([.microsoft: settings]).registration(of: .microsoft)
        #expect(
            microsoft.client.tokenEndpoint.absoluteString
                == "https://login.microsoftonline.com/sakura.example/oauth2/v2.0/token"
        )
        #expect(throws: SyncFailure(.provider, "")) {
            try MailProviders([MailProvider: MailProviderSettings]()).registration(of: .google)
        }
        let bad: [(inout MailProviderSettings) -> Void] = [
            { $0.clientID = "" }, { $0.tenant = "a/b" }, { $0.tokenEndpoint = "http://login.example/token" },
            { $0.authorizationEndpoint = "javascript:alert(1)" }, { $0.mailPort = 0 },
            { $0.certificateFile = "/absent.pem" },
        ]
        for change in bad {
            var settings = MailProviderSettings(clientID: "c")
            change(&settings)
            #expect(throws: AppError(.badProviderSettings)) { try MailProviders([.microsoft: settings]) }
        }
    }
}
