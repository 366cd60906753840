import Foundation
import IMAPClient
import IMAPCore
import Logging
import MailConnection
import NIOCore
import SASL
import TestSupport
import Testing

@Suite("Signing in to a server that lies or stumbles", .timeLimit(.minutes(5)))
struct AuthenticationTests {
    private typealias Step = ScriptedIMAPServer.Step

    private static func greeting(_ capabilities: String) -> Step {
        .send("* OK [CAPABILITY IMAP4rev1 \(capabilities)] hi\r\n")
    }

    private static func challenge(_ text: String) -> String { "+ \(Data(text.utf8).base64EncodedString())\r\n" }

    /// Decodes what stands last in a line that a client sent.
    private static func decoded(_ line: String) -> String {
        let word = line.split(separator: " ").last.map(String.init) ?? ""
        return String(decoding: Data(base64Encoded: word) ?? Data(), as: UTF8.self)
    }

    /// A first message of SCRAM that fits the client's.
    private static func scramFirst(iterations: Int = 4096) -> Step {
        .reply { line in
            let nonce = decoded(line).split(separator: ",").last?.dropFirst(2) ?? ""
            return challenge("r=\(nonce)server,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=\(iterations)")
        }
    }

    private static let token = SASLCredentials.accessToken(username: "alice", token: "token-canary")
    private static let password = SASLCredentials.password(username: "alice", password: "secret")

    /// Plays a script by TLS, and tells how signing in ended and what the client said.
    private static func signIn(
        _ credentials: SASLCredentials,
        _ script: [Step],
        isEncrypted: Bool = true
    ) async throws -> (error: IMAPError?, received: [String]) {
        let certificate = isEncrypted ? try TestCertificate.localhost() : nil
        return try await withScriptedIMAPServer(script, certificate: certificate, isTLSFromStart: true) { server in
            var failure: IMAPError?
            do {
                try await IMAPClient.withIMAPConnection(
                    server.configuration(
                        isEncrypted ? .tls : .none,
                        trust: certificate.map { .certificates(pem: $0.pem) } ?? .system
                    ),
                    credentials: credentials,
                    logger: Logger(label: "test")
                ) { _ in }
            } catch let error as IMAPError {
                failure = error
            }
            return (failure, try await server.allReceived())
        }
    }

    private static func signIn(
        _ script: [Step],
        isEncrypted: Bool = true
    ) async throws -> (error: IMAPError?, received: [String]) {
        try await signIn(password, script, isEncrypted: isEncrypted)
    }

    @Test("After a server that did not prove that it knows the password, nothing weaker is tried")
    func noDowngrade() async throws {
        let begin: [Step] = [
            Self.greeting("SASL-IR AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN"), .receive("AUTHENTICATE SCRAM-SHA-256"),
            Self.scramFirst(), .receive(""),
        ]
        let lies: [([Step], IMAPError.Code)] = [
            ([.send(Self.challenge("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")), .stall], .serverNotProven),
            ([.send("A1 OK signed in\r\n"), .stall], .serverNotProven),
            (
                [.send(Self.challenge("e=other-error")), .receive(""), .send("A1 OK signed in\r\n"), .stall],
                .serverNotProven
            ),
            ([.send("+ !!!\r\n"), .stall], .invalidResponse),
            ([.send("+ \r\n"), .stall], .invalidResponse),
            ([.send("A1 NO wrong\r\n"), .stall], .authenticationFailed),
            (
                [.send(Self.challenge("e=invalid-proof")), .receive(""), .send("A1 NO\r\n"), .stall],
                .authenticationFailed
            ),
        ]
        for (lie, code) in lies {
            let (error, received) = try await Self.signIn(begin + lie)
            #expect(error?.code == code)
            #expect(!received.contains { $0.contains("PLAIN") || $0.contains("LOGIN") || $0.contains("secret") })
        }
        let weak = try await Self.signIn(
            begin.prefix(2) + [Self.scramFirst(iterations: 1), .stall]
        )
        #expect(weak.error?.code == .serverNotProven)
        #expect(weak.received.last == "*")
        let other = try await Self.signIn(begin.prefix(2) + [.send(Self.challenge("r=x,s=eA==,i=4096")), .stall])
        #expect(other.error?.code == .invalidResponse && other.received.last == "*")
    }

    @Test("A server that has nothing to compare with by SCRAM is told the password under TLS alone")
    func fallback() async throws {
        let begin: [Step] = [
            Self.greeting("SASL-IR AUTH=SCRAM-SHA-256 AUTH=PLAIN"), .receive("AUTHENTICATE SCRAM-SHA-256"),
        ]
        let script =
            begin + [.answer("NO [AUTHENTICATIONFAILED] no"), .receive("AUTHENTICATE PLAIN"), .answer("OK in")]
            + [.receive("CAPABILITY"), .send("* CAPABILITY IMAP4rev1\r\n"), .answer("OK")] + ScriptedIMAPServer.signOut
        #expect(try await Self.signIn(script).error == nil)
        let plain = try await Self.signIn(script, isEncrypted: false)
        #expect(plain.error?.code == .authenticationFailed)
        #expect(plain.received.count == 1)
        let busy = try await Self.signIn(begin + [.answer("NO [UNAVAILABLE] later"), .stall])
        #expect(busy.error?.code == .throttled && busy.received.count == 1)
    }

    @Test("An access token is never sent in clear, and a refusal says whether another may help")
    func accessTokens() async throws {
        let offer = Self.greeting("SASL-IR AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER")
        let clear = try await Self.signIn(Self.token, [offer, .stall], isEncrypted: false)
        #expect(clear.error?.code == .loginDisabled && clear.received.isEmpty)
        let cases: [(String, String, IMAPError.Code)] = [
            (#"{"status":"invalid_token"}"#, "NO failed", .accessTokenRefused),
            (#"{"status":"insufficient_scope"}"#, "NO failed", .authenticationFailed),
            (#"{"status":"invalid_token"}"#, "NO [AUTHORIZATIONFAILED] no", .authenticationFailed),
            (#"{"status":"500"}"#, "NO failed", .throttled),
            ("garbage", "NO [UNAVAILABLE] later", .throttled),
        ]
        for (refusal, end, code) in cases {
            let script: [Step] = [
                offer, .receive("AUTHENTICATE OAUTHBEARER "), .send(Self.challenge(refusal)), .receive("AQ=="),
                .send("A1 \(end)\r\n"), .stall,
            ]
            #expect(try await Self.signIn(Self.token, script).error?.code == code)
        }
        let silent = try await Self.signIn(
            Self.token,
            [
                Self.greeting("AUTH=XOAUTH2"), .receive("XOAUTH2"), .send("+ \r\n"), .receive(""), .send("A1 NO\r\n"),
                .stall,
            ]
        )
        #expect(silent.error?.code == .accessTokenRefused)
        #expect(silent.received.count == 2 && silent.received.first == "A1 AUTHENTICATE XOAUTH2")
        let liar = try await Self.signIn(
            Self.token,
            [
                offer, .receive("OAUTHBEARER"), .send(Self.challenge(#"{"status":"401"}"#)), .receive("AQ=="),
                .send("A1 OK welcome\r\n"), .stall,
            ]
        )
        #expect(liar.error?.code == .invalidResponse)
        let none = try await Self.signIn(Self.token, [Self.greeting("AUTH=PLAIN AUTH=LOGIN"), .stall])
        #expect(none.error?.code == .authenticationMechanismUnavailable && none.received.isEmpty)
    }

    @Test("A long token is sent when it is asked for, and a first response that was overlooked once more")
    func initialResponses() async throws {
        let long = SASLCredentials.accessToken(username: "alice", token: String(repeating: "t", count: 6000))
        let end: [Step] = [.receive("CAPABILITY"), .send("* CAPABILITY IMAP4rev1\r\n"), .answer("OK")]
        let asked = try await Self.signIn(
            long,
            [
                Self.greeting("SASL-IR AUTH=XOAUTH2"), .receive("XOAUTH2"), .send("+ \r\n"), .receive(""),
                .send("A1 OK\r\n"),
            ] + end + ScriptedIMAPServer.signOut
        )
        #expect(asked.error == nil && asked.received.first == "A1 AUTHENTICATE XOAUTH2")
        #expect(asked.received[1].count > 8000)
        let again = try await Self.signIn(
            [
                Self.greeting("SASL-IR AUTH=PLAIN"), .receive("PLAIN AGFsaWNl"), .send("+ \r\n"), .receive("AGFsaWNl"),
                .send("A1 OK\r\n"),
            ] + end + ScriptedIMAPServer.signOut
        )
        #expect(again.error == nil)
        let thrice = try await Self.signIn([
            Self.greeting("SASL-IR AUTH=PLAIN"), .receive("PLAIN"), .send("+ \r\n"), .receive(""), .send("+ \r\n"),
            .stall,
        ])
        #expect(thrice.error?.code == .invalidResponse && thrice.received.last == "*")
    }

    @Test("Where LOGIN is disabled as a command, its mechanism is used, and never for another's mailbox")
    func login() async throws {
        let script: [Step] =
            [
                Self.greeting("LOGINDISABLED AUTH=LOGIN"), .receive("AUTHENTICATE LOGIN"),
                .send(Self.challenge("Username:")), .receive("YWxpY2U="), .send(Self.challenge("Password:")),
                .receive("c2VjcmV0"), .send("A1 OK [CAPABILITY IMAP4rev1] in\r\n"),
            ] + ScriptedIMAPServer.signOut
        #expect(try await Self.signIn(script).error == nil)
        let master = SASLCredentials.password(username: "a", password: "p", authorizeAs: "b")
        let (error, received) = try await Self.signIn(master, script)
        #expect(error?.code == .authenticationMechanismUnavailable && received.isEmpty)
        let endless = try await Self.signIn([
            Self.greeting("LOGINDISABLED AUTH=LOGIN"), .receive("AUTHENTICATE LOGIN"),
            .drip("+ VXNlcm5hbWU6\r\n", milliseconds: 1),
        ])
        #expect(endless.error?.code == .invalidResponse)
    }
}

@Suite("Signing in to Dovecot by every mechanism", .timeLimit(.minutes(5)))
struct MechanismTests {
    private static func signIn(
        _ server: DovecotServer,
        _ credentials: SASLCredentials,
        _ security: IMAPConfiguration.Security = .tls
    ) async throws -> IMAPError.Code? {
        do {
            try await IMAPClient.withIMAPConnection(
                server.configuration(security),
                credentials: credentials,
                logger: Logger(label: "test")
            ) { connection in _ = try await connection.examine(IMAPMailboxName(rawValue: "INBOX")) }
            return nil
        } catch let error as IMAPError {
            return error.code
        }
    }

    /// The mechanisms by which the server let somebody in, the last one last, once it has written so many to its log.
    private static func mechanisms(_ server: DovecotServer, _ count: Int) async throws -> [Substring] {
        while true {
            let lines = server.log.split(separator: "\n").filter { $0.contains("Login: user=<") }
            let mechanisms = lines.compactMap { $0.firstMatch(of: /method=([A-Z0-9-]+)/)?.output.1 }
            if mechanisms.count >= count { return mechanisms }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private static let users: [DovecotServer.User] = [
        .init("alice", password: "secret"), .init("hana", password: "I\u{AD}X パス", kept: "{PLAIN}IX パス"),
        .init("kei", password: "pencil", kept: scramKey),
        // A password of which the server has no keys for SCRAM.
        .init("mori", password: "secret", kept: "{SHA256}K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols="),
    ]

    /// `pencil` as RFC 7677, 3 has it.
    private static let scramKey = """
        {SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,\
        wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=
        """

    @Test("A password proves itself by SCRAM where there is something to compare with, and by PLAIN elsewhere")
    func passwords() async throws {
        let signIn = DovecotServer.SignIn(mechanisms: "plain login scram-sha-256")
        try await withDovecot(users: Self.users, signIn: signIn) { server async throws in
            var expected: [Substring] = []
            for user in Self.users {
                let right = SASLCredentials.password(username: user.name, password: user.password)
                for security in [IMAPConfiguration.Security.tls, .startTLS] {
                    #expect(try await Self.signIn(server, right, security) == nil, "\(user.name)")
                    expected.append(user.name == "mori" ? "PLAIN" : "SCRAM-SHA-256")
                }
                let wrong = SASLCredentials.password(username: user.name, password: "wrong")
                #expect(try await Self.signIn(server, wrong) == .authenticationFailed, "\(user.name)")
            }
            let alice = SASLCredentials.password(username: "alice", password: "secret")
            #expect(try await Self.signIn(server, alice, .none) == nil)
            expected.append("SCRAM-SHA-256")
            #expect(try await Self.mechanisms(server, expected.count) == expected)
            let nobody = SASLCredentials.password(username: "nobody", password: "secret")
            #expect(try await Self.signIn(server, nobody) == .authenticationFailed)
        }
    }

    @Test(
        "A master user opens another's mailbox, whether SCRAM is offered or not",
        arguments: ["plain", "plain scram-sha-256"]
    )
    func masterUser(mechanisms: String) async throws {
        try await withDovecot(
            masterUser: .init("master", password: "key"),
            signIn: DovecotServer.SignIn(mechanisms: mechanisms)
        ) { server async throws in
            let master = SASLCredentials.password(username: "master", password: "key", authorizeAs: "alice")
            #expect(try await Self.signIn(server, master) == nil)
            let wrong = SASLCredentials.password(username: "master", password: "no", authorizeAs: "alice")
            #expect(try await Self.signIn(server, wrong) == .authenticationFailed)
        }
    }

    @Test("LOGIN alone will do", arguments: ["login"])
    func login(mechanisms: String) async throws {
        try await withDovecot(signIn: DovecotServer.SignIn(mechanisms: mechanisms)) { server async throws in
            let alice = SASLCredentials.password(username: "alice", password: "secret")
            #expect(try await Self.signIn(server, alice) == nil)
        }
    }

    @Test(
        "Access tokens that a provider vouches for",
        arguments: ["oauthbearer", "xoauth2", "xoauth2 oauthbearer plain"]
    )
    func accessTokens(mechanisms: String) async throws {
        try await withFakeProvider { provider in
            let signIn = DovecotServer.SignIn(mechanisms: mechanisms, tokenInformation: provider.tokenInformation)
            try await withDovecot(signIn: signIn) { server async throws in
                provider.change { $0.accessTokens = ["token-1": "alice", "token-2": "bob"] }
                let token = { SASLCredentials.accessToken(username: "alice", token: $0) }
                #expect(try await Self.signIn(server, token("token-1")) == nil)
                let expected: Substring = mechanisms.contains("oauthbearer") ? "OAUTHBEARER" : "XOAUTH2"
                #expect(try await Self.mechanisms(server, 1) == [expected])
                #expect(try await Self.signIn(server, token("expired")) == .accessTokenRefused)
                // Somebody else's: no other token of that account would do, but the server does not say so.
                #expect(try await Self.signIn(server, token("token-2")) != nil)
            }
        }
    }
}
