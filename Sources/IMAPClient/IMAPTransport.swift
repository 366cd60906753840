import IMAPCore
import NIOCore
import NIOPosix
import NIOSSL

/// A connected socket and what watches it, before anything of IMAP is said by the reader.
struct IMAPTransport: Sendable {
    let channel: NIOAsyncChannel<[IMAPFragment], ByteBuffer>
    let watchdog: IMAPWatchdog
    /// Succeeds when commands may be written, which with `STARTTLS` is when TLS is in place.
    let ready: EventLoopFuture<Void>

    /// Connects to the first address that is allowed and answers.
    static func connect(
        _ configuration: IMAPConfiguration,
        addresses: [SocketAddress],
        makeTLSHandler: (@Sendable () throws -> NIOSSLClientHandler)?
    ) async throws -> IMAPTransport {
        var failure = IMAPError(.addressNotAllowed, "the server's address is not allowed")
        for address in addresses where configuration.isAddressAllowed(address) {
            try Task.checkCancellation()
            do {
                return try await connect(configuration, to: address, makeTLSHandler: makeTLSHandler)
            } catch let error as IMAPError {
                throw error
            } catch ChannelError.connectTimeout(let limit) {
                failure = IMAPError(
                    .timeout,
                    "the server cannot be reached in time",
                    cause: ChannelError.connectTimeout(limit)
                )
            } catch {
                failure = IMAPError(.connectionFailed, "the server cannot be reached", cause: error)
            }
        }
        throw failure
    }

    private static func connect(
        _ configuration: IMAPConfiguration,
        to address: SocketAddress,
        makeTLSHandler: (@Sendable () throws -> NIOSSLClientHandler)?
    ) async throws -> IMAPTransport {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(configuration.connectTimeout)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(to: address) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try IMAPTransport(channel, configuration, makeTLSHandler: makeTLSHandler)
                }
            }
    }

    /// Builds the pipeline: socket, watchdog, TLS, decoder, batches, reader.
    private init(
        _ channel: any Channel,
        _ configuration: IMAPConfiguration,
        makeTLSHandler: (@Sendable () throws -> NIOSSLClientHandler)?
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        watchdog = IMAPWatchdog()
        try pipeline.addHandler(
            IMAPWatchdogHandler(
                watchdog: watchdog,
                timeout: configuration.responseTimeout,
                checkInterval: .nanoseconds(
                    min(configuration.responseTimeout, configuration.commandTimeout).nanoseconds / 4
                )
            )
        )
        if let makeTLSHandler, configuration.security == .startTLS {
            let upgraded = channel.eventLoop.makePromise(of: Void.self)
            ready = upgraded.futureResult
            let handler = StartTLSHandler(
                limits: configuration.limits,
                upgraded: upgraded,
                makeTLSHandler: makeTLSHandler
            )
            do { try pipeline.addHandler(handler) } catch {
                upgraded.fail(error)
                throw error
            }
        } else {
            ready = channel.eventLoop.makeSucceededVoidFuture()
            if let makeTLSHandler { try pipeline.addHandler(makeTLSHandler()) }
        }
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
