import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTesting
import MailkeepModel
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import MailkeepApp
@testable import MailkeepWeb

@Suite("Downloads")
struct DownloadTests {
    private struct Gone: Error {}

    /// The other end of a connection, which goes away after some pieces.
    private struct FailingWriter: ResponseBodyWriter {
        var remaining: Int

        mutating func write(_ buffer: ByteBuffer) async throws {
            guard remaining > 0 else { throw Gone() }
            remaining -= 1
            await Task.yield()
        }

        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }

    private final class Producer: Sendable {
        private let written = Atomic(0)
        private let hasEnded = Atomic(false)

        var count: Int { written.load(ordering: .relaxed) }
        var isDone: Bool { hasEnded.load(ordering: .relaxed) }

        func response(pieces: Int = .max) -> Response {
            Response(download: "x", type: "text/plain") { [self] write in
                defer { hasEnded.store(true, ordering: .relaxed) }
                for _ in 0..<pieces {
                    try await write(Data(repeating: 1, count: 1000))
                    written.add(1, ordering: .relaxed)
                }
            }
        }
    }

    @Test("One whose client goes away ends what makes it", .timeLimit(.minutes(10)), arguments: [0, 1, 2, 3, 5, 17])
    func aborted(after pieces: Int) async throws {
        for _ in 0..<100 {
            let producer = Producer()
            await #expect(throws: Gone.self) {
                try await producer.response().body.write(FailingWriter(remaining: pieces))
            }
            #expect(producer.isDone)
            // It is not made far ahead of who takes it.
            #expect(producer.count < pieces + 20)
        }
    }

    @Test("One that fails is cut off and not ended, so that nobody takes it for whole", .timeLimit(.minutes(10)))
    func failing() async throws {
        for pieces in [0, 1, 30] {
            let response = Response(download: "x", type: "text/plain") { write in
                for _ in 0..<pieces { try await write(Data([1])) }
                throw Refusal(.v1)
            }
            await #expect(throws: Refusal(.v1)) { try await response.body.write(FailingWriter(remaining: .max)) }
        }
    }

    @Test("A cancelled request ends what makes the download", .timeLimit(.minutes(10)))
    func cancelled() async throws {
        let producer = Producer()
        let task = Task { try await producer.response().body.write(FailingWriter(remaining: .max)) }
        while producer.count < 10 { await Task.yield() }
        task.cancel()
        _ = await task.result
        #expect(producer.isDone)
    }

    @Test("It comes whole, with its length", .timeLimit(.minutes(10)))
    func whole() async throws {
        let firm = try await Firm()
        let text = String(repeating: "0123456789 ", count: 200_000)
        try await firm.readMail(of: firm.hana, .all, [Mails.plain(from: 1) + text])
        let session = try await firm.session(of: firm.hana)
        let message = try await firm.messages(of: firm.hana)[0]
        try await firm.serve(.live) { client in
            var browser = Browser(client, session)
            let answer = try await browser.get("/mail/\(message)/raw")
            #expect(answer.headers[.contentLength] == "\(answer.bytes.count)")
            #expect(answer.bytes.count > text.utf8.count && answer.text.contains(text))
        }
    }

    @Test("A browser that goes away in the midst of a download takes nothing with it", .timeLimit(.minutes(10)))
    func live() async throws {
        let firm = try await Firm()
        let text = String(repeating: "0123456789 ", count: 700_000)
        try await firm.readMail(of: firm.hana, .all, [Mails.plain(from: 1) + text])
        let session = try await firm.session(of: firm.hana)
        let message = try await firm.messages(of: firm.hana)[0]
        // The server ends when all that it works on has ended.
        try await firm.serve(.live) { client in
            let port = try #require(client.port)
            for _ in 0..<3 {
                let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                    .connectTimeout(.seconds(60))
                    // It reads nothing, so that most of the mail is still to come when it goes.
                    .channelOption(.autoRead, value: false)
                    .connect(host: "localhost", port: port).get()
                let request = """
                    GET /mail/\(message)/raw HTTP/1.1\r\nHost: localhost\r\nCookie: mailkeep=\(session.text)\r\n\r\n
                    """
                try await channel.writeAndFlush(ByteBuffer(string: request)).get()
                try await Task.sleep(for: .milliseconds(200))
                try await channel.close().get()
            }
            var browser = Browser(client, session)
            #expect(try await browser.get("/mail/\(message)").status == 200)
        }
    }
}
