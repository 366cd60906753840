import NIOCore
import NIOSSL
import Synchronization

/// A fake IMAP server that plays a script, however wrong, to each connection.
///
/// At the end of the script it says no more, and stays until the client has gone.
package final class ScriptedIMAPServer: Sendable {
    package enum Step: Sendable {
        /// Sends bytes as they are.
        case send(String)
        case sendBytes([UInt8])
        /// Waits for a line that contains a text and remembers its tag; any other line ends the connection, but for
        /// `STATUS`, to which the server says nothing of its mailboxes.
        case receive(String)
        /// Sends what is made of the last line that came.
        case reply(@Sendable (String) -> String)
        /// Sends a line after the last tag.
        case answer(String)
        /// Sends a line after the last tag and at once, in plain text, more bytes.
        case answerWithExtra(String, extra: String)
        /// Sends a line after the last tag; what follows is TLS.
        case answerAndStartTLS(String)
        /// Sends bytes as they are; what follows is TLS.
        case sendAndStartTLS(String)
        /// Sends so many bytes, as fast as they are taken.
        case flood(Int)
        /// Sends a text again and again, with a pause of so many milliseconds after each time, until the client goes away.
        case drip(String, milliseconds: Int)
        /// Says nothing more until the client goes away.
        case stall
        /// Breaks the connection off without a word.
        case reset
    }

    package let port: Int
    package let host = "127.0.0.1"
    private let log: Mutex<[String]>
    private let sent = Atomic(0)
    private let open = Atomic(0)

    fileprivate init(port: Int) {
        self.port = port
        self.log = Mutex([])
    }

    /// The lines that clients have sent so far.
    package var received: [String] { log.withLock { $0 } }

    /// How many bytes have been sent to clients so far, or are about to be.
    package var sentBytes: Int { sent.load(ordering: .relaxed) }

    /// The lines that clients have sent, once their connections have ended: what they said last may still be on its way.
    package func allReceived() async throws -> [String] {
        while open.load(ordering: .acquiring) > 0 { try await Task.sleep(for: .milliseconds(2)) }
        return received
    }

    fileprivate func noteConnection(_ change: Int) {
        open.add(change, ordering: .acquiringAndReleasing)
    }

    fileprivate func note(_ line: String) {
        log.withLock { $0.append(line) }
    }

    fileprivate func noteSent(_ count: Int) {
        sent.add(count, ordering: .relaxed)
    }

    /// What a client without surprises meets first: a greeting and `AUTHENTICATE PLAIN` in one line.
    package static func signIn(capabilities: String = "IMAP4rev1 SASL-IR AUTH=PLAIN") -> [Step] {
        [
            .send("* OK [CAPABILITY \(capabilities)] ready\r\n"),
            .receive("AUTHENTICATE PLAIN"),
            .answer("OK [CAPABILITY \(capabilities) UIDPLUS] signed in"),
        ]
    }

    /// Opens a mailbox of so many messages.
    package static func examine(messages: Int = 3) -> [Step] {
        [
            .receive("EXAMINE"),
            .send("* \(messages) EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n* OK [UIDNEXT 100] next\r\n"),
            .answer("OK [READ-ONLY] opened"),
        ]
    }

    /// Ends a session as agreed.
    package static let signOut: [Step] = [.receive("LOGOUT"), .send("* BYE\r\n"), .answer("OK")]
}

/// Runs a fake server while `body` runs.
///
/// - Parameters:
///   - script: what each connection is played.
///   - certificate: with one, TLS begins with the first byte unless the script starts it.
///   - cutAfter: each connection ends after the server has sent so many bytes.
@discardableResult
package func withScriptedIMAPServer<Result: Sendable>(
    _ script: [ScriptedIMAPServer.Step],
    certificate: TestCertificate? = nil,
    isTLSFromStart: Bool = false,
    cutAfter: Int? = nil,
    _ body: @escaping @Sendable (ScriptedIMAPServer) async throws -> Result
) async throws -> Result {
    let tls = try certificate.map(serverTLS)
    return try await withFakeServer(
        tls: isTLSFromStart ? tls : nil,
        { ScriptedIMAPServer(port: $0) },
        conversing: { server, client in
            server.noteConnection(1)
            defer { server.noteConnection(-1) }
            var turn = ScriptedTurn(server: server, client: client, tls: tls, left: cutAfter ?? .max)
            try await turn.play(script)
        },
        body
    )
}

/// One client's turn at the script.
private struct ScriptedTurn {
    private let server: ScriptedIMAPServer
    private let client: FakeConversation
    private let tls: NIOSSLContext?
    /// How many bytes may still be sent.
    private var left: Int
    private var tag = "*"
    private var last = ""

    private struct Cut: Error {}

    init(server: ScriptedIMAPServer, client: FakeConversation, tls: NIOSSLContext?, left: Int) {
        (self.server, self.client, self.tls, self.left) = (server, client, tls, left)
    }

    mutating func play(_ script: [ScriptedIMAPServer.Step]) async throws {
        for step in script {
            switch step {
            case .send(let text): try await send(Array(text.utf8))
            case .sendBytes(let bytes): try await send(bytes)
            case .receive(let expected):
                guard var line = try await client.nextLine() else { return }
                while line.contains(" STATUS "), !expected.contains("STATUS") {
                    try await send(Array("\(line.prefix { $0 != " " }) OK\r\n".utf8))
                    guard let next = try await client.nextLine() else { return }
                    line = next
                }
                server.note(line)
                guard line.contains(expected) else { return }
                last = line
                tag = line.split(separator: " ").first.map(String.init) ?? "*"
            case .reply(let make): try await send(Array(make(last).utf8))
            case .answer(let text): try await send(Array("\(tag) \(text)\r\n".utf8))
            case .answerWithExtra(let text, let extra): try await send(Array("\(tag) \(text)\r\n\(extra)".utf8))
            case .answerAndStartTLS(let text): try await startTLS(after: "\(tag) \(text)\r\n")
            case .sendAndStartTLS(let text): try await startTLS(after: text)
            case .flood(var count):
                let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 16)
                while count > 0 {
                    try await send(Array(piece.prefix(count)))
                    count -= piece.count
                }
            case .drip(let text, let pause):
                while true {
                    try await send(Array(text.utf8))
                    try await Task.sleep(for: .milliseconds(pause))
                }
            case .stall: while let line = try await client.nextLine() { server.note(line) }
            case .reset: try await client.reset()
            }
        }
    }

    private mutating func send(_ bytes: [UInt8]) async throws {
        let sent = bytes.prefix(left)
        server.noteSent(sent.count)
        left -= sent.count
        try await client.say(ByteBuffer(bytes: sent))
        if left == 0 { throw Cut() }
    }

    /// Sends the answer and puts TLS in place before another byte can be read.
    private func startTLS(after answer: String) async throws {
        guard let tls else { return }
        let channel = client.channel
        try await channel.eventLoop.submit {
            let pipeline = channel.pipeline.syncOperations
            pipeline.writeAndFlush(NIOAny(ByteBuffer(string: answer)), promise: nil)
            try pipeline.addHandler(NIOSSLServerHandler(context: tls), position: .first)
        }.get()
    }
}
