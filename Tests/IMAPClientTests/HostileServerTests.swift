import IMAPClient
import IMAPCore
import Logging
import MailConnection
import NIOCore
import TestSupport
import Testing

@Suite("Hostile and broken servers", .timeLimit(.minutes(10)))
struct HostileServerTests {
    private static let inbox = IMAPMailboxName(displayName: "INBOX")

    /// Signs in, opens the mailbox, lists it and reads two messages.
    private static let session: [ScriptedIMAPServer.Step] =
        ScriptedIMAPServer.signIn() + ScriptedIMAPServer.examine()
        + [
            .receive("LIST"), .send("* LIST () \"/\" {5}\r\nINBOX\r\n"), .answer("OK"),
            .receive("UID FETCH"),
            .send("* 1 FETCH (UID 1 BODY[] {4}\r\na\r\nb)\r\n* 2 FETCH (UID 2 BODY[] {2}\r\n\r\n)\r\n"),
            .answer("OK done"),
        ]

    private static func read(_ configuration: IMAPConfiguration) async throws -> [UInt32: String] {
        try await withIMAPConnection(configuration) { connection in
            try await connection.examine(inbox)
            _ = try await connection.listMailboxes()
            return try await bodies([1, 2], connection)
        }
    }

    private nonisolated(nonsending) static func bodies(
        _ uids: [UInt32],
        _ connection: IMAPConnection
    ) async throws -> [UInt32: String] {
        var bodies: [UInt32: String] = [:]
        try await connection.fetchBodies(uids) { body in
            var text = ""
            for try await chunk in body.chunks { text += String(buffer: chunk) }
            bodies[body.uid] = text
        }
        return bodies
    }

    @Test("A connection that is cut at any byte gives an error, never a wrong answer")
    func cuts() async throws {
        let length = try await withScriptedIMAPServer(Self.session + ScriptedIMAPServer.signOut) { server in
            let read = try await Self.read(server.configuration())
            #expect(read == [1: "a\r\nb", 2: "\r\n"])
            return server.sentBytes
        }
        let farewell = "* BYE\r\nA5 OK\r\n".utf8.count
        #expect(length > 300)
        try await withThrowingTaskGroup { group in
            for part in 0..<4 {
                group.addTask {
                    for cut in stride(from: part, to: length - farewell, by: 4) {
                        try await withScriptedIMAPServer(Self.session, cutAfter: cut) { server in
                            await #expect(throws: IMAPError(.connectionClosed, ""), "cut after \(cut)") {
                                try await Self.read(server.configuration())
                            }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("A connection that is reset is one that was closed", arguments: [0, 1, 4, 6, 8])
    func resets(step: Int) async throws {
        try await withScriptedIMAPServer(Array(Self.session.prefix(step)) + [.reset]) { server in
            await #expect(throws: IMAPError(.connectionClosed, "")) { try await Self.read(server.configuration()) }
        }
    }

    @Test("A server that falls silent is given up", arguments: [0, 1, 4, 6, 8])
    func stalls(step: Int) async throws {
        try await withScriptedIMAPServer(Array(Self.session.prefix(step)) + [.stall]) { server in
            await #expect(throws: IMAPError(.timeout, "")) {
                try await Self.read(server.configuration(responseTimeout: .milliseconds(200)))
            }
        }
    }

    @Test("A server that falls silent within a message is given up; a slow reader is not")
    func stallsInMessage() async throws {
        let script =
            ScriptedIMAPServer.signIn() + ScriptedIMAPServer.examine() + [
                .receive("UID FETCH"), .send("* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n"), .answer("OK"),
                .receive("UID FETCH"), .send("* 1 FETCH (UID 1 BODY[] {9}\r\nabc"), .stall,
            ]
        try await withScriptedIMAPServer(script) { server in
            try await withIMAPConnection(server.configuration(responseTimeout: .seconds(3))) { connection in
                try await connection.examine(Self.inbox)
                try await Task.sleep(for: .seconds(4))
                #expect(try await Self.bodies([1], connection).count == 1)
                await #expect(throws: IMAPError(.timeout, "")) { _ = try await Self.bodies([1], connection) }
            }
        }
    }

    /// A server that comes to this point and is never silent, but never done either.
    struct Busy: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let script: [ScriptedIMAPServer.Step]
    }

    private static let opened = ScriptedIMAPServer.signIn() + ScriptedIMAPServer.examine()

    @Test(
        "A server that is busy for ever is given up",
        arguments: [
            Busy(testDescription: "greeting", script: [.drip("*", milliseconds: 20)]),
            Busy(
                testDescription: "signing in",
                script: Array(ScriptedIMAPServer.signIn().prefix(2)) + [.drip("* OK Still here\r\n", milliseconds: 20)]
            ),
            Busy(
                testDescription: "half a line",
                script: opened + [.receive("LIST"), .drip("*", milliseconds: 20)]
            ),
            Busy(
                testDescription: "other messages",
                script: session.prefix(10) + [.drip("* 9 FETCH (UID 9 BODY[] {1}\r\nx)\r\n", milliseconds: 20)]
            ),
            Busy(
                testDescription: "a message, byte by byte",
                script: session.prefix(10) + [
                    .send("* 1 FETCH (UID 1 BODY[] {90000}\r\n"), .drip("x", milliseconds: 20),
                ]
            ),
        ]
    )
    func busy(server: Busy) async throws {
        try await withScriptedIMAPServer(server.script) { server in
            await #expect(throws: IMAPError(.timeout, "")) {
                try await Self.read(server.configuration(commandTimeout: .milliseconds(500)))
            }
        }
    }

    @Test("A server that does not stop sending what nobody asked for is given up, however fast it is")
    func floods() async throws {
        var limits = IMAPLimits()
        limits.messages = 500
        let script = Self.session.prefix(10) + [.drip("* 9 FETCH (UID 9 BODY[] {1}\r\nx)\r\n", milliseconds: 0)]
        try await withScriptedIMAPServer(Array(script)) { [limits] server in
            await #expect(throws: IMAPError(.limitExceeded, "")) {
                try await Self.read(server.configuration(limits: limits))
            }
        }
    }

    @Test("STARTTLS or TLS that falls silent is given up", arguments: [IMAPConfiguration.Security.startTLS, .tls])
    func stallsBeforeTLS(security: IMAPConfiguration.Security) async throws {
        try await withScriptedIMAPServer([.stall]) { server in
            await #expect(throws: IMAPError(.timeout, "")) {
                try await Self.read(server.configuration(security, responseTimeout: .milliseconds(200)))
            }
        }
    }

    @Test(
        "Claims of giant size are refused, not believed",
        arguments: [
            ("* 1 FETCH (UID 1 BODY[] {4294967295}\r\n", IMAPError.Code.limitExceeded),
            ("* 1 FETCH (UID 1 BODY[] {99999999999999999999}\r\n", .limitExceeded),
            ("* LIST () \"/\" {4294967295}\r\n", .limitExceeded),
            ("* 1 FETCH (FLAGS {99999999999999999999}\r\n", .limitExceeded),
            ("* 1 FETCH (UID 1 BODY[] {3}\r\nabcdef)\r\n", .invalidResponse),
            ("A9 OK what\r\n", .invalidResponse),
        ]
    )
    func giants(text: String, code: IMAPError.Code) async throws {
        let script =
            ScriptedIMAPServer.signIn() + ScriptedIMAPServer.examine() + [
                .receive("UID FETCH"), .send(text), .stall,
            ]
        try await withScriptedIMAPServer(script) { server in
            await #expect(throws: IMAPError(code, "")) {
                try await withIMAPConnection(server.configuration()) { connection in
                    try await connection.examine(Self.inbox)
                    _ = try await Self.bodies([1], connection)
                }
            }
        }
    }

    @Test("Nonsense among the answers costs no message")
    func nonsense() async throws {
        let script =
            Self.opened + [
                .receive("UID FETCH"),
                .send("garbage\u{0}\u{1}\r\n* 1 FETCH (UID 1 BODY[] {abc}\r\n* 7 FETCH\r\n* LIST (\r\n \r\n"),
                .send("* 1 FETCH (UID 1 BODY[] {1}\r\na)\r\n* ENVELOPE \"\r\n* 2 FETCH (UID 2 BODY[] \"b\")\r\n"),
                .answer("OK"),
            ] + ScriptedIMAPServer.signOut
        let bodies = try await withScriptedIMAPServer(script) { server in
            try await withIMAPConnection(server.configuration()) { connection in
                try await connection.examine(Self.inbox)
                return try await Self.bodies([1, 2], connection)
            }
        }
        #expect(bodies == [1: "a", 2: "b"])
    }

    @Test("More mailboxes than anyone has are refused, and the same one again and again counts as one")
    func mailboxes() async throws {
        var limits = IMAPLimits()
        limits.mailboxes = 100
        for distinct in [99, 101] {
            let lines = (0..<5000).map { "* LIST () \"/\" F\($0 % distinct)\r\n" }.joined()
            let script = ScriptedIMAPServer.signIn() + [.receive("LIST"), .send(lines), .answer("OK")]
            try await withScriptedIMAPServer(script + ScriptedIMAPServer.signOut) { [limits] server in
                let configuration = server.configuration(limits: limits)
                let isTooMany = distinct > limits.mailboxes
                do {
                    let count = try await withIMAPConnection(configuration) { try await $0.listMailboxes().count }
                    #expect(count == distinct && !isTooMany)
                } catch let error as IMAPError {
                    #expect(error.code == .limitExceeded && isTooMany)
                }
            }
        }
    }

    @Test("A line without end is refused while it comes")
    func endlessLine() async throws {
        var limits = IMAPLimits()
        limits.lineLength = 1 << 16
        try await withScriptedIMAPServer([.flood(1 << 26)]) { [limits] server in
            await #expect(throws: IMAPError(.limitExceeded, "")) {
                try await withIMAPConnection(server.configuration(limits: limits)) { _ in }
            }
        }
    }

    @Test("The identifiers of everything between 1 and 4294967295 are not spread out in memory")
    func everything() async throws {
        let script =
            ScriptedIMAPServer.signIn(capabilities: "IMAP4rev1 AUTH=PLAIN SASL-IR ESEARCH")
            + ScriptedIMAPServer.examine() + [
                .receive("UID SEARCH"), .send("* ESEARCH UID ALL 1:4294967295\r\n"), .answer("OK"), .stall,
            ]
        try await withScriptedIMAPServer(script) { server in
            await #expect(throws: IMAPError(.limitExceeded, "")) {
                try await withIMAPConnection(server.configuration()) { connection in
                    try await connection.examine(Self.inbox)
                    _ = try await connection.uids(in: 1...UInt32.max)
                }
            }
        }
    }

    @Test(
        "A greeting that turns the client away says so",
        arguments: [
            ("* BYE [UNAVAILABLE] later\r\n", IMAPError.Code.throttled),
            ("* BYE Too many connections\r\n", .throttled),
            ("* BYE\r\n", .connectionClosed),
            ("* PREAUTH hello\r\n", .invalidResponse),
            ("+ what\r\n", .invalidResponse),
        ]
    )
    func turnedAway(greeting: String, code: IMAPError.Code) async throws {
        try await withScriptedIMAPServer([.send(greeting)]) { server in
            await #expect(throws: IMAPError(code, "")) {
                try await withIMAPConnection(server.configuration()) { _ in }
            }
        }
    }

    @Test(
        "A refusal to sign in says what kind it is",
        arguments: [
            ("NO [AUTHENTICATIONFAILED] no", IMAPError.Code.authenticationFailed), ("NO", .authenticationFailed),
            ("NO [UNAVAILABLE] later", .throttled), ("NO [LIMIT] later", .throttled), ("BAD what", .commandRefused),
            ("NO [ALERT] Too many simultaneous connections", .throttled), ("NO [PRIVACYREQUIRED]", .loginDisabled),
        ]
    )
    func refusedSignIn(answer: String, code: IMAPError.Code) async throws {
        let script = [ScriptedIMAPServer.signIn()[0], .receive("AUTHENTICATE"), .answer(answer), .stall]
        try await withScriptedIMAPServer(script) { server in
            await #expect(throws: IMAPError(code, "")) {
                try await withIMAPConnection(server.configuration()) { _ in }
            }
        }
    }
}
