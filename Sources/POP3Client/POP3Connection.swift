import MailConnection
import NIOCore

/// A signed-in connection that reads mail and changes nothing.
///
/// It belongs to one task. Its commands follow one another: what is handed a message while it is on its way cannot ask
/// for something else meanwhile. An error that leaves an answer half read makes the connection unusable.
package final class POP3Connection {
    /// What the server offers (RFC 2449).
    package internal(set) var capabilities = POP3Capabilities()

    let limits: POP3Limits
    /// The message that is being handed over.
    var message = MessageInTransit()

    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private let watchdog: Watchdog
    private var patience: Patience
    private var decoder: POP3AnswerDecoder
    private var buffer = ByteBuffer()
    /// Whether a command can be sent: none is under way, and none ended in the middle of its answer.
    package private(set) var isIdle = true

    init(
        inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        watchdog: Watchdog,
        configuration: POP3Configuration
    ) {
        self.inbound = inbound.makeAsyncIterator()
        self.outbound = outbound
        self.watchdog = watchdog
        limits = configuration.limits
        patience = Patience(configuration.endpoint, messages: configuration.limits.messages)
        decoder = POP3AnswerDecoder(limits: configuration.limits)
    }

    /// Runs a conversation alone; if it fails in the middle the connection stays unusable.
    nonisolated(nonsending) func converse<Result>(
        _ conversation: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        guard isIdle else {
            throw POP3Error(.connection(.invalidArgument), "the connection is in the middle of an answer")
        }
        isIdle = false
        let result = try await conversation()
        isIdle = true
        return result
    }

    /// Reads the first line of the next answer.
    nonisolated(nonsending) func nextStatus(_ form: POP3AnswerDecoder.Form) async throws -> POP3Status {
        decoder.begin(form)
        patience.begin()
        guard case .status(let status) = try await nextFragment() else {
            throw POP3Error(.invalidResponse, "an answer has no status")
        }
        return status
    }

    /// The next piece of the answer; nil at its end.
    nonisolated(nonsending) func nextPiece() async throws -> POP3Fragment? {
        guard !decoder.isEnded else { return nil }
        let fragment = try await nextFragment()
        return fragment == .end ? nil : fragment
    }

    private nonisolated(nonsending) func nextFragment() async throws -> POP3Fragment {
        while true {
            if let fragment = try decoder.decode(&buffer) {
                if case .bytes(let bytes) = fragment {
                    patience.note(mailBytes: bytes.readableBytes)
                } else {
                    do { try patience.noteFragment() } catch { throw POP3Error.wrapping(error) }
                }
                return fragment
            }
            var received = try await receive()
            if buffer.readableBytes == 0 {
                buffer = received
            } else {
                buffer.discardReadBytes()
                buffer.writeBuffer(&received)
            }
        }
    }

    /// Refuses bytes that nobody asked for: what was asked next would be taken to be answered by them.
    func requireSilence() throws {
        guard buffer.readableBytes == 0 else {
            throw POP3Error(.invalidResponse, "the server sends what nobody asked for")
        }
    }

    /// Sends commands; if the server is gone, throws why.
    nonisolated(nonsending) func send(_ commands: some Collection<POP3Command>) async throws {
        var bytes = ByteBuffer()
        for command in commands { command.write(to: &bytes) }
        do {
            let line = bytes
            try await waiting { try await outbound.write(line) }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // Why is told by what came last: TLS may have failed, or the server said why it goes.
            while true { _ = try await receive() }
        }
    }

    private nonisolated(nonsending) func receive() async throws -> ByteBuffer {
        do {
            guard let received = try await waiting({ try await inbound.next(isolation: #isolation) }) else {
                try Task.checkCancellation()
                throw POP3Error(.connection(.connectionClosed), "the server closed the connection")
            }
            return received
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw POP3Error.wrapping(error)
        }
    }

    /// Waits for the server under the watchdog's eyes.
    private nonisolated(nonsending) func waiting<Result>(
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        let since = NIODeadline.now()
        watchdog.startWaiting(atMost: try patience.left())
        defer {
            watchdog.stopWaiting()
            patience.note(waited: NIODeadline.now() - since)
        }
        return try await body()
    }
}

@available(*, unavailable)
extension POP3Connection: Sendable {}
