import IMAPCore
import MailConnection
import NIOCore
import NIOSSL

/// A connected socket and what watches it, before anything of IMAP is said by the reader.
struct IMAPTransport: Sendable {
    let channel: NIOAsyncChannel<[IMAPFragment], ByteBuffer>
    let watchdog: Watchdog
    /// Succeeds when commands may be written, which with `STARTTLS` is when TLS is in place.
    let ready: EventLoopFuture<Void>

    /// Connects to the first address that is allowed and answers.
    ///
    /// - Throws: ``ConnectionError``, `CancellationError`.
    nonisolated(nonsending) static func connect(
        _ configuration: IMAPConfiguration,
        addresses: [SocketAddress],
        makeTLSHandler: (@Sendable () throws -> NIOSSLClientHandler)?
    ) async throws -> IMAPTransport {
        try await MailDialer.connect(to: configuration.endpoint, addresses: addresses) { channel in
            try IMAPTransport(channel, configuration, makeTLSHandler: makeTLSHandler)
        }
    }

    /// Builds the pipeline: socket, watchdog, TLS, decoder, batches, reader.
    private init(
        _ channel: any Channel,
        _ configuration: IMAPConfiguration,
        makeTLSHandler: (@Sendable () throws -> NIOSSLClientHandler)?
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        watchdog = Watchdog()
        try pipeline.addHandler(WatchdogHandler(watchdog: watchdog, endpoint: configuration.endpoint))
        ready = try pipeline.addTLS(
            configuration.security,
            StartTLSUpgrade(limits: configuration.limits),
            makeTLSHandler: makeTLSHandler
        )
        try pipeline.addHandlers(
            ByteToMessageHandler(IMAPResponseDecoder(limits: configuration.limits)),
            IMAPFragmentBatcher()
        )
        self.channel = try NIOAsyncChannel(
            wrappingChannelSynchronously: channel,
            configuration: .init(backPressureStrategy: .init(lowWatermark: 2, highWatermark: 6))
        )
    }
}
