package import NIOCore
package import NIOSSL

/// What is said in plain text before TLS takes over.
package protocol UpgradeNegotiation {
    /// Takes the next whole answer out of what came; nil where more has to come first.
    mutating func receive(_ buffer: inout ByteBuffer) throws -> UpgradeAction?
}

/// What follows on an answer that came in plain text.
package enum UpgradeAction: Sendable, Equatable {
    case wait
    case send(ByteBuffer)
    /// The next byte in either direction belongs to TLS.
    case upgrade
}

/// Speaks plain text up to the answer to `STARTTLS` or `STLS`, then puts TLS in its own place.
///
/// TLS is in the pipeline before another read can happen, and bytes left over from the read that brought the answer
/// end the connection: nothing that came in plain text is ever taken for something that came through TLS.
package final class UpgradeHandler<Negotiation: UpgradeNegotiation>: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private let makeTLSHandler: () throws -> NIOSSLClientHandler
    private let upgraded: EventLoopPromise<Void>
    private var negotiation: Negotiation
    private var isUpgraded = false
    private var buffer = ByteBuffer()

    /// - Parameter upgraded: succeeds when TLS is in place.
    package init(
        _ negotiation: Negotiation,
        upgraded: EventLoopPromise<Void>,
        makeTLSHandler: @escaping () throws -> NIOSSLClientHandler
    ) {
        self.negotiation = negotiation
        self.makeTLSHandler = makeTLSHandler
        self.upgraded = upgraded
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var received = unwrapInboundIn(data)
        buffer.writeBuffer(&received)
        do {
            while let action = try negotiation.receive(&buffer) {
                switch action {
                case .wait: break
                case .send(let bytes): context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
                case .upgrade: return try upgrade(context)
                }
            }
            buffer.discardReadBytes()
        } catch {
            upgraded.fail(error)
            context.fireErrorCaught(error)
            context.close(promise: nil)
        }
    }

    private func upgrade(_ context: ChannelHandlerContext) throws {
        guard buffer.readableBytes == 0 else {
            throw ConnectionError(.plaintextInjected, "bytes followed the answer that begins TLS in plain text")
        }
        let pipeline = context.pipeline.syncOperations
        try pipeline.addHandler(makeTLSHandler(), position: .before(self))
        isUpgraded = true
        pipeline.removeHandler(context: context, promise: upgraded)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        upgraded.fail(error)
        context.fireErrorCaught(error)
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        if !isUpgraded { upgraded.fail(ConnectionError(.connectionClosed, "the server closed the connection")) }
    }
}

extension ChannelPipeline.SynchronousOperations {
    /// Adds TLS, from the first byte or once it is negotiated.
    ///
    /// - Parameter makeTLSHandler: nil without TLS.
    /// - Returns: succeeds when the protocol may be spoken; with a negotiation that is when TLS is in place.
    package func addTLS(
        _ security: MailEndpoint.Security,
        _ negotiation: some UpgradeNegotiation,
        makeTLSHandler: (@Sendable () throws -> NIOSSLClientHandler)?
    ) throws -> EventLoopFuture<Void> {
        guard let makeTLSHandler else { return eventLoop.makeSucceededVoidFuture() }
        guard security == .startTLS else {
            try addHandler(makeTLSHandler())
            return eventLoop.makeSucceededVoidFuture()
        }
        let upgraded = eventLoop.makePromise(of: Void.self)
        do {
            try addHandler(UpgradeHandler(negotiation, upgraded: upgraded, makeTLSHandler: makeTLSHandler))
        } catch {
            upgraded.fail(error)
            throw error
        }
        return upgraded.futureResult
    }
}
