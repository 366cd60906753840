import SASL
import Testing

@Suite("Other mechanisms, and what holds for all")
struct SASLExchangeTests {
    private static let token = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="

    private static func bearer(_ mechanism: SASLMechanism) throws -> SASLExchange {
        try SASLExchange(
            mechanism,
            .accessToken(username: "user@example.com", token: token),
            server: (host: "server.example.com", port: 143)
        )
    }

    @Test("OAUTHBEARER and XOAUTH2 as RFC 7628, 4.1 and the providers show them")
    func bearerMessages() throws {
        #expect(
            try Self.bearer(.oauthBearer).initialResponse?.bytes
                == Array(
                    ("n,a=user@example.com,\u{1}host=server.example.com\u{1}port=143\u{1}"
                        + "auth=Bearer \(Self.token)\u{1}\u{1}").utf8
                )
        )
        #expect(
            try Self.bearer(.xoauth2).initialResponse?.bytes
                == Array("user=user@example.com\u{1}auth=Bearer \(Self.token)\u{1}\u{1}".utf8)
        )
    }

    @Test(
        "A refusal is answered as each mechanism asks, and told apart",
        arguments: [
            (#"{"status":"invalid_token","schemes":"bearer","scope":"mail"}"#, SASLRefusal.accessToken),
            (#"{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}"#, .accessToken),
            (#"{"status":401}"#, .accessToken), (#"{"status":"insufficient_scope"}"#, .credentials),
            (#"{"status":"403"}"#, .credentials), (#"{"status":"503"}"#, .temporary),
            (#"{"status":"temporarily_unavailable"}"#, .temporary), ("", .accessToken), ("{", .accessToken),
            ("{}", .accessToken), ("[1]", .accessToken),
        ]
    )
    func refusals(challenge: String, meaning: SASLRefusal) throws {
        for (mechanism, answer) in [(SASLMechanism.oauthBearer, "\u{1}"), (.xoauth2, "")] {
            var exchange = try Self.bearer(mechanism)
            #expect(exchange.receive(Array(challenge.utf8)) == .respond(SASLMessage(Array(answer.utf8))))
            #expect(exchange.refusal == meaning)
            #expect(throws: SASLError(.invalidChallenge)) { try exchange.succeed() }
            #expect(exchange.receive([]) == .abort(SASLError(.invalidChallenge)))
        }
    }

    @Test("A refusal without a word is taken for one of the token, and an endless one is not read")
    func silentRefusal() throws {
        var exchange = try Self.bearer(.xoauth2)
        #expect(exchange.refusal == .accessToken)
        try exchange.succeed()
        #expect(exchange.receive([UInt8](repeating: 0x20, count: 9000)) == .abort(SASLError(.invalidChallenge)))
    }

    @Test("PLAIN says all at once, LOGIN one after the other when it is asked")
    func passwords() throws {
        var plain = try SASLExchange(.plain, .password(username: "u", password: "p", authorizeAs: "a"))
        #expect(plain.initialResponse?.bytes == Array("a\0u\0p".utf8))
        #expect(plain.receive([]) == .abort(SASLError(.invalidChallenge)))
        var login = try SASLExchange(.login, .password(username: "u", password: "秘"))
        #expect(login.initialResponse == nil)
        #expect(login.receive(Array("Username:".utf8)) == .respond(SASLMessage(Array("u".utf8))))
        #expect(throws: SASLError(.invalidChallenge)) { try login.succeed() }
        #expect(login.receive(Array("Password:".utf8)) == .respond(SASLMessage(Array("秘".utf8))))
        try login.succeed()
        #expect(login.receive(Array("More:".utf8)) == .abort(SASLError(.invalidChallenge)))
    }

    @Test("The strongest comes first, and each mechanism takes its own credentials alone")
    func preference() {
        let password = SASLCredentials.password(username: "u", password: "p")
        let master = SASLCredentials.password(username: "u", password: "p", authorizeAs: "a")
        let token = SASLCredentials.accessToken(username: "u", token: "t")
        let preference = SASLMechanism.preference(for:isEncrypted:)
        #expect(preference(password, true) == [.scramSHA256, .plain, .login])
        #expect(preference(password, false) == [.scramSHA256, .plain, .login])
        #expect(preference(master, true) == [.plain, .scramSHA256])
        #expect(preference(master, false) == [.scramSHA256, .plain])
        #expect(preference(token, true) == [.oauthBearer, .xoauth2])
        for credentials in [password, master, token] {
            for mechanism in SASLMechanism.allCases {
                let isFit = (try? SASLExchange(mechanism, credentials)) != nil
                #expect(isFit == SASLMechanism.preference(for: credentials, isEncrypted: true).contains(mechanism))
            }
        }
    }

    @Test(
        "What would end a line or a field is never said",
        arguments: [
            SASLCredentials.password(username: "u\r\nA2 LOGOUT", password: "p"),
            .password(username: "u", password: "p\0q"), .password(username: "u", password: "p", authorizeAs: "a\n"),
            .accessToken(username: "u\u{1}auth=Bearer x", token: "t"), .accessToken(username: "u\n", token: "t"),
            .accessToken(username: "u", token: "t\u{1}user=v"), .accessToken(username: "u", token: "a b"),
            .accessToken(username: "u", token: ""), .accessToken(username: "u", token: "é"),
        ]
    )
    func forbidden(credentials: SASLCredentials) {
        for mechanism in SASLMechanism.preference(for: credentials, isEncrypted: true) {
            #expect(throws: SASLError(.forbiddenCharacter)) { try SASLExchange(mechanism, credentials) }
        }
    }

    @Test("What is longer than any server takes is never said")
    func tooLong() {
        let long = String(repeating: "x", count: 20_000)
        #expect(throws: SASLError(.tooLong)) { try SASLCredentials.password(username: "u", password: long).check() }
        #expect(throws: SASLError(.tooLong)) { try SASLCredentials.accessToken(username: "u", token: long).check() }
        #expect(throws: SASLError(.tooLong)) { try SASLCredentials.accessToken(username: long, token: "t").check() }
    }

    @Test("Nothing that describes an exchange shows a secret", arguments: SASLMechanism.allCases)
    func redaction(mechanism: SASLMechanism) throws {
        let password = SASLCredentials.password(username: "canary", password: "canary")
        let token = SASLCredentials.accessToken(username: "canary", token: "canary")
        let credentials = SASLMechanism.preference(for: token, isEncrypted: true).contains(mechanism) ? token : password
        var exchange = try SASLExchange(mechanism, credentials)
        let values: [Any] = [
            credentials, exchange, exchange.initialResponse as Any, exchange.receive(Array("Username:".utf8)),
        ]
        for value in values {
            var dumped = ""
            dump(value, to: &dumped)
            for text in ["\(value)", String(reflecting: value), dumped] { #expect(!text.contains("canary"), "\(text)") }
        }
    }
}
