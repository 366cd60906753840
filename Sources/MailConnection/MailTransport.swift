package import Logging
package import NIOCore
import NIOSSL

/// A connected socket and what watches it.
package struct MailTransport<Inbound: Sendable>: Sendable {
    package let watchdog: Watchdog
    fileprivate let stream: NIOAsyncChannel<Inbound, ByteBuffer>
    /// Succeeds when commands may be written, which with `STARTTLS` or `STLS` is when TLS is in place.
    fileprivate let ready: EventLoopFuture<Void>

    package var channel: any Channel { stream.channel }

    /// Connects to the first address that is allowed and answers.
    ///
    /// - Throws: ``ConnectionError``, `CancellationError`.
    fileprivate nonisolated(nonsending) static func connect<Spoken: MailProtocol>(
        _ spoken: Spoken,
        _ addresses: [SocketAddress],
        makeTLSHandler: (@Sendable () throws -> NIOSSLClientHandler)?
    ) async throws -> MailTransport where Spoken.Inbound == Inbound {
        try await MailDialer.connect(to: spoken.endpoint, addresses: addresses) { channel in
            try MailTransport(channel, spoken, makeTLSHandler: makeTLSHandler)
        }
    }

    /// Builds the pipeline: socket, watchdog, TLS, what the protocol adds, reader.
    private init<Spoken: MailProtocol>(
        _ channel: any Channel,
        _ spoken: Spoken,
        makeTLSHandler: (@Sendable () throws -> NIOSSLClientHandler)?
    ) throws where Spoken.Inbound == Inbound {
        let pipeline = channel.pipeline.syncOperations
        watchdog = Watchdog()
        try pipeline.addHandler(WatchdogHandler(watchdog: watchdog, endpoint: spoken.endpoint))
        ready = try pipeline.addTLS(
            spoken.endpoint.security,
            spoken.makeUpgrade(),
            makeTLSHandler: makeTLSHandler
        )
        try spoken.addHandlers(to: pipeline)
        stream = try NIOAsyncChannel(
            wrappingChannelSynchronously: channel,
            configuration: .init(backPressureStrategy: .init(lowWatermark: 2, highWatermark: 6))
        )
    }

    /// Says goodbye and waits a moment for the answer, whatever it is.
    package nonisolated(nonsending) func end(
        saying farewell: nonisolated(nonsending) () async throws -> Void
    ) async {
        let limit = channel.eventLoop.scheduleTask(in: .seconds(2)) { [channel] in channel.close(promise: nil) }
        _ = try? await farewell()
        limit.cancel()
    }
}

/// Connects, secures the connection, runs `body` with it, and closes it in any case.
///
/// Where the certificate is not trusted it connects once more, without saying anything secret, to tell why.
///
/// - Throws: the protocol's error where the server, the network or the arguments fail, `CancellationError` where the
///   task is cancelled, and what `body` throws.
package nonisolated(nonsending) func withMailTransport<Spoken: MailProtocol, Result: Sendable>(
    _ spoken: Spoken,
    logger: Logger,
    _ body:
        nonisolated(nonsending) (
            MailTransport<Spoken.Inbound>,
            NIOAsyncChannelInboundStream<Spoken.Inbound>,
            NIOAsyncChannelOutboundWriter<ByteBuffer>
        ) async throws -> Result
) async throws -> Result {
    let endpoint = spoken.endpoint
    do {
        let addresses = try await endpoint.addresses()
        let tls = try await endpoint.tls()
        do {
            let transport = try await MailTransport.connect(spoken, addresses, makeTLSHandler: tls?.makeHandler)
            logger.debug("connected to a mail server", metadata: ["security": "\(endpoint.security)"])
            return try await transport.stream.executeThenClose { inbound, outbound in
                do {
                    try await transport.watchdog.wait(
                        for: transport.ready,
                        on: transport.channel,
                        atMost: endpoint.commandTimeout
                    )
                } catch {
                    try Task.checkCancellation()
                    throw Spoken.Failure.wrapping(error)
                }
                return try await body(transport, inbound, outbound)
            }
        } catch let error as Spoken.Failure {
            guard let tls, error.certificateProblem == .untrusted else { throw error }
            let known = ConnectionError(
                .certificateInvalid,
                error.message,
                certificateProblem: .untrusted,
                cause: error.cause
            )
            throw await tls.explain(known) { makeTLSHandler in
                let transport = try await MailTransport.connect(spoken, addresses, makeTLSHandler: makeTLSHandler)
                try await transport.stream.executeThenClose { inbound, _ in
                    transport.watchdog.startWaiting(atMost: endpoint.commandTimeout)
                    for try await _ in inbound {}
                }
            }
        }
    } catch let error as ConnectionError {
        throw Spoken.Failure(error)
    }
}
