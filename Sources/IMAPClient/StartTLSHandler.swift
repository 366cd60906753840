import IMAPCore
import NIOCore
import NIOSSL

/// Speaks plain text up to the answer to `STARTTLS`, then puts TLS in its own place.
///
/// TLS is in the pipeline before another read can happen, and bytes left over from the read that brought the answer
/// end the connection: nothing that came in plain text is ever taken for something that came through TLS.
final class StartTLSHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let makeTLSHandler: () throws -> NIOSSLClientHandler
    private let upgraded: EventLoopPromise<Void>
    private var negotiation = StartTLSNegotiation()
    private var isUpgraded = false
    private var decoder: IMAPResponseDecoder
    private var buffer = ByteBuffer()

    init(
        limits: IMAPLimits,
        upgraded: EventLoopPromise<Void>,
        makeTLSHandler: @escaping () throws -> NIOSSLClientHandler
    ) {
        self.makeTLSHandler = makeTLSHandler
        self.upgraded = upgraded
        self.decoder = IMAPResponseDecoder(limits: limits)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var received = unwrapInboundIn(data)
        buffer.writeBuffer(&received)
        do {
            while let fragment = try decoder.decode(buffer: &buffer) {
                switch try negotiation.receive(fragment) {
                case .wait: break
                case .send(let command, let tag): try send(command, tag: tag, context: context)
                case .upgrade: return try upgrade(context)
                }
            }
            buffer.discardReadBytes()
        } catch {
            fail(error, context: context)
        }
    }

    private func upgrade(_ context: ChannelHandlerContext) throws {
        guard buffer.readableBytes == 0 else {
            throw IMAPError(.plaintextInjected, "bytes followed the answer to STARTTLS in plain text")
        }
        let pipeline = context.pipeline.syncOperations
        try pipeline.addHandler(makeTLSHandler(), position: .before(self))
        isUpgraded = true
        pipeline.removeHandler(context: context, promise: upgraded)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        upgraded.fail(error)
        context.fireErrorCaught(error)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        if !isUpgraded { upgraded.fail(IMAPError(farewell: nil)) }
    }

    private func send(_ command: IMAPCommand, tag: String, context: ChannelHandlerContext) throws {
        for part in try IMAPCommandEncoder().encode(command, tag: tag) {
            context.write(wrapOutboundOut(part), promise: nil)
        }
        context.flush()
    }

    private func fail(_ error: any Error, context: ChannelHandlerContext) {
        upgraded.fail(error)
        context.fireErrorCaught(error)
        context.close(promise: nil)
    }
}
