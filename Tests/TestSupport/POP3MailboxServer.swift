import NIOCore
import Synchronization

/// A fake POP3 server with a mailbox and habits of its own, which notes what it is asked.
package final class POP3MailboxServer: Sendable {
    /// What the server can do, and how it errs.
    package struct Habits: Sendable {
        package var capabilities: [String]? = ["USER", "UIDL", "TOP", "PIPELINING"]
        package var hasUIDL = true
        package var hasTOP = true
        /// Messages, by number, that are listed and refused.
        package var refuses: Set<Int> = []
        /// Messages, by number, that cannot be read for now.
        package var busy: Set<Int> = []
        /// Whether somebody else has the mailbox open.
        package var isInUse = false

        package init() {}
    }

    package struct Mail: Sendable {
        package var bytes: [UInt8]
        package var uniqueID: String

        package init(_ text: String, _ uniqueID: String) {
            bytes = Array(text.utf8)
            self.uniqueID = uniqueID
        }
    }

    package let port: Int
    private let state: Mutex<(mails: [Mail], habits: Habits, received: [String], bytes: Int)>

    fileprivate init(port: Int, _ mails: [Mail], _ habits: Habits) {
        self.port = port
        state = Mutex((mails, habits, [], 0))
    }

    /// What lies in the mailbox; a session that has begun goes on with what it saw.
    package var mails: [Mail] {
        get { state.withLock { $0.mails } }
        set { state.withLock { $0.mails = newValue } }
    }

    package var habits: Habits {
        get { state.withLock { $0.habits } }
        set { state.withLock { $0.habits = newValue } }
    }

    /// The commands since this was asked last, without what is secret.
    package func takeCommands() -> [String] {
        state.withLock { state in
            defer { state.received = [] }
            return state.received
        }
    }

    fileprivate func talk(with client: FakeConversation) async throws {
        let (mails, habits) = state.withLock { ($0.mails, $0.habits) }
        try await client.say(ByteBuffer(string: "+OK ready\r\n"))
        while let line = try await client.nextLine() {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            let name = words.first?.uppercased() ?? ""
            state.withLock { $0.received.append(words.prefix(name == "PASS" ? 1 : 2).joined(separator: " ")) }
            let answer = Self.answer(name, words.dropFirst().first.flatMap { Int($0) }, mails, habits)
            try await client.say(ByteBuffer(bytes: answer))
            if name == "QUIT" { return }
        }
    }

    private static func answer(_ name: String, _ number: Int?, _ mails: [Mail], _ habits: Habits) -> [UInt8] {
        let mail = number.flatMap { mails.indices.contains($0 - 1) ? mails[$0 - 1] : nil }
        if name == "PASS", habits.isInUse { return Array("-ERR [IN-USE] locked\r\n".utf8) }
        if name == "RETR", let number, habits.busy.contains(number) { return Array("-ERR [SYS/TEMP] later\r\n".utf8) }
        switch name {
        case "CAPA": return habits.capabilities.map { list($0) } ?? Array("-ERR what\r\n".utf8)
        case "USER", "PASS", "QUIT": return Array("+OK\r\n".utf8)
        case "LIST": return list(mails.enumerated().map { "\($0.offset + 1) \($0.element.bytes.count)" })
        case "UIDL" where habits.hasUIDL:
            return list(
                mails.enumerated().filter { !$0.element.uniqueID.isEmpty }
                    .map { "\($0.offset + 1) \($0.element.uniqueID)" }
            )
        case "TOP" where habits.hasTOP && number.map(habits.refuses.contains) == false:
            guard let mail else { break }
            let text = String(decoding: mail.bytes, as: UTF8.self)
            return message(Array((text.components(upTo: "\r\n\r\n") + "\r\n\r\n").utf8))
        case "RETR" where number.map(habits.refuses.contains) == false:
            if let mail { return message(mail.bytes) }
        default: break
        }
        return Array("-ERR no\r\n".utf8)
    }

    private static func list(_ lines: [String]) -> [UInt8] {
        Array((["+OK"] + lines + ["."]).map { $0 + "\r\n" }.joined().utf8)
    }

    private static func message(_ bytes: [UInt8]) -> [UInt8] {
        var output = Array("+OK\r\n".utf8)
        var isLineStart = true
        for (index, byte) in bytes.enumerated() {
            if isLineStart, byte == UInt8(ascii: ".") { output.append(byte) }
            output.append(byte)
            isLineStart = byte == 0x0A && index > 0 && bytes[index - 1] == 0x0D
        }
        return output + Array((isLineStart ? ".\r\n" : "\r\n.\r\n").utf8)
    }
}

extension String {
    fileprivate func components(upTo separator: String) -> String {
        ranges(of: separator).first.map { String(self[..<$0.lowerBound]) } ?? self
    }
}

/// Runs a fake server while `body` runs.
@discardableResult
package func withPOP3Mailbox<Result: Sendable>(
    _ mails: [POP3MailboxServer.Mail],
    _ habits: POP3MailboxServer.Habits = .init(),
    _ body: @escaping @Sendable (POP3MailboxServer) async throws -> Result
) async throws -> Result {
    try await withFakeServer(
        { POP3MailboxServer(port: $0, mails, habits) },
        conversing: { server, client in try await server.talk(with: client) },
        body
    )
}
