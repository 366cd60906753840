import IMAPCore
import MailConnection
package import NIOCore
import Synchronization

extension IMAPConnection {
    /// Waits for new messages in the open mailbox (RFC 9051, 6.3.13).
    ///
    /// The server may be silent meanwhile; when the time is over it has to answer.
    ///
    /// - Parameter limit: servers sign out who is silent for half an hour, and devices on the way forget a connection
    ///   sooner.
    /// - Returns: whether there is a new message; false where the time is over.
    package nonisolated(nonsending) func idle(atMost limit: TimeAmount) async throws -> Bool {
        try requireMailbox()
        guard offers("IDLE") else { throw IMAPError(.invalidArgument, "the server does not tell news") }
        // Messages that go lower it, so that one that comes after them counts.
        var known = messageCount ?? 0
        let tag = nextTag()
        let parts = try encode(.idle, tag: tag)
        defer { isSilenceAllowed = false }
        return try await converse {
            for part in parts { try await send(part) }
            if let status = try await awaitContinuation(of: tag) { throw IMAPError(refusing: .idle, status) }
            let end = IdleEnd(channel: channel, watchdog: watchdog, patience: responseTimeout)
            let timer = channel.eventLoop.scheduleTask(in: limit) { end.say() }
            defer { timer.cancel() }
            isSilenceAllowed = true
            // What the server told before it agreed is news as well.
            var isNew = (messageCount ?? 0) > known
            if isNew { end.say() }
            known = messageCount ?? 0
            while true {
                switch try await nextFragment() {
                case .response(.exists(let count)):
                    if count > known {
                        isNew = true
                        end.say()
                    }
                    known = count
                case .response(.other(name: "EXPUNGE")), .response(.vanished(_, isEarlier: false)):
                    known = messageCount ?? 0
                case .response(.tagged(tag, let status)):
                    watchdog.stopWaiting()
                    guard status.condition == .ok else { throw IMAPError(refusing: .idle, status) }
                    return isNew
                default: continue
                }
            }
        }
    }
}

/// The line that ends `IDLE`, which is said once.
private final class IdleEnd: Sendable {
    private let channel: any Channel
    private let watchdog: Watchdog
    private let patience: TimeAmount
    private let isSaid = Atomic(false)

    init(channel: any Channel, watchdog: Watchdog, patience: TimeAmount) {
        (self.channel, self.watchdog, self.patience) = (channel, watchdog, patience)
    }

    /// From here on the server has to answer.
    func say() {
        guard !isSaid.exchange(true, ordering: .relaxed) else { return }
        watchdog.startWaiting(atMost: patience)
        channel.writeAndFlush(ByteBuffer(string: "DONE\r\n"), promise: nil)
    }
}
