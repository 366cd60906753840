import NIOCore
import Synchronization

/// Ends a connection on which an answer is awaited and no byte has come for too long.
///
/// It lives in the event loop, so that waiting costs the reader no timer of its own. Time in which nothing is awaited,
/// as while the reader stores a message, does not count.
final class IMAPWatchdog: Sendable {
    /// Uptime in nanoseconds since when the reader waits; 0 while it does not.
    private let waitingSince = Atomic<UInt64>(0)

    var waitingDeadline: NIODeadline? {
        let since = waitingSince.load(ordering: .relaxed)
        return since == 0 ? nil : NIODeadline.uptimeNanoseconds(since)
    }

    func startWaiting() {
        waitingSince.store(max(1, NIODeadline.now().uptimeNanoseconds), ordering: .relaxed)
    }

    func stopWaiting() {
        waitingSince.store(0, ordering: .relaxed)
    }
}

/// The watchdog's place in the pipeline, next to the socket, where every byte passes.
final class IMAPWatchdogHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let watchdog: IMAPWatchdog
    private let timeout: TimeAmount
    private var lastByte = NIODeadline.now()
    private var check: Scheduled<Void>?

    init(watchdog: IMAPWatchdog, timeout: TimeAmount) {
        self.watchdog = watchdog
        self.timeout = timeout
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

    private var checkInterval: TimeAmount { .nanoseconds(max(1_000_000, timeout.nanoseconds / 4)) }

    private func scheduleCheck(in delay: TimeAmount, context: ChannelHandlerContext) {
        check = context.eventLoop.assumeIsolated().scheduleTask(in: delay) {
            let now = NIODeadline.now()
            guard let since = self.watchdog.waitingDeadline else {
                self.scheduleCheck(in: self.checkInterval, context: context)
                return
            }
            let end = max(since, self.lastByte) + self.timeout
            if end > now {
                self.scheduleCheck(in: min(end - now, self.checkInterval), context: context)
            } else {
                context.fireErrorCaught(IMAPError(.timeout, "the server did not answer in time"))
                context.channel.close(mode: .all, promise: nil)
            }
        }
    }
}
