import IMAPCore
import MailConnection
import NIOCore

/// A signed-in connection that reads mail and changes nothing.
///
/// It belongs to one task. Its commands follow one another: what is handed a message while it is on its way cannot ask
/// for something else meanwhile. An error that leaves an answer half read makes the connection unusable.
package final class IMAPConnection {
    /// What the server offers, in capitals (RFC 9051, 7.2.2).
    package internal(set) var capabilities: Set<String> = []

    /// Whether the last list of mailboxes could be read wholly.
    package internal(set) var hasListedAll = false

    let limits: IMAPLimits
    var encoder = IMAPCommandEncoder()
    /// The messages in the open mailbox; nil while none is open.
    var messageCount: UInt32?
    /// Whether the server tells of opened mailboxes what vanished; nil before it was asked to.
    var isToldVanished: Bool?
    /// The message that is being handed over.
    var body = BodyInTransit()

    private var inbound: NIOAsyncChannelInboundStream<[IMAPFragment]>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    let watchdog: Watchdog
    let channel: any Channel
    let responseTimeout: TimeAmount
    /// Whether the server may be silent for as long as it likes, as while news are waited for.
    var isSilenceAllowed = false
    private var patience: Patience
    private var batch: [IMAPFragment] = []
    private var position = 0
    private var tagCount = 0
    private var farewell: IMAPStatus?
    /// Whether a command can be sent: none is under way, and none ended in the middle of its answer.
    package private(set) var isIdle = true

    init(
        inbound: NIOAsyncChannelInboundStream<[IMAPFragment]>,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        transport: MailTransport<[IMAPFragment]>,
        configuration: IMAPConfiguration
    ) {
        watchdog = transport.watchdog
        channel = transport.channel
        responseTimeout = configuration.responseTimeout
        self.inbound = inbound.makeAsyncIterator()
        self.outbound = outbound
        self.limits = configuration.limits
        self.patience = Patience(configuration.endpoint, messages: configuration.limits.messages)
    }

    /// Runs a conversation alone; if it fails in the middle the connection stays unusable.
    nonisolated(nonsending) func converse<Result>(
        _ conversation: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try requireIdle()
        isIdle = false
        patience.begin()
        let result = try await conversation()
        isIdle = true
        return result
    }

    func requireIdle() throws {
        guard isIdle else {
            throw IMAPError(.invalidArgument, "the connection is in the middle of an answer")
        }
    }

    /// The next piece of what the server sends.
    nonisolated(nonsending) func nextFragment() async throws -> IMAPFragment {
        while position >= batch.count { try await receive() }
        let fragment = batch[position]
        position += 1
        if case .sectionBytes = fragment { return fragment }
        do { try patience.noteFragment() } catch { throw IMAPError.wrapping(error) }
        if case .response(let response) = fragment { note(response) }
        return fragment
    }

    /// Notes bytes of a message that was asked for: for these a command may take its time.
    func noteMail(_ bytes: ByteBuffer) {
        patience.note(mailBytes: bytes.readableBytes)
    }

    /// Sends bytes; if the server is gone, throws why.
    nonisolated(nonsending) func send(_ bytes: ByteBuffer) async throws {
        do {
            try await waiting { try await outbound.write(bytes) }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            while true { _ = try await nextFragment() }
        }
    }

    func nextTag() -> String {
        tagCount &+= 1
        return "A\(tagCount)"
    }

    private nonisolated(nonsending) func receive() async throws {
        do {
            guard let received = try await waiting({ try await inbound.next(isolation: #isolation) }) else {
                try Task.checkCancellation()
                throw IMAPError(farewell: farewell)
            }
            batch = received
            position = 0
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            let failure = IMAPError.wrapping(error)
            throw failure.code == .connectionClosed && farewell != nil ? IMAPError(farewell: farewell) : failure
        }
    }

    /// Waits for the server under the watchdog's eyes.
    private nonisolated(nonsending) func waiting<Result>(
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        guard !isSilenceAllowed else { return try await body() }
        let since = NIODeadline.now()
        watchdog.startWaiting(atMost: try patience.left())
        defer {
            watchdog.stopWaiting()
            patience.note(waited: NIODeadline.now() - since)
        }
        return try await body()
    }

    /// Takes in what a server may say at any time.
    private func note(_ response: IMAPResponse) {
        switch response {
        case .status(let status) where status.condition == .bye: farewell = status
        case .exists(let count) where messageCount != nil: messageCount = count
        case .vanished(let gone, isEarlier: false):
            messageCount = messageCount.map { $0 - UInt32(min(UInt64($0), gone.count)) }
        case .other(name: "EXPUNGE"): messageCount = messageCount.map { $0 - min($0, 1) }
        case .capability(let names): learn(names)
        case .status(let status), .tagged(_, let status):
            if case .capability(let names) = status.code { learn(names) }
        default: break
        }
    }

    func learn(_ names: [String]) {
        capabilities = Set(names)
        let takesLiterals = !capabilities.isDisjoint(with: ["LITERAL+", "LITERAL-", "IMAP4REV2"])
        encoder.literals = takesLiterals ? .nonSynchronizing : .synchronizing
    }
}

@available(*, unavailable)
extension IMAPConnection: Sendable {}
