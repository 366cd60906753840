package import NIOCore
import Synchronization

/// Ends a connection on which an answer is awaited and no byte has come for too long, or the answer itself has not.
///
/// It lives in the event loop, so that waiting costs the reader no timer of its own. Time in which nothing is awaited,
/// as while the reader stores a message, does not count.
package final class Watchdog: Sendable {
    /// Uptime in nanoseconds since when the reader waits; 0 while it does not.
    private let waitingSince = Atomic<UInt64>(0)
    /// Until when it waits, whatever comes.
    private let waitingUntil = Atomic<UInt64>(0)

    var waiting: (since: NIODeadline, until: NIODeadline)? {
        let since = waitingSince.load(ordering: .acquiring)
        guard since != 0 else { return nil }
        return (.uptimeNanoseconds(since), .uptimeNanoseconds(waitingUntil.load(ordering: .relaxed)))
    }

    package init() {}

    /// An answer is awaited from now on, for so long in all.
    package func startWaiting(atMost limit: TimeAmount) {
        let now = NIODeadline.now()
        waitingUntil.store((now + limit).uptimeNanoseconds, ordering: .relaxed)
        waitingSince.store(max(1, now.uptimeNanoseconds), ordering: .releasing)
    }

    /// Nothing is awaited any more.
    package func stopWaiting() {
        waitingSince.store(0, ordering: .releasing)
    }

    /// Waits for what the connection has to do before the first command; cancelled, it ends the connection.
    package nonisolated(nonsending) func wait(
        for ready: EventLoopFuture<Void>,
        on channel: any Channel,
        atMost limit: TimeAmount
    ) async throws {
        startWaiting(atMost: limit)
        defer { stopWaiting() }
        try await withTaskCancellationHandler {
            try await ready.get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }
}

/// The watchdog's place in the pipeline, next to the socket, where every byte passes.
package final class WatchdogHandler: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer

    private let watchdog: Watchdog
    private let timeout: TimeAmount
    private let checkInterval: TimeAmount
    private var lastByte = NIODeadline.now()
    private var check: Scheduled<Void>?

    package init(watchdog: Watchdog, endpoint: MailEndpoint) {
        self.watchdog = watchdog
        timeout = endpoint.responseTimeout
        let shortest = min(endpoint.responseTimeout, endpoint.commandTimeout)
        checkInterval = max(.nanoseconds(shortest.nanoseconds / 4), .milliseconds(1))
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        scheduleCheck(in: checkInterval, context: context)
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        check?.cancel()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastByte = .now()
        context.fireChannelRead(data)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        check?.cancel()
        context.fireChannelInactive()
    }

    private func scheduleCheck(in delay: TimeAmount, context: ChannelHandlerContext) {
        check = context.eventLoop.assumeIsolated().scheduleTask(in: delay) {
            let now = NIODeadline.now()
            guard let waiting = self.watchdog.waiting else {
                self.scheduleCheck(in: self.checkInterval, context: context)
                return
            }
            let end = min(max(waiting.since, self.lastByte) + self.timeout, waiting.until)
            if end > now {
                self.scheduleCheck(in: min(end - now, self.checkInterval), context: context)
            } else {
                context.fireErrorCaught(ConnectionError(.timeout, "the server did not answer in time"))
                context.channel.close(mode: .all, promise: nil)
            }
        }
    }
}
