import NIOCore
import Synchronization

/// An IMAP server in memory that takes mail, and goes wrong with it as it is told to.
package final class AppendIMAPServer: Sendable {
    package struct Mail: Sendable, Equatable {
        package var uid: UInt32
        package var bytes: [UInt8]
        /// What stood between the mailbox's name and the literal.
        package var head: String
    }

    package enum Fault: Sendable {
        /// Answers mails with these words in them, whose command has more than one only as a whole.
        case refuse(String, answer: String)
        /// Refuses announced mails of at least so many bytes before they are sent.
        case refuseLarge(Int, answer: String)
        /// Takes so many mails, and no further one.
        case full(after: Int, answer: String)
        /// Ends the connection instead of the answer, once so many mails were taken; it happens once.
        case closeOnce(after: Int)
        /// Ends the connection at mails with these words.
        case closeAt(String)
        /// Says nothing more to mails with these words.
        case stallAt(String)
        /// Takes mails with these words, and keeps them not.
        case lie(String)
        /// Puts a field before each mail and writes line ends as CRLF.
        case rewrite
        /// Makes something else of every mail's body.
        case mangle
        /// Knows no folder that was not made, though it lists it.
        case forget(String)
    }

    package let port: Int
    let capabilities: String
    let delimiter: String
    let prefix: String
    private let state: Mutex<State>

    private struct State: Sendable {
        var folders: [String: [Mail]]
        var faults: [Fault] = []
        var log: [String] = []
        var taken = 0
        var hasClosed = false
    }

    fileprivate init(port: Int, capabilities: String, delimiter: String, prefix: String, folders: [String: [[UInt8]]]) {
        self.port = port
        self.capabilities = capabilities
        self.delimiter = delimiter
        self.prefix = prefix
        let mails = folders.mapValues { mails in
            mails.enumerated().map { Mail(uid: UInt32($0 + 1), bytes: $1, head: "") }
        }
        state = Mutex(State(folders: mails))
    }

    /// What goes wrong from now on.
    package func fail(_ faults: [Fault]) { state.withLock { ($0.faults, $0.hasClosed) = (faults, false) } }

    package var folders: [String: [Mail]] { state.withLock(\.folders) }
    /// The lines that came, without mails.
    package var received: [String] { state.withLock(\.log) }

    fileprivate var faults: [Fault] { state.withLock(\.faults) }
    fileprivate func note(_ line: String) { state.withLock { $0.log.append(line) } }

    fileprivate func create(_ name: String) -> Bool {
        state.withLock { state in
            state.faults.removeAll { if case .forget(name) = $0 { true } else { false } }
            guard state.folders[name] == nil else { return false }
            state.folders[name] = []
            return true
        }
    }

    enum Verdict {
        case taken([UInt32])
        case answered(String)
        case closed
        case stalled
    }

    fileprivate func take(_ mails: [(head: String, bytes: [UInt8])], into folder: String) -> Verdict {
        state.withLock { state in
            guard state.folders[folder] != nil else { return .answered("NO [TRYCREATE] no such mailbox") }
            var kept = mails
            for fault in state.faults {
                func has(_ words: String) -> Bool { mails.contains { text($0.bytes).contains(words) } }
                switch fault {
                case .refuse(let words, let answer) where has(words): return .answered(answer)
                case .full(let limit, let answer) where state.taken + mails.count > limit: return .answered(answer)
                case .closeAt(let words) where has(words): return .closed
                case .stallAt(let words) where has(words): return .stalled
                case .forget(folder): return .answered("NO [TRYCREATE] no such mailbox")
                case .lie(let words): kept.removeAll { text($0.bytes).contains(words) }
                case .rewrite: kept = kept.map { ($0.head, Array("X-Kept: yes\r\n".utf8) + Self.canonical($0.bytes)) }
                case .mangle: kept = kept.map { ($0.head, $0.bytes + Array("mangled".utf8)) }
                default: break
                }
            }
            var uids: [UInt32] = []
            for mail in mails {
                let uid = (state.folders[folder]?.last?.uid ?? 0) + 1
                uids.append(uid)
                guard let own = kept.first, kept.count == mails.count || own.bytes == mail.bytes else { continue }
                kept.removeFirst()
                state.folders[folder]?.append(Mail(uid: uid, bytes: own.bytes, head: own.head))
            }
            state.taken += mails.count
            for case .closeOnce(let count) in state.faults where state.taken >= count && !state.hasClosed {
                state.hasClosed = true
                return .closed
            }
            return .taken(uids)
        }
    }

    private static func canonical(_ bytes: [UInt8]) -> [UInt8] {
        var lines: [UInt8] = []
        for byte in bytes {
            if byte == 10, lines.last != 13 { lines.append(13) }
            lines.append(byte)
        }
        return lines
    }
}

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// Runs such a server while `body` runs.
@discardableResult
package func withAppendIMAPServer<Result: Sendable>(
    capabilities: String = "UIDPLUS MULTIAPPEND LITERAL+",
    delimiter: String = "/",
    prefix: String = "",
    _ folders: [String: [[UInt8]]] = ["INBOX": []],
    _ body: @escaping @Sendable (AppendIMAPServer) async throws -> Result
) async throws -> Result {
    try await withFakeServer(
        {
            AppendIMAPServer(
                port: $0,
                capabilities: "IMAP4rev1 SASL-IR AUTH=PLAIN NAMESPACE \(capabilities)",
                delimiter: delimiter,
                prefix: prefix,
                folders: folders
            )
        },
        conversing: { server, client in
            var session = AppendIMAPSession(server: server, client: client)
            try await session.serve()
        },
        body
    )
}

private struct AppendIMAPSession {
    let server: AppendIMAPServer
    let client: FakeConversation
    private var open: [AppendIMAPServer.Mail]?

    init(server: AppendIMAPServer, client: FakeConversation) {
        (self.server, self.client) = (server, client)
    }

    private func say(_ text: String) async throws { try await client.say(ByteBuffer(string: text)) }

    mutating func serve() async throws {
        try await say("* OK [CAPABILITY \(server.capabilities)] ready\r\n")
        while let line = try await client.nextLine() {
            server.note(line)
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            guard words.count == 2 else { return }
            if words[1].hasPrefix("APPEND ") {
                guard try await append(words[0], String(words[1].dropFirst(7))) else { return }
                continue
            }
            let command = MailboxIMAPCommand(words[1])
            let names = server.folders
            var outcome = "OK done"
            switch command.name {
            case "CREATE": outcome = server.create(command.mailbox) ? outcome : "NO [ALREADYEXISTS] it is there"
            case "CAPABILITY": try await say("* CAPABILITY \(server.capabilities)\r\n")
            case "NAMESPACE":
                try await say("* NAMESPACE ((\"\(server.prefix)\" \"\(server.delimiter)\")) NIL NIL\r\n")
            case "LIST":
                for name in names.keys.sorted() { try await say("* LIST () \"\(server.delimiter)\" \"\(name)\"\r\n") }
            case "EXAMINE":
                open = names[command.mailbox]
                guard let open else {
                    outcome = "NO [NONEXISTENT] no such mailbox"
                    break
                }
                let next = (open.last?.uid ?? 0) + 1
                try await say("* \(open.count) EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT \(next)] n\r\n")
            case "UID FETCH", "UID SEARCH":
                let mails = Dictionary((open ?? []).map { ($0.uid, $0.bytes) }, uniquingKeysWith: { $1 })
                var folder: MailboxIMAPServer.Folder? = .init(name: "", mails: mails)
                let responder = MailboxIMAPResponder(capabilities: "", folders: [])
                for answer in responder.answers(to: command, in: &folder) {
                    try await client.say(ByteBuffer(bytes: answer))
                }
            case "LOGOUT": try await say("* BYE\r\n")
            default: break
            }
            try await say("\(words[0]) \(outcome)\r\n")
            if command.name == "LOGOUT" { return }
        }
    }

    /// - Returns: whether the connection goes on.
    private func append(_ tag: String, _ arguments: String) async throws -> Bool {
        var rest = arguments
        let folder = MailboxIMAPCommand("APPEND \(rest)").mailbox
        rest = String(rest.dropFirst(folder.utf8.count + 2))
        var mails: [(head: String, bytes: [UInt8])] = []
        while let brace = rest.lastIndex(of: "{") {
            let number = rest[rest.index(after: brace)...]
            let size = Int(number.prefix { $0.isNumber }) ?? 0
            if !number.contains("+") {
                for case .refuseLarge(let limit, let answer) in server.faults where size >= limit {
                    try await say("\(tag) \(answer)\r\n")
                    return true
                }
                try await say("+ go on\r\n")
            }
            guard let bytes = try await client.nextBytes(count: size), let line = try await client.nextLine() else {
                return false
            }
            mails.append((rest[..<brace].trimmingPrefix(" ").description, Array(bytes.readableBytesView)))
            rest = line
        }
        switch server.take(mails, into: folder) {
        case .taken(let uids):
            let set = uids.map(String.init).joined(separator: ",")
            let code = server.capabilities.contains("UIDPLUS") ? "[APPENDUID 7 \(set)] " : ""
            try await say("\(tag) OK \(code)taken\r\n")
            return true
        case .answered(let answer):
            try await say("\(tag) \(answer)\r\n")
            return true
        case .closed: return false
        case .stalled:
            while try await client.nextLine() != nil {}
            return false
        }
    }
}
