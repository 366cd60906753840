import Foundation
import OAuthClient
import TestSupport
import Testing

@Suite("A provider is asked", .timeLimit(.minutes(5)))
struct OAuthTokenClientTests {
    private static func configuration(
        _ provider: FakeProvider,
        secret: String = "client-secret-canary",
        certificates: String? = nil
    ) throws -> OAuthClientConfiguration {
        OAuthClientConfiguration(
            clientID: "client",
            clientSecret: secret,
            authorizationEndpoint: try #require(URL(string: provider.authorizationEndpoint)),
            tokenEndpoint: try #require(URL(string: provider.tokenEndpoint)),
            scope: "read offline",
            authorizationParameters: ["prompt": "consent"],
            certificates: certificates
        )
    }

    @Test("The example of RFC 7636, Appendix B")
    func challenge() {
        let verifier = OAuthVerifier(text: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        #expect(verifier.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
        #expect(OAuthVerifier() != OAuthVerifier())
        #expect(OAuthVerifier().text.count == 43)
    }

    @Test("The address for signing in says all that the provider needs, and nothing secret")
    func address() async throws {
        try await withFakeProvider { provider in
            let verifier = OAuthVerifier()
            let address = try Self.configuration(provider).authorizationAddress(
                redirectURI: "https://mailkeep.example/back",
                state: "s&t",
                verifier: verifier,
                loginHint: "hana+1@sakura.example"
            )
            let items = URLComponents(string: address)?.queryItems ?? []
            #expect(
                Dictionary(uniqueKeysWithValues: items.map { ($0.name, $0.value ?? "") }) == [
                    "client_id": "client", "code_challenge": verifier.challenge, "code_challenge_method": "S256",
                    "login_hint": "hana+1@sakura.example", "prompt": "consent",
                    "redirect_uri": "https://mailkeep.example/back", "response_type": "code", "scope": "read offline",
                    "state": "s&t",
                ]
            )
            #expect(!address.contains("canary") && !address.contains(verifier.text))
            #expect(address.allSatisfy { $0.isASCII && $0 != " " && $0 != "+" })
        }
    }

    @Test("A code is redeemed once, by who asked for it; the refresh token then gives access tokens")
    func redeeming() async throws {
        try await withFakeProvider { provider in
            let configuration = try Self.configuration(provider)
            let client = OAuthTokenClient(configuration)
            let verifier = OAuthVerifier()
            let address = configuration.authorizationAddress(
                redirectURI: "https://m.example/back",
                state: "s",
                verifier: verifier,
                loginHint: "h"
            )
            let back = try #require(provider.signIn(at: address, as: "hana@sakura.example"))
            let redeem = { (code: String, verifier: OAuthVerifier) in
                try await client.redeem(code: code, redirectURI: "https://m.example/back", verifier: verifier)
            }
            let other = try #require(provider.signIn(at: address, as: "hana@sakura.example"))
            await #expect(throws: OAuthError(.grantRefused, "")) { try await redeem(other.code, OAuthVerifier()) }
            let tokens = try await redeem(back.code, verifier)
            #expect(tokens.lifetime == 3600)
            await #expect(throws: OAuthError(.grantRefused, "")) { try await redeem(back.code, verifier) }
            let refreshed = try await client.refresh(try #require(tokens.refreshToken))
            #expect(refreshed.refreshToken == nil && refreshed.accessToken != tokens.accessToken)
            await #expect(throws: OAuthError(.grantRefused, "")) { try await client.refresh("x") }
            let stranger = OAuthTokenClient(try Self.configuration(provider, secret: "other"))
            await #expect(throws: OAuthError(.clientRefused, "")) { try await stranger.refresh("x") }
        }
    }

    @Test("Whatever it answers instead, the wait and the memory are bounded, and nothing is followed")
    func manners() async throws {
        try await withFakeProvider { provider in
            let client = OAuthTokenClient(try Self.configuration(provider), limit: .seconds(60))
            let hasty = OAuthTokenClient(try Self.configuration(provider), limit: .milliseconds(700))
            let token = provider.grant(to: "hana@sakura.example")
            let manners: [(FakeProvider.Manner, OAuthError.Code)] = [
                (.endless, .invalidAnswer),
                (.noHTTP("* OK [CAPABILITY IMAP4rev1] hi\r\n"), .unavailable), (.noHTTP(""), .unavailable),
                (.status(500, "{}"), .unavailable), (.status(200, "<html>"), .invalidAnswer),
                (
                    .noHTTP("HTTP/1.1 302 Found\r\nLocation: \(provider.tokenEndpoint)\r\nContent-Length: 0\r\n\r\n"),
                    .unavailable
                ),
                (.status(400, #"{"error":"invalid_grant"}"#), .grantRefused),
            ]
            for (manner, code) in manners {
                provider.change { $0.manner = manner }
                await #expect(throws: OAuthError(code, ""), "\(manner)") { try await client.refresh(token) }
            }
            for manner in [FakeProvider.Manner.drip, .silence] {
                provider.change { $0.manner = manner }
                let begun = ContinuousClock.now
                await #expect(throws: OAuthError(.unavailable, ""), "\(manner)") { try await hasty.refresh(token) }
                // What the provider does would last for ten minutes, or for ever.
                #expect(ContinuousClock.now - begun < .seconds(60), "\(manner)")
            }
            #expect(provider.now.refreshes == 0)
        }
    }

    @Test("Nobody there is not the same as being refused")
    func unreachable() async throws {
        let closed = try await withFakeProvider { provider in try Self.configuration(provider) }
        await #expect(throws: OAuthError(.unavailable, "")) { try await OAuthTokenClient(closed).refresh("x") }
    }

    @Test("Secrets go by TLS to a certificate that is trusted, and in clear to this machine alone")
    func certificates() async throws {
        let certificate = try TestCertificate.localhost()
        try await withFakeProvider(certificate: certificate) { provider in
            let token = provider.grant(to: "hana@sakura.example")
            let trusting = try Self.configuration(provider, certificates: certificate.pem)
            _ = try await OAuthTokenClient(trusting).refresh(token)
            let careful = try Self.configuration(provider)
            await #expect(throws: OAuthError(.certificateInvalid, "")) {
                try await OAuthTokenClient(careful).refresh(token)
            }
            #expect(provider.now.refreshes == 1)
            for (address, isUsable) in [
                ("https://login.example/token", true), ("http://127.0.0.1:1/token", true),
                ("http://login.example/token", false),
                ("ftp://login.example", false), ("login.example/token", false), ("https://user@login.example/", false),
            ] {
                #expect(URL(string: address).map(OAuthClientConfiguration.isUsable) == isUsable, "\(address)")
            }
        }
    }

    @Test("Who is cancelled waits no longer")
    func cancellation() async throws {
        try await withFakeProvider { provider in
            provider.change { $0.manner = .silence }
            let client = OAuthTokenClient(try Self.configuration(provider))
            await #expect(throws: CancellationError.self) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { _ = try await client.refresh("x") }
                    try await provider.awaitRequest(after: 0)
                    group.cancelAll()
                    try await group.next()
                }
            }
        }
    }
}
