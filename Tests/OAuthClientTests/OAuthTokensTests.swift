import Foundation
import OAuthClient
import Testing

@Suite("What a token endpoint answers (RFC 6749, 5)")
struct OAuthTokensTests {
    private static func read(_ status: Int, _ body: String) throws(OAuthError) -> OAuthTokens {
        try OAuthTokens(status: status, body: Array(body.utf8))
    }

    @Test("Tokens, with how long they last, however it is written")
    func tokens() throws {
        let given = try Self.read(
            200,
            #"{"access_token":"a","token_type":"bearer","expires_in":3599,"refresh_token":"r","x":[1]}"#
        )
        #expect(given == OAuthTokens(accessToken: "a", lifetime: 3599, refreshToken: "r"))
        for (text, lifetime) in [
            ("\"3599\"", 3599), ("3599.9", 3599), ("-5", 0), ("1e300", 300), ("99999999999", 86_400), ("null", 300),
            ("\"soon\"", 300),
        ] {
            let given = try Self.read(200, #"{"access_token":"a","token_type":"Bearer","expires_in":\#(text)}"#)
            #expect(given == OAuthTokens(accessToken: "a", lifetime: lifetime, refreshToken: nil), "\(text)")
        }
        #expect(try Self.read(200, #"{"access_token":"a"}"#).lifetime == 300)
    }

    @Test(
        "What is no token is none, whatever the status says",
        arguments: [
            "", "{}", "null", "[]", "<html>Please sign in to the network</html>", #"{"access_token":""}"#,
            #"{"access_token":5}"#, #"{"access_token":"a b"}"#, #"{"access_token":"a\u0001user=b"}"#,
            #"{"access_token":"a\r\nA2 LOGOUT"}"#, #"{"access_token":"é"}"#,
            #"{"access_token":"a","token_type":"mac"}"#, #"{"access_token":"a","refresh_token":"r\n"}"#,
            #"{"access_token":"\#(String(repeating: "a", count: 20_000))"}"#, #"{"error":"invalid_grant"}"#,
            String(repeating: "[", count: 60_000),
        ]
    )
    func garbage(body: String) {
        #expect(throws: OAuthError(.invalidAnswer, "")) { try Self.read(200, body) }
    }

    @Test(
        "Only a provider's own word ends a sign-in; anything else may pass",
        arguments: [
            (
                400, #"{"error":"invalid_grant","error_description":"Token has been expired or revoked."}"#,
                OAuthError.Code.grantRefused
            ),
            (400, #"{"error":"interaction_required"}"#, .grantRefused),
            (401, #"{"error":"invalid_client"}"#, .clientRefused),
            (400, #"{"error":"unauthorized_client"}"#, .clientRefused),
            (400, #"{"error":"invalid_scope"}"#, .clientRefused),
            (400, #"{"error":"temporarily_unavailable"}"#, .unavailable), (400, "<html>", .unavailable),
            (400, #"{"error":{"code":400,"message":"invalid_grant"}}"#, .unavailable), (400, "", .unavailable),
            (404, #"{"error":"invalid_grant"}"#, .unavailable), (429, #"{"error":"invalid_grant"}"#, .unavailable),
            (500, #"{"error":"invalid_grant"}"#, .unavailable), (503, "", .unavailable), (302, "", .unavailable),
            (204, "", .unavailable),
        ]
    )
    func refusals(status: Int, body: String, code: OAuthError.Code) {
        #expect(throws: OAuthError(code, "")) { try Self.read(status, body) }
    }

    @Test("Of an error only its name is told on")
    func errorText() {
        let error = #expect(throws: OAuthError.self) {
            try Self.read(400, #"{"error":"canary@example.com","error_description":"canary"}"#)
        }
        #expect(error?.description.contains("canary") == false)
    }

    @Test("Nothing that describes tokens, a client or a verifier shows a secret")
    func redaction() throws {
        let client = OAuthClientConfiguration(
            clientID: "canary",
            clientSecret: "canary",
            authorizationEndpoint: try #require(URL(string: "https://canary.example")),
            tokenEndpoint: try #require(URL(string: "https://canary.example")),
            scope: "canary"
        )
        let values: [Any] = [
            client, OAuthTokens(accessToken: "canary", lifetime: 1, refreshToken: "canary"),
            OAuthVerifier(text: "canary"),
        ]
        for value in values {
            var dumped = ""
            dump(value, to: &dumped)
            for text in ["\(value)", String(reflecting: value), dumped] { #expect(!text.contains("canary")) }
        }
    }
}
