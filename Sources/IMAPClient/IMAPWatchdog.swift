import NIOCore
import Synchronization

/// Ends a connection on which an answer is awaited and no byte has come for too long, or the answer itself has not.
///
/// It lives in the event loop, so that waiting costs the reader no timer of its own. Time in which nothing is awaited,
/// as while the reader stores a message, does not count.
final class IMAPWatchdog: Sendable {
    /// Uptime in nanoseconds since when the reader waits; 0 while it does not.
    private let waitingSince = Atomic<UInt64>(0)
    /// Until when it waits, whatever comes.
    private let waitingUntil = Atomic<UInt64>(0)

    var waiting: (since: NIODeadline, until: NIODeadline)? {
        let since = waitingSince.load(ordering: .acquiring)
        guard since != 0 else { return nil }
        return (.uptimeNanoseconds(since), .uptimeNanoseconds(waitingUntil.load(ordering: .relaxed)))
    }

    func startWaiting(atMost limit: TimeAmount) {
        let now = NIODeadline.now()
        waitingUntil.store((now + limit).uptimeNanoseconds, ordering: .relaxed)
        waitingSince.store(max(1, now.uptimeNanoseconds), ordering: .releasing)
    }

    func stopWaiting() {
        waitingSince.store(0, ordering: .releasing)
    }
}

/// The watchdog's place in the pipeline, next to the socket, where every byte passes.
final class IMAPWatchdogHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let watchdog: IMAPWatchdog
    private let timeout: TimeAmount
    private let checkInterval: TimeAmount
    private var lastByte = NIODeadline.now()
    private var check: Scheduled<Void>?

    init(watchdog: IMAPWatchdog, timeout: TimeAmount, checkInterval: TimeAmount) {
        self.watchdog = watchdog
        self.timeout = timeout
        self.checkInterval = max(checkInterval, .milliseconds(1))
    }

    func handlerAdded(context: ChannelHandlerContext) {
        scheduleCheck(in: checkInterval, context: context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        check?.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastByte = .now()
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
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
                context.fireErrorCaught(IMAPError(.timeout, "the server did not answer in time"))
                context.channel.close(mode: .all, promise: nil)
            }
        }
    }
}
