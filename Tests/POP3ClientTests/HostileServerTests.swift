import MailConnection
import NIOCore
import POP3Client
import Synchronization
import TestSupport
import Testing

@Suite("Hostile and broken POP3 servers", .timeLimit(.minutes(10)))
struct HostileServerTests {
    private static let session: [ScriptedIMAPServer.Step] =
        ScriptedIMAPServer.pop3SignIn() + [
            .receive("LIST"), .send("+OK\r\n1 4\r\n2 2\r\n.\r\n"), .receive("UIDL"),
            .send("+OK\r\n1 first\r\n2 second\r\n.\r\n"), .receive("RETR 1"), .send("+OK 4\r\na\r\n..b\r\n.\r\n"),
            .receive("RETR 2"), .send("+OK\r\n\r\n.\r\n"),
        ]

    private static func read(_ configuration: POP3Configuration) async throws -> [UInt32: String] {
        try await withPOP3Connection(configuration) { connection in
            let listed = try await connection.list()
            #expect(listed.map(\.uniqueID) == ["first", "second"])
            return try await connection.messages([1, 2]).bytes.mapValues { String(decoding: $0, as: UTF8.self) }
        }
    }

    @Test("A connection that is cut at any byte gives an error, never a wrong answer")
    func cuts() async throws {
        let length = try await withScriptedIMAPServer(Self.session + [.receive("QUIT"), .send("+OK\r\n")]) { server in
            let read = try await Self.read(server.pop3())
            #expect(read == [1: "a\r\n.b\r\n", 2: "\r\n"])
            return server.sentBytes - "+OK\r\n".utf8.count
        }
        try await withThrowingTaskGroup { group in
            for part in 0..<4 {
                group.addTask {
                    for cut in stride(from: part, to: length, by: 4) {
                        try await withScriptedIMAPServer(Self.session, cutAfter: cut) { server in
                            await #expect(throws: POP3Error(.connection(.connectionClosed), ""), "cut after \(cut)") {
                                try await Self.read(server.pop3())
                            }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("A connection that is reset is one that was closed", arguments: [0, 1, 4, 6, 8, 10, 12])
    func resets(step: Int) async throws {
        try await withScriptedIMAPServer(session(upTo: step) + [.reset]) { server in
            await #expect(throws: POP3Error(.connection(.connectionClosed), "")) {
                _ = try await Self.read(server.pop3())
            }
        }
    }

    @Test("A server that falls silent is given up", arguments: [0, 1, 4, 6, 8, 10, 12])
    func stalls(step: Int) async throws {
        try await withScriptedIMAPServer(Array(Self.session.prefix(step)) + [.stall]) { server in
            await #expect(throws: POP3Error(.connection(.timeout), "")) {
                _ = try await Self.read(server.pop3(responseTimeout: .milliseconds(200)))
            }
        }
    }

    @Test(
        "A server that is busy for ever is given up",
        arguments: [(0, "+"), (2, "+OK\r\nX-MORE\r\n"), (12, "+OK\r\nx")]
    )
    func busy(step: Int, drip: String) async throws {
        let script = session(upTo: step) + [.send(drip), .drip("x", milliseconds: 20)]
        try await withScriptedIMAPServer(script) { server in
            await #expect(throws: POP3Error(.connection(.timeout), "")) {
                _ = try await Self.read(server.pop3(commandTimeout: .milliseconds(500)))
            }
        }
    }

    @Test("Lines and messages without end are refused while they come, in bounded memory")
    func endless() async throws {
        let scripts: [[ScriptedIMAPServer.Step]] = [
            [.flood(1 << 26)], session(upTo: 12) + [.send("+OK\r\n"), .flood(1 << 26)],
        ]
        for script in scripts {
            var limits = POP3Limits()
            limits.messageLength = 1 << 20
            try await withScriptedIMAPServer(script) { [limits] server in
                await #expect(throws: POP3Error(.connection(.limitExceeded), "")) {
                    _ = try await Self.read(server.pop3(limits: limits))
                }
                #expect(server.sentBytes < 1 << 25)
            }
        }
    }

    private func session(upTo step: Int) -> [ScriptedIMAPServer.Step] { Array(Self.session.prefix(step)) }

    @Test(
        "Nonsense and answers that nobody asked for end the connection",
        arguments: [
            ("* OK IMAP4rev1\r\n", POP3Error.Code.invalidResponse), ("+ go on\r\n", .invalidResponse),
            ("-ERR go away\r\n", .connection(.connectionClosed)), ("-ERR [SYS/TEMP] later\r\n", .throttled),
            ("+OK hi\r\n+OK and more\r\n", .invalidResponse), ("\0\0\0\r\n", .invalidResponse),
        ]
    )
    func nonsense(greeting: String, code: POP3Error.Code) async throws {
        try await withScriptedIMAPServer([.send(greeting), .stall]) { server in
            await #expect(throws: POP3Error(code, "")) { _ = try await Self.read(server.pop3()) }
        }
    }

    @Test(
        "A listing that is none is refused",
        arguments: ["one 1", "0 1", "-1 1", "4294967296 1", "99999999999999999999 1", " 1 1", ""]
    )
    func badListing(line: String) async throws {
        let script = session(upTo: 8) + [.send("+OK\r\n\(line)\r\n.\r\n"), .stall]
        try await withScriptedIMAPServer(script) { server in
            await #expect(throws: POP3Error(.invalidResponse, "")) { _ = try await Self.read(server.pop3()) }
        }
    }

    @Test(
        "A refusal to sign in says what kind it is",
        arguments: [
            ("-ERR", POP3Error.Code.authenticationFailed), ("-ERR [AUTH] no", .authenticationFailed),
            ("-ERR [IN-USE] locked", .throttled), ("-ERR [LOGIN-DELAY] later", .throttled),
            ("-ERR [sys/temp] later", .throttled),
        ]
    )
    func refusedSignIn(answer: String, code: POP3Error.Code) async throws {
        let script = session(upTo: 6) + [.send("\(answer)\r\n"), .stall]
        try await withScriptedIMAPServer(script) { server in
            await #expect(throws: POP3Error(code, "")) { _ = try await Self.read(server.pop3()) }
        }
    }
}
