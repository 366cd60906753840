import IMAPClient
import IMAPCore
import Logging
import NIOCore
import TestSupport
import Testing

/// Servers that mean well but follow the letter loosely.
@Suite("Careless servers", .timeLimit(.minutes(10)))
struct CarelessServerTests {
    private func open<Result: Sendable>(
        _ script: [ScriptedIMAPServer.Step],
        limits: IMAPLimits = IMAPLimits(),
        _ body: nonisolated(nonsending) @escaping @Sendable (IMAPConnection) async throws -> Result
    ) async throws -> Result {
        let script = ScriptedIMAPServer.signIn() + ScriptedIMAPServer.examine() + script + ScriptedIMAPServer.signOut
        return try await withScriptedIMAPServer(script) { server in
            try await withIMAPConnection(server.configuration(limits: limits)) { connection in
                try await connection.examine(IMAPMailboxName(displayName: "INBOX"))
                return try await body(connection)
            }
        }
    }

    private nonisolated(nonsending) static func read(
        _ uids: [UInt32],
        _ connection: IMAPConnection
    ) async throws -> (bodies: [UInt32: String], refused: [UInt32]) {
        var bodies: [UInt32: String] = [:]
        let refused = try await connection.fetchBodies(uids) { body in
            var text = ""
            for try await chunk in body.chunks { text += String(buffer: chunk) }
            #expect(bodies.updateValue(text, forKey: body.uid) == nil)
        }
        return (bodies, refused)
    }

    @Test("Messages are found in answers of any order, among others that nobody asked for")
    func looseBodies() async throws {
        let bodies = try await open([
            .receive("UID FETCH 1:4"),
            .send("* 1 FETCH (FLAGS (\\Seen))\r\n* 4 EXISTS\r\n* 2 EXPUNGE\r\n* OK Still here\r\n"),
            .send("* 1 FETCH (BODY[] {1}\r\na UID 1)\r\n* 2 fetch (body[] \"b\" uid 2)\r\n"),
            .send("* 3 FETCH (UID 3 BODY[] NIL)\r\n* 4 FETCH (UID 4 FLAGS () BODY[] {0}\r\n)\r\n"),
            .send("* 1 FETCH (UID 1 BODY[] {5}\r\nagain)\r\n* 9 FETCH (UID 9 BODY[] {5}\r\nother)\r\n"),
            .send("* 4 FETCH (BODY[TEXT] {1}\r\nx UID 4)\r\n"),
            .answer("OK done"),
        ]) { try await Self.read([4, 3, 2, 1], $0).bodies }
        #expect(bodies == [1: "a", 2: "b", 4: ""])
    }

    @Test("A message that is told of before the server agrees to tell of messages is news")
    func earlyNews() async throws {
        let script =
            ScriptedIMAPServer.signIn(capabilities: "IMAP4rev1 SASL-IR AUTH=PLAIN IDLE")
            + ScriptedIMAPServer.examine(messages: 3) + [
                .receive("A3 IDLE"), .send("* 4 EXISTS\r\n+ idling\r\n"), .receive("DONE"), .send("A3 OK\r\n"),
            ] + ScriptedIMAPServer.signOut
        let isNew = try await withScriptedIMAPServer(script) { server in
            try await withIMAPConnection(server.configuration()) { connection in
                try await connection.examine(IMAPMailboxName(displayName: "INBOX"))
                return try await connection.idle(atMost: .seconds(30))
            }
        }
        #expect(isNew)
    }

    @Test("A long message that says too late which one it is, is asked for again alone")
    func lateIdentifier() async throws {
        var limits = IMAPLimits()
        limits.literalLength = 3
        let bodies = try await open(
            [
                .receive("UID FETCH 1:2"),
                .send("* 1 FETCH (BODY[] {4}\r\nlong UID 1)\r\n* 2 FETCH (BODY[] {2}\r\nok UID 2)\r\n"), .answer("OK"),
                .receive("UID FETCH 1 "), .send("* 1 FETCH (BODY[] {4}\r\nlong UID 1)\r\n"), .answer("OK"),
            ],
            limits: limits
        ) { try await Self.read([1, 2], $0).bodies }
        #expect(bodies == [1: "long", 2: "ok"])
    }

    @Test("One message that the server cannot read does not hide the others")
    func oneBadMessage() async throws {
        let (bodies, refused) = try await open([
            .receive("UID FETCH 1:3"), .send("* 1 FETCH (UID 1 BODY[] {1}\r\na)\r\n"), .answer("NO [SERVERBUG] broken"),
            .receive("UID FETCH 2 "), .answer("NO [SERVERBUG] broken"),
            .receive("UID FETCH 3 "), .send("* 3 FETCH (UID 3 BODY[] {1}\r\nc)\r\n"), .answer("OK"),
        ]) { try await Self.read([1, 2, 3], $0) }
        #expect(bodies == [1: "a", 3: "c"])
        #expect(refused == [2])
    }

    @Test(
        "A server that asks to come back later is not asked again",
        arguments: [
            ("NO [THROTTLED] slow down", IMAPError.Code.throttled), ("NO [OVERQUOTA] enough", .overQuota),
            ("BAD what", .commandRefused),
        ]
    )
    func throttled(answer: String, code: IMAPError.Code) async throws {
        await #expect(throws: IMAPError(code, "")) {
            try await open([.receive("UID FETCH"), .answer(answer), .stall]) { try await Self.read([1, 2], $0).bodies }
        }
    }

    @Test("More messages than one command asks for come in the order of commands, the next one sent ahead")
    func pipelined() async throws {
        let uids = (1...250).map(UInt32.init)
        let text = { (range: ClosedRange<UInt32>) in
            range.map { "* \($0) FETCH (UID \($0) BODY[] {1}\r\nx)\r\n" }.joined()
        }
        let bodies = try await open([
            .receive("A3 UID FETCH 1:100"), .receive("A4 UID FETCH 101:200"),
            .send(text(1...100) + "A3 OK\r\n"), .receive("A5 UID FETCH 201:250"),
            .send(text(101...200) + "A4 OK\r\n" + text(201...250) + "A5 OK\r\n"),
        ]) { try await Self.read(uids, $0).bodies }
        #expect(bodies.count == 250)
    }

    @Test("Headers come with what the server knows; too long ones are cut off, or missing where there should be one")
    func headers() async throws {
        var limits = IMAPLimits()
        limits.headerLength = 4
        let headers = try await open(
            [
                .receive("UID FETCH 1:9 (UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (From)])"),
                .send("* 1 FETCH (RFC822.SIZE 4 BODY[HEADER.FIELDS (From)] {2}\r\n\r\n UID 1)\r\n"),
                .send("* 2 FETCH (UID 2 FLAGS (\\Seen))\r\n* 3 FETCH (UID 3 BODY[HEADER.FIELDS (From)] NIL)\r\n"),
                .send("* 4 FETCH (UID 4 INTERNALDATE NIL BODY[HEADER.FIELDS (\"From\")] {8}\r\nFrom: a\n)\r\n"),
                .send("* 5 FETCH (UID 77 BODY[HEADER.FIELDS (From)] {2}\r\n\r\n)\r\n"),
                .send("* 6 FETCH (UID 6 RFC822.SIZE 5 BODY[HEADER.FIELDS (From)] {2}\r\n\r\n)\r\n"), .answer("OK"),
            ],
            limits: limits
        ) { connection in
            var headers: [String] = []
            try await connection.fetchHeaders([1...9], fields: ["From"]) { header in
                headers.append("\(header.uid) \(header.size) \(String(buffer: header.header)) \(header.isTruncated)")
            }
            return headers
        }
        #expect(headers == ["1 4 \r\n false", "4 0 From true", "6 5 \r\n true"])
    }

    @Test("A server that stops early is asked for the rest (RFC 9738)")
    func messageLimit() async throws {
        let uids = try await open([
            .receive("UID FETCH 1:9 (UID)"), .send("* 3 FETCH (UID 8)\r\n* 2 FETCH (UID 6)\r\n"),
            .answer("OK [MESSAGELIMIT 2 6] part"),
            .receive("UID FETCH 1:5 (UID)"), .send("* 1 FETCH (UID 2)\r\n"), .answer("OK"),
        ]) { try await $0.uids(in: 1...9) }
        #expect(uids == [2, 6, 8])
        await #expect(throws: IMAPError(.invalidResponse, "")) {
            try await open([.receive("UID FETCH"), .answer("OK [MESSAGELIMIT 2 90] part"), .stall]) {
                try await $0.uids(in: 1...9)
            }
        }
    }

    @Test(
        "A search without an answer that can be read is made up for by asking for each message",
        arguments: ["", "* ESEARCH UID ALL 2,x\r\n", "* SEARCH 2 y\r\n", "* ESEARCH (TAG \"A3\"\r\n"]
    )
    func unreadableSearch(answer: String) async throws {
        let script =
            ScriptedIMAPServer.signIn(capabilities: "IMAP4rev1 SASL-IR AUTH=PLAIN ESEARCH")
            + ScriptedIMAPServer.examine() + [
                .receive("UID SEARCH"), .send(answer), .answer("OK"),
                .receive("UID FETCH 1:9 (UID)"), .send("* 1 FETCH (UID 2)\r\n* 2 FETCH (UID \"3\")\r\n"), .answer("OK"),
            ] + ScriptedIMAPServer.signOut
        let uids = try await withScriptedIMAPServer(script) { server in
            try await withIMAPConnection(server.configuration()) { connection in
                try await connection.examine(IMAPMailboxName(displayName: "INBOX"))
                return try await connection.uids(in: 1...9)
            }
        }
        #expect(uids == [2, 3])
    }

    @Test(
        "A search result in any form is the result",
        arguments: [
            ("* SEARCH 3 2\r\n* SEARCH 5\r\n", [2, 3, 5]),
            ("* ESEARCH (TAG \"A3\") UID X (1 (2)) ALL 2:3\r\n", [2, 3]),
            ("* ESEARCH UID ALL \"2\"\r\n", [2]), ("* ESEARCH (TAG \"A3\") UID\r\n", []),
        ] as [(String, [UInt32])]
    )
    func searchResults(answer: String, expected: [UInt32]) async throws {
        let script =
            ScriptedIMAPServer.signIn(capabilities: "IMAP4rev1 SASL-IR AUTH=PLAIN ESEARCH")
            + ScriptedIMAPServer.examine() + [.receive("UID SEARCH"), .send(answer), .answer("OK")]
            + ScriptedIMAPServer.signOut
        let uids = try await withScriptedIMAPServer(script) { server in
            try await withIMAPConnection(server.configuration()) { connection in
                try await connection.examine(IMAPMailboxName(displayName: "INBOX"))
                return try await connection.uids(in: 1...9)
            }
        }
        #expect(uids == expected)
    }

    /// How a server that may count changes answers when it is asked what vanished since a state of UIDVALIDITY 7.
    private static func opening(enabled: String, _ answer: String) -> [ScriptedIMAPServer.Step] {
        ScriptedIMAPServer.signIn(capabilities: "IMAP4rev1 SASL-IR AUTH=PLAIN QRESYNC") + [
            .receive("ENABLE QRESYNC"), .answer(enabled), .receive("EXAMINE"), .send(answer), .answer("OK opened"),
        ] + ScriptedIMAPServer.signOut
    }

    @Test(
        "What vanished is told where the server was asked, and of the same messages",
        arguments: [
            (
                "OK", "* 2 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* VANISHED (EARLIER) 3,5:6\r\n* VANISHED 9\r\n",
                [3...3, 5...6]
            ),
            ("OK", "* 2 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* 1 FETCH (UID 1 FLAGS () MODSEQ (9))\r\n", []),
            ("OK", "* 2 EXISTS\r\n* OK [UIDVALIDITY 8]\r\n* VANISHED (EARLIER) 3\r\n", nil),
            ("NO never", "* 2 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* VANISHED (EARLIER) 3\r\n", nil),
        ] as [(String, String, [ClosedRange<UInt32>]?)]
    )
    func vanished(enabled: String, answer: String, expected: [ClosedRange<UInt32>]?) async throws {
        let answer = answer + "* OK [HIGHESTMODSEQ 99]\r\n"
        try await withScriptedIMAPServer(Self.opening(enabled: enabled, answer)) { server in
            let opened = try await withIMAPConnection(server.configuration()) { connection in
                let state = IMAPMailboxState(uidValidity: 7, modSeq: 90)
                return try await connection.examine(IMAPMailboxName(displayName: "INBOX"), since: state)
            }
            #expect(opened.vanished?.ranges == expected && opened.modSeq == 99 && opened.messageCount == 2)
            let asked = server.received.contains { $0.hasSuffix("EXAMINE \"INBOX\" (QRESYNC (7 90))") }
            #expect(asked == (enabled == "OK"))
        }
    }

    @Test(
        "Other users' and shared mailboxes are left out",
        arguments: [
            (
                "((\"\" \"/\")) ((\"~\" \"/\")) ((\"Public/\" \"/\"))",
                ["INBOX", "Work", "~bob", "Public", "Public/x", "Publicity"], ["INBOX", "Work", "Publicity"]
            ),
            (
                "((\"INBOX.\" \".\")) ((\"user.\" \".\")) ((\"\" \".\"))", ["INBOX", "inbox.a", "user.b", "c"],
                ["INBOX", "inbox.a"]
            ),
            ("NIL NIL ((\"\" \".\"))", ["INBOX", "a"], ["INBOX", "a"]),
            ("NIL NIL NIL", ["INBOX", "a"], ["INBOX", "a"]),
        ]
    )
    func namespaces(namespaces: String, names: [String], expected: [String]) async throws {
        let lines = names.map { "* LIST () \"/\" \"\($0)\"\r\n" }.joined()
        let script =
            ScriptedIMAPServer.signIn(capabilities: "IMAP4rev1 SASL-IR AUTH=PLAIN NAMESPACE") + [
                .receive("NAMESPACE"), .send("* NAMESPACE \(namespaces)\r\n"), .answer("OK"),
                .receive("LIST"), .send(lines + lines), .answer("OK"),
            ] + ScriptedIMAPServer.signOut
        let listed = try await withScriptedIMAPServer(script) { server in
            try await withIMAPConnection(server.configuration()) { try await $0.listMailboxes().map(\.displayName) }
        }
        #expect(listed == expected)
    }

    @Test("A mailbox without lasting identifiers cannot be read")
    func noIdentifiers() async throws {
        let script =
            ScriptedIMAPServer.signIn() + [
                .receive("EXAMINE"), .send("* 1 EXISTS\r\n* OK [UIDVALIDITY 0]\r\n"), .answer("OK"), .stall,
            ]
        try await withScriptedIMAPServer(script) { server in
            await #expect(throws: IMAPError(.invalidResponse, "")) {
                try await withIMAPConnection(server.configuration()) { connection in
                    try await connection.examine(IMAPMailboxName(displayName: "INBOX"))
                }
            }
        }
    }
}
