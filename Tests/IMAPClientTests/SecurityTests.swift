import IMAPClient
import IMAPCore
import Logging
import MailConnection
import SASL
import TestSupport
import Testing

@Suite("Security", .timeLimit(.minutes(10)))
struct SecurityTests {
    private static let greeting = ScriptedIMAPServer.Step.send("* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] hi\r\n")

    private func expect(
        _ code: IMAPError.Code,
        _ script: [ScriptedIMAPServer.Step],
        security: IMAPConfiguration.Security = .startTLS,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await withScriptedIMAPServer(script, certificate: .localhost()) { server in
            await #expect(throws: IMAPError(code, ""), sourceLocation: sourceLocation) {
                try await withIMAPConnection(
                    server.configuration(security, trust: .certificates(pem: TestCertificate.localhost().pem))
                ) { _ in }
            }
            let told = try await server.allReceived().joined()
            #expect(!told.contains("AUTH") && !told.contains("LOGIN"), sourceLocation: sourceLocation)
        }
    }

    @Test(
        "Bytes in plain text after STARTTLS's answer end the connection",
        arguments: [
            "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n", "A1 OK done\r\n", "x", "\r\n", "* OK {",
        ]
    )
    func injection(extra: String) async throws {
        try await expect(
            .plaintextInjected,
            [Self.greeting, .receive("STARTTLS"), .answerWithExtra("OK go", extra: extra), .stall]
        )
    }

    @Test("Without STARTTLS nothing secret is sent")
    func notOffered() async throws {
        try await expect(.startTLSNotOffered, [.send("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n"), .stall])
        try await expect(
            .startTLSNotOffered,
            [.send("* OK hi\r\n"), .receive("CAPABILITY"), .send("* CAPABILITY IMAP4rev1\r\n"), .answer("OK"), .stall]
        )
        try await expect(.startTLSNotOffered, [Self.greeting, .receive("STARTTLS"), .answer("NO never"), .stall])
        try await expect(.startTLSNotOffered, [.send("* PREAUTH hi\r\n"), .stall])
        try await expect(.connectionClosed, [.send("* BYE go away\r\n"), .stall])
        try await expect(
            .tlsFailed,
            [Self.greeting, .receive("STARTTLS"), .answer("OK"), .receive(""), .send("* OK\r\n"), .stall]
        )
    }

    @Test("What was offered in plain text is forgotten after STARTTLS")
    func capabilitiesAreReadAgain() async throws {
        let script: [ScriptedIMAPServer.Step] =
            [
                .send("* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN SASL-IR X-PLAINTEXT] hi\r\n"),
                .receive("STARTTLS"), .answerAndStartTLS("OK go"),
                .receive("CAPABILITY"), .send("* CAPABILITY IMAP4rev1 LITERAL+\r\n"), .answer("OK"),
                .receive("LOGIN \"alice\" \"secret\""), .answer("OK signed in"),
                .receive("CAPABILITY"), .send("* CAPABILITY IMAP4rev1 IDLE\r\n"), .answer("OK"),
            ] + ScriptedIMAPServer.signOut
        try await withScriptedIMAPServer(script, certificate: .localhost()) { server in
            let capabilities = try await withIMAPConnection(
                server.configuration(.startTLS, trust: .certificates(pem: TestCertificate.localhost().pem))
            ) { $0.capabilities }
            #expect(capabilities == ["IMAP4REV1", "IDLE"])
        }
    }

    @Test("A server that takes no passwords in plain text is sent none")
    func loginDisabled() async throws {
        let greeting = "* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN LOGINDISABLED] hi\r\n"
        try await expect(.loginDisabled, [.send(greeting), .stall], security: .none)
        try await expect(
            .authenticationMechanismUnavailable,
            [
                Self.greeting, .receive("STARTTLS"), .answerAndStartTLS("OK"), .receive("CAPABILITY"),
                .send("* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n"), .answer("OK"), .stall,
            ]
        )
    }

    @Test(
        "A refused certificate says why",
        arguments: [
            (["DNS:other.example", "IP:127.0.0.2"], 30, IMAPError.CertificateProblem.hostnameMismatch),
            (["DNS:localhost", "IP:127.0.0.1"], -1, .expired),
        ]
    )
    func certificates(names: [String], days: Int, problem: IMAPError.CertificateProblem) async throws {
        let certificate = try TestCertificate(names: names, days: days)
        try await withScriptedIMAPServer([.stall], certificate: certificate, isTLSFromStart: true) { server in
            for host in ["localhost", "127.0.0.1"] {
                var configuration = server.configuration(.tls, trust: .certificates(pem: certificate.pem))
                configuration.host = host
                let error = await #expect(throws: IMAPError.self) {
                    try await withIMAPConnection(configuration) { _ in }
                }
                #expect(error?.code == .certificateInvalid)
                #expect(error?.certificateProblem == problem)
            }
        }
    }

    @Test("Certificates that are none are refused before anything is connected to")
    func unreadableTrust() async throws {
        try await withScriptedIMAPServer([.stall]) { server in
            await #expect(throws: IMAPError(.invalidArgument, "")) {
                try await withIMAPConnection(server.configuration(.tls, trust: .certificates(pem: "none"))) { _ in }
            }
        }
    }

    @Test(
        "CR, LF and NUL in a user name or password are refused before anything is connected to",
        arguments: [
            "a\r\nA2 LOGOUT", "a\0b", "a\n",
        ]
    )
    func forbiddenCharacters(text: String) async throws {
        try await withScriptedIMAPServer(ScriptedIMAPServer.signIn()) { server in
            for (username, password, other) in [(text, "p", nil), ("u", text, nil), ("u", "p", text)] {
                await #expect(throws: IMAPError(.invalidArgument, "")) {
                    try await withIMAPConnection(
                        server.configuration(),
                        username: username,
                        password: password,
                        authorizeAs: other
                    ) { _ in }
                }
            }
            #expect(server.received.isEmpty)
        }
    }

    @Test("A password that is not ASCII goes as a literal where PLAIN is not offered")
    func literalPassword() async throws {
        let capabilities = "* OK [CAPABILITY IMAP4rev1] hi\r\n"
        try await withScriptedIMAPServer(
            [
                .send(capabilities), .receive("LOGIN \"alice\" {3}"), .send("+ go on\r\n"), .receive("秘"),
                .send("A1 OK [CAPABILITY IMAP4rev1 IDLE]\r\n"),
            ] + ScriptedIMAPServer.signOut
        ) { server in
            try await withIMAPConnection(server.configuration(), password: "秘") { _ in }
            #expect(try await server.allReceived().count == 3)
        }
        try await withScriptedIMAPServer([
            .send(capabilities), .receive("LOGIN \"alice\" {3}"), .answer("NO no literals"),
        ]) { server in
            await #expect(throws: IMAPError(.authenticationFailed, "")) {
                try await withIMAPConnection(server.configuration(), password: "秘") { _ in }
            }
        }
    }

    @Test("Nothing that describes credentials or an error shows a secret")
    func redaction() {
        let credentials = SASLCredentials.password(username: "canary", password: "canary", authorizeAs: "canary")
        var dumped = ""
        dump(credentials, to: &dumped)
        let error = IMAPError(.commandRefused, "refused", serverText: "canary")
        for text in ["\(credentials)", String(reflecting: credentials), dumped, "\(error)", String(reflecting: error)] {
            #expect(!text.contains("canary"))
        }
    }
}
