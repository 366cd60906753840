import MailConnection
import NIOCore
import POP3Client
import Synchronization
import TestSupport
import Testing

@Suite("Security of POP3", .timeLimit(.minutes(10)))
struct SecurityTests {
    private func expect(
        _ code: POP3Error.Code,
        _ script: [ScriptedIMAPServer.Step],
        security: MailEndpoint.Security = .startTLS,
        authorizeAs: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let certificate = try TestCertificate.localhost()
        try await withScriptedIMAPServer(script, certificate: certificate) { server in
            await #expect(throws: POP3Error(code, ""), sourceLocation: sourceLocation) {
                let trust = MailEndpoint.Trust.certificates(pem: certificate.pem)
                try await withPOP3Connection(server.pop3(security, trust: trust), authorizeAs: authorizeAs) { _ in }
            }
            let told = try await server.allReceived().joined()
            #expect(!told.contains("AUTH") && !told.contains("PASS") && !told.contains("USER"))
        }
    }

    @Test(
        "Bytes in plain text after STLS's answer end the connection",
        arguments: ["+OK\r\n", "+OK\r\nUSER\r\n.\r\n", "x", "\r\n", "-ERR"]
    )
    func injection(extra: String) async throws {
        try await expect(
            .connection(.plaintextInjected),
            [.send("+OK hi\r\n"), .receive("STLS"), .send("+OK go\r\n\(extra)"), .stall]
        )
    }

    @Test("An answer to STLS that came before it was asked for secures nothing")
    func earlyAnswer() async throws {
        try await expect(.connection(.plaintextInjected), [.send("+OK hi\r\n+OK go\r\n+OK\r\n"), .stall])
    }

    @Test("Without STLS nothing secret is sent")
    func notOffered() async throws {
        try await expect(.startTLSNotOffered, [.send("+OK hi\r\n"), .receive("STLS"), .send("-ERR what\r\n"), .stall])
        try await expect(.invalidResponse, [.send("+OK hi\r\n"), .receive("STLS"), .send("220 go\r\n"), .stall])
        try await expect(.connection(.connectionClosed), [.send("-ERR go away\r\n"), .stall])
        try await expect(
            .connection(.tlsFailed),
            [.send("+OK hi\r\n"), .receive("STLS"), .send("+OK\r\n"), .receive(""), .send("+OK nothing\r\n"), .stall]
        )
    }

    @Test("Why TLS failed is told whether the client was just reading or writing", arguments: [0, 5, 50])
    func whyItFailed(milliseconds: Int) async throws {
        let certificate = try TestCertificate.localhost()
        let script: [ScriptedIMAPServer.Step] = [
            .send("+OK hi\r\n"), .receive("STLS"), .sendAndStartTLS("+OK go\r\n"), .stall,
        ]
        try await withScriptedIMAPServer(script, certificate: certificate) { server in
            // Whoever is slow finds TLS ended before the first command is sent.
            let slow = SlowStart(milliseconds: milliseconds)
            let error = await #expect(throws: POP3Error.self) {
                try await withTaskExecutorPreference(slow) {
                    try await withPOP3Connection(server.pop3(.startTLS, trust: .system)) { _ in }
                }
            }
            #expect(error?.code == .connection(.certificateInvalid) && error?.certificateProblem == .untrusted)
        }
    }

    @Test("What was offered is asked for within TLS")
    func capabilities() async throws {
        let certificate = try TestCertificate.localhost()
        let script: [ScriptedIMAPServer.Step] = [
            .send("+OK hi\r\n"), .receive("STLS"), .sendAndStartTLS("+OK go\r\n"), .receive("CAPA"),
            .send("+OK\r\nSASL LOGIN PLAIN\r\nTOP\r\nUTF8 USER\r\n.\r\n"), .receive("UTF8"), .send("+OK\r\n"),
            .receive("AUTH PLAIN AGFsaWNlAHNlY3JldA=="), .send("+OK\r\n"), .receive("QUIT"), .send("+OK\r\n"),
        ]
        try await withScriptedIMAPServer(script, certificate: certificate) { server in
            let trust = MailEndpoint.Trust.certificates(pem: certificate.pem)
            let offersTop = try await withPOP3Connection(server.pop3(.startTLS, trust: trust)) {
                $0.capabilities.offers("TOP")
            }
            #expect(offersTop)
            #expect(try await server.allReceived().last == "QUIT")
        }
    }

    @Test("A server that takes no passwords, or no master user, is sent none")
    func noWayIn() async throws {
        let greeting: [ScriptedIMAPServer.Step] = [.send("+OK\r\n"), .receive("CAPA")]
        try await expect(.loginDisabled, greeting + [.send("+OK\r\nSTLS\r\nSASL\r\n.\r\n"), .stall], security: .none)
        try await expect(
            .authenticationMechanismUnavailable,
            greeting + [.send("+OK\r\nSASL XOAUTH2\r\n.\r\n"), .stall],
            security: .none
        )
        try await expect(
            .authenticationMechanismUnavailable,
            greeting + [.send("+OK\r\nUSER\r\n.\r\n"), .stall],
            security: .none,
            authorizeAs: "bob"
        )
    }

    @Test("CR, LF and NUL in a user name or password are refused before anything is connected to")
    func forbiddenCharacters() throws {
        for text in ["a\r\nDELE 1", "a\0b", "a\n", String(repeating: "x", count: 5000)] {
            for (username, password, other) in [(text, "p", nil), ("u", text, nil), ("u", "p", text)] {
                #expect(throws: POP3Error(.connection(.invalidArgument), "")) {
                    try POP3Credentials(username: username, password: password, authorizeAs: other)
                }
            }
        }
    }

    @Test(
        "The address is judged at the moment of connecting",
        arguments: ["127.0.0.1", "2130706433", "::ffff:127.0.0.1"]
    )
    func addresses(host: String) async throws {
        try await withScriptedIMAPServer([.stall]) { server in
            let asked = Mutex<[String]>([])
            var configuration = server.pop3()
            configuration.endpoint.host = host
            configuration.endpoint.isAddressAllowed = { address in
                asked.withLock { $0.append(address.ipAddress ?? "") }
                return false
            }
            await #expect(throws: POP3Error(.connection(.addressNotAllowed), "")) {
                try await withPOP3Connection(configuration) { _ in }
            }
            #expect(asked.withLock { $0 } == ["127.0.0.1"])
        }
    }

    @Test("Nothing that describes credentials shows a secret")
    func redaction() throws {
        let credentials = try POP3Credentials(username: "canary", password: "canary", authorizeAs: "canary")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped] { #expect(!text.contains("canary")) }
    }
}
