import IMAPCore
import NIOCore

/// Hands over all that one read brought in one piece: passing fragments between threads one by one would cost more
/// than decoding them, and back-pressure counted in reads follows the bytes held.
final class IMAPFragmentBatcher: ChannelInboundHandler {
    typealias InboundIn = IMAPFragment
    typealias InboundOut = [IMAPFragment]

    private var batch: [IMAPFragment] = []

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        batch.append(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        flush(context)
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        flush(context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        flush(context)
        context.fireErrorCaught(error)
    }

    private func flush(_ context: ChannelHandlerContext) {
        guard !batch.isEmpty else { return }
        context.fireChannelRead(wrapInboundOut(batch))
        batch = []
    }
}
