import NIOCore
import Synchronization

/// A well-behaved IMAP server with mail in memory, which goes wrong at the one point that it is told to.
package final class MailboxIMAPServer: Sendable {
    package struct Folder: Sendable {
        package var name: String
        package var uidValidity: UInt32
        /// The raw mails by their UID.
        package var mails: [UInt32: [UInt8]]

        package init(name: String, uidValidity: UInt32 = 7, mails: [UInt32: [UInt8]]) {
            self.name = name
            self.uidValidity = uidValidity
            self.mails = mails
        }
    }

    /// A command that is answered with a refusal, on connections that are open too.
    package struct Refusal: Sendable {
        /// Words of the command.
        var words: String
        /// The folder that is to be opened, or is open; nil for all and none.
        var folder: String?
        /// A mail that is asked for among others; nil for all and none.
        var uid: UInt32?
        /// Such as `NO [THROTTLED] slow down`.
        var answer: String
    }

    /// What goes wrong, on each connection anew.
    package enum Fault: Sendable, Equatable {
        /// The connection ends after so many bytes.
        case cut(after: Int)
        /// Nothing more comes after so many bytes.
        case stall(after: Int)
        /// Before the answer of this number, counted from 0, come bytes that do not belong there.
        case insert([UInt8], before: Int)
    }

    package let port: Int
    private let state: Mutex<State>

    fileprivate struct State: Sendable {
        var capabilities: String
        var folders: [Folder]
        var fault: Fault?
        var refusals: [Refusal] = []
        var connections = 0
        var longestBytes = 0
        var mostAnswers = 0
    }

    fileprivate init(port: Int, capabilities: String, folders: [Folder]) {
        self.port = port
        self.state = Mutex(State(capabilities: capabilities, folders: folders))
    }

    /// What goes wrong from the next connection on.
    package func fail(_ fault: Fault?) {
        state.withLock { $0.fault = fault }
    }

    /// Refuses a command from now on.
    package func refuse(_ answer: String, _ words: String, in folder: String? = nil, uid: UInt32? = nil) {
        let refusal = Refusal(words: words, folder: folder, uid: uid, answer: answer)
        state.withLock { $0.refusals.append(refusal) }
    }

    /// Refuses nothing any more.
    package func refuseNothing() {
        state.withLock { $0.refusals = [] }
    }

    /// Puts a mail into a folder, from the next connection on.
    package func deliver(_ mail: String, to folder: String = "INBOX") {
        state.withLock { state in
            guard let index = state.folders.firstIndex(where: { $0.name == folder }) else { return }
            state.folders[index].mails[state.folders[index].uidNext] = Array(mail.utf8)
        }
    }

    fileprivate func refusal(of text: String, _ command: MailboxIMAPCommand, _ open: Folder?) -> String? {
        let name = command.name == "EXAMINE" ? command.mailbox : open?.name
        return state.withLock(\.refusals).first { refusal in
            text.contains(refusal.words) && (refusal.folder == nil || refusal.folder == name)
                && (refusal.uid.map { uid in open.map { command.uids(of: $0).contains(uid) } ?? false } ?? true)
        }?.answer
    }

    /// How many connections were accepted so far.
    package var connections: Int { state.withLock(\.connections) }
    /// How many bytes were sent on the connection with most of them.
    package var longestBytes: Int { state.withLock(\.longestBytes) }
    /// How many answers were sent on the connection with most of them.
    package var mostAnswers: Int { state.withLock(\.mostAnswers) }

    fileprivate func begin() -> State {
        state.withLock { state in
            state.connections += 1
            return state
        }
    }

    fileprivate func note(bytes: Int, answers: Int) {
        state.withLock { state in
            state.longestBytes = max(state.longestBytes, bytes)
            state.mostAnswers = max(state.mostAnswers, answers)
        }
    }
}

/// Runs such a server while `body` runs.
@discardableResult
package func withMailboxIMAPServer<Result: Sendable>(
    capabilities: String = "IMAP4rev1 SASL-IR AUTH=PLAIN",
    _ folders: [MailboxIMAPServer.Folder],
    _ body: @escaping @Sendable (MailboxIMAPServer) async throws -> Result
) async throws -> Result {
    try await withFakeServer(
        { MailboxIMAPServer(port: $0, capabilities: capabilities, folders: folders) },
        conversing: { server, client in
            var session = MailboxIMAPSession(server, client)
            try await session.serve()
        },
        body
    )
}

/// One client's connection, up to the point at which it goes wrong.
private struct MailboxIMAPSession {
    private let server: MailboxIMAPServer
    private let state: MailboxIMAPServer.State
    private let client: FakeConversation
    private var folder: MailboxIMAPServer.Folder?
    private var sent = 0
    private var answers = 0

    private struct Cut: Error {}

    init(_ server: MailboxIMAPServer, _ client: FakeConversation) {
        self.server = server
        self.state = server.begin()
        self.client = client
    }

    mutating func serve() async throws {
        try await send("* OK [CAPABILITY \(state.capabilities)] ready\r\n")
        while let line = try await client.nextLine() {
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            guard words.count == 2 else { return try await send("* BAD what\r\n") }
            let command = MailboxIMAPCommand(words[1])
            if let refusal = server.refusal(of: words[1], command, folder) {
                if command.name == "EXAMINE" { folder = nil }
                try await send("\(words[0]) \(refusal)\r\n")
                continue
            }
            let response = MailboxIMAPResponder(capabilities: state.capabilities, folders: state.folders)
            for answer in response.answers(to: command, in: &folder) { try await send(answer) }
            let outcome = response.isKnown(command, folder) ? "OK done" : "BAD what"
            try await send("\(words[0]) \(outcome)\r\n")
            if command.name == "LOGOUT" { return }
        }
    }

    private mutating func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    private mutating func send(_ bytes: [UInt8]) async throws {
        switch state.fault {
        case .insert(let extra, answers): try await put(extra + bytes)
        case .cut(let limit) where sent + bytes.count > limit:
            try await put(Array(bytes.prefix(limit - sent)))
            throw Cut()
        case .stall(let limit) where sent + bytes.count > limit:
            try await put(Array(bytes.prefix(limit - sent)))
            while try await client.nextLine() != nil {}
            throw Cut()
        default: try await put(bytes)
        }
        answers += 1
        server.note(bytes: sent, answers: answers)
    }

    private mutating func put(_ bytes: [UInt8]) async throws {
        try await client.say(ByteBuffer(bytes: bytes))
        sent += bytes.count
    }
}
