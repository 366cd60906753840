import Foundation
import Logging
import MailkeepModel
import MailkeepStore
import NIOCore
import TestSupport
import Testing

@testable import MailkeepSync

/// A mailbox of ten mails on a server that goes wrong at every point of the session in turn.
///
/// Every byte is cut at where the tests are to do all that they can (`TestScale`); otherwise one in
/// ``TornSession/stride``, in such a way that all remainders by it occur.
@Suite("Sessions that are torn", .timeLimit(.minutes(20)))
struct TornSessionTests {
    private typealias Session = TornSession

    @Test("A session cut at any byte shows nothing that is not whole, and the next one completes it")
    func cuts() async throws {
        let length = try await Session.length
        #expect(length.bytes > 3000)
        try await Session.forEach(Session.points(below: length.bytes)) { point in
            try await Session.tear(.cut(after: point))
        }
    }

    @Test("A server that falls silent at any point is given up, and the next session completes what it left")
    func stalls() async throws {
        let length = try await Session.length
        let points = stride(from: 7, to: length.bytes, by: max(1, length.bytes / Session.stalls)).map { $0 }
        try await Session.forEach(points) { try await Session.tear(.stall(after: $0)) }
    }

    @Test("Bytes that do not belong there, before any answer, leave nothing wrong behind", arguments: Nonsense.kinds)
    func nonsense(_ kind: Nonsense) async throws {
        let length = try await Session.length
        #expect(length.answers > 30)
        let points =
            TestScale.isFull ? Array(0..<length.answers) : Array(stride(from: kind.offset, to: length.answers, by: 5))
        try await Session.forEach(points) { point in
            try await Session.tear(.insert(kind.bytes, before: point), hidesAMail: kind.hidesAMail)
        }
    }
}

/// Bytes that a broken or hostile server may send at any point.
struct Nonsense: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    /// Which of the points are tried first.
    let offset: Int
    /// Whether it names a mail of the mailbox in a way that is as good as a true answer.
    let hidesAMail: Bool

    static let kinds: [Nonsense] = {
        let texts: [(String, String, hides: Bool)] = [
            ("blank lines", "\r\n\r\n\n", false),
            ("words", "Hello, this is not IMAP\r\n", false),
            ("a proxy's page", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", false),
            ("zeros", String(repeating: "\0", count: 100) + "\r\n", false),
            ("half a list", "* LIST (\\Noselect\r\n", false),
            ("a tag from nowhere", "Z99 OK done\r\n", false),
            ("a continuation", "+ go on\r\n", false),
            ("a farewell", "* BYE for now\r\n", false),
            ("an alert", "* OK [ALERT] {4}\r\n* NO [WEIRD \"] text\r\n", false),
            ("a broken FETCH", "* 3 FETCH (UID 3 FLAGS (\\Seen\r\n", false),
            ("a FETCH without end", "* 3 FETCH (ENVELOPE (\"a\" \"b\r\n", false),
            ("four gigabytes", "* 3 FETCH (UID 3 BODY[] {4294967295}\r\n", false),
            ("more bytes than there are numbers", "* 3 FETCH (UID 3 BODY[] {99999999999999999999}\r\n", false),
            ("a literal that takes in what follows", "* 3 FETCH (UID 3 FLAGS {30}\r\n", true),
            ("all identifiers", "* ESEARCH UID ALL 1:4294967295\r\n* SEARCH 4294967295\r\n", false),
            ("no mails", "* 0 EXISTS\r\n", true),
            ("everything gone", "* VANISHED (EARLIER) 1:4294967295\r\n* 1 EXPUNGE\r\n", false),
        ]
        return texts.enumerated().map { index, text in
            Nonsense(testDescription: text.0, bytes: Array(text.1.utf8), offset: index % 5, hidesAMail: text.hides)
        }
    }()
}

/// One synchronisation with a server that goes wrong, and one with the same server in order.
enum TornSession {
    static let stride = 37
    static let stalls = TestScale.isFull ? 400 : 24

    /// Ten mails of the customer's, of which two hold lines that look like IMAP.
    static let mails: [UInt32: [UInt8]] = {
        var mails: [UInt32: [UInt8]] = [:]
        for number in 1...10 {
            var body = "Mail \(number)\r\n" + String(repeating: "line \(number)\r\n", count: number)
            if number == 4 { body += ")\r\nA5 OK done\r\n* 9 FETCH (UID 9 BODY[] {3}\r\nxyz)\r\n" }
            if number == 9 { body += "\u{0}\u{FFFD} no end of line {12}" }
            mails[UInt32(number)] = Array(SyncWorkplace.mail("\(number)", body: body).utf8)
        }
        return mails
    }()

    /// The points of a session of so many bytes.
    static func points(below length: Int) -> [Int] {
        guard !TestScale.isFull else { return Array(0..<length) }
        return (0...).lazy.map { $0 * stride + $0 % stride }.prefix { $0 < length }.map { $0 }
    }

    /// How long a session is in which nothing goes wrong.
    static var length: (bytes: Int, answers: Int) {
        get async throws {
            let work = try await SyncWorkplace()
            return try await withServer { server in
                try await work.synchronise(source(port: server.port))
                try await expectAll(of: work, "whole")
                return (server.longestBytes, server.mostAnswers)
            }
        }
    }

    /// Some at a time, as most of the time is spent waiting for the disk.
    static func forEach(_ points: [Int], _ body: @escaping @Sendable (Int) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, point) in points.enumerated() {
                if index >= 6 { try await group.next() }
                group.addTask { try await body(point) }
            }
            try await group.waitForAll()
        }
    }

    static func tear(_ fault: MailboxIMAPServer.Fault, hidesAMail: Bool = false) async throws {
        let work = try await SyncWorkplace()
        try await withServer { server in
            server.fail(fault)
            do {
                let torn = source(port: server.port, responseTimeout: .milliseconds(150))
                let report = try await work.synchronise(torn)
                // A run that passes as a success has everything, or counts what it could not read, unless the server said
                // that there was nothing.
                if report.isComplete, !hidesAMail {
                    let counts = try await work.counts() ?? FolderCounts(name: "INBOX")
                    #expect(counts.considered == 10 && counts.stored + counts.unreadable == 10, "\(fault)")
                }
            } catch is SyncFailure {
                #expect(try await work.coveredUntil == nil, "\(fault)")
            }
            let known = Set(mails.values)
            let stored = try await work.storedMails
            #expect(stored.allSatisfy(known.contains), "\(fault)")
            #expect(Set(stored).count == stored.count, "\(fault)")

            server.fail(nil)
            let report = try await work.synchronise(source(port: server.port))
            #expect(report.isComplete, "\(fault)")
            try await expectAll(of: work, "\(fault)")
            let again = try await work.synchronise(source(port: server.port))
            #expect(again.progress.considered == 0 && again.progress.stored == 0, "\(fault)")
        }
    }

    private static func expectAll(of work: SyncWorkplace, _ when: String) async throws {
        var expected = FolderCounts(name: "INBOX")
        (expected.considered, expected.associated, expected.stored) = (10, 10, 10)
        #expect(try await work.counts() == expected, "\(when)")
        let stored = try await work.storedMails
        #expect(stored.count == 10 && Set(stored) == Set(mails.values), "\(when)")
    }

    private static func withServer<Result: Sendable>(
        _ body: @escaping @Sendable (MailboxIMAPServer) async throws -> Result
    ) async throws -> Result {
        try await withMailboxIMAPServer([MailboxIMAPServer.Folder(name: "INBOX", mails: mails)], body)
    }

    /// - Parameter responseTimeout: short where the server goes wrong, as some faults end in silence.
    static func source(port: Int, responseTimeout: TimeAmount = .seconds(20)) -> IMAPSource {
        IMAPSource(
            server: MailServer(host: "127.0.0.1", port: port, security: .none),
            credentials: MailCredentials(username: "alice", password: "secret"),
            policy: NetworkPolicy(allowed: [Network("127.0.0.0/8")].compactMap(\.self)),
            logger: Logger(label: "test"),
            responseTimeout: responseTimeout
        )
    }
}
