package import Logging
import MailConnection
import NIOCore
import NIOSSL

/// Connects, signs in, runs `body` with the connection and signs out; the connection is closed in any case.
///
/// Nothing is marked as deleted, so that signing out changes nothing either.
///
/// - Throws: ``POP3Error`` where the server, the network or the arguments fail, `CancellationError` where the task is
///   cancelled, and what `body` throws.
package nonisolated(nonsending) func withPOP3Connection<Result: Sendable>(
    _ configuration: POP3Configuration,
    credentials: POP3Credentials,
    logger: Logger,
    _ body: nonisolated(nonsending) (POP3Connection) async throws -> Result
) async throws -> Result {
    do {
        let addresses = try await configuration.endpoint.addresses()
        let tls = try await configuration.endpoint.tls()
        do {
            let transport = try await POP3Transport.connect(configuration, addresses, makeTLSHandler: tls?.makeHandler)
            logger.debug("connected to a mail server", metadata: ["security": "\(configuration.endpoint.security)"])
            return try await transport.channel.executeThenClose { inbound, outbound in
                let connection = POP3Connection(
                    inbound: inbound,
                    outbound: outbound,
                    watchdog: transport.watchdog,
                    configuration: configuration
                )
                return try await connection.session(configuration, transport, credentials, logger, body)
            }
        } catch let error as POP3Error {
            guard let tls, error.certificateProblem == .untrusted else { throw error }
            let known = ConnectionError(
                .certificateInvalid,
                error.message,
                certificateProblem: .untrusted,
                cause: error.cause
            )
            throw await tls.explain(known) { makeTLSHandler in
                let transport = try await POP3Transport.connect(
                    configuration,
                    addresses,
                    makeTLSHandler: makeTLSHandler
                )
                try await transport.channel.executeThenClose { inbound, _ in
                    transport.watchdog.startWaiting(atMost: configuration.endpoint.commandTimeout)
                    for try await _ in inbound {}
                }
            }
        }
    } catch let error as ConnectionError {
        throw POP3Error(error)
    }
}

/// A connected socket and what watches it.
private struct POP3Transport: Sendable {
    let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
    let watchdog: Watchdog
    /// Succeeds when commands may be written, which with `STLS` is when TLS is in place.
    let ready: EventLoopFuture<Void>

    nonisolated(nonsending) static func connect(
        _ configuration: POP3Configuration,
        _ addresses: [SocketAddress],
        makeTLSHandler: (@Sendable () throws -> NIOSSLClientHandler)?
    ) async throws -> POP3Transport {
        try await MailDialer.connect(to: configuration.endpoint, addresses: addresses) { channel in
            let pipeline = channel.pipeline.syncOperations
            let watchdog = Watchdog()
            try pipeline.addHandler(WatchdogHandler(watchdog: watchdog, endpoint: configuration.endpoint))
            let ready = try pipeline.addTLS(
                configuration.endpoint.security,
                POP3Upgrade(limits: configuration.limits),
                makeTLSHandler: makeTLSHandler
            )
            let stream = try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                wrappingChannelSynchronously: channel,
                configuration: .init(backPressureStrategy: .init(lowWatermark: 2, highWatermark: 6))
            )
            return POP3Transport(channel: stream, watchdog: watchdog, ready: ready)
        }
    }

    /// Waits until commands may be written.
    nonisolated(nonsending) func awaitReadiness(atMost limit: TimeAmount) async throws {
        do {
            try await watchdog.wait(for: ready, on: channel.channel, atMost: limit)
        } catch {
            try Task.checkCancellation()
            throw POP3Error.wrapping(error)
        }
    }
}

extension POP3Connection {
    /// All that happens on the connection from the greeting to the farewell.
    fileprivate nonisolated(nonsending) func session<Result: Sendable>(
        _ configuration: POP3Configuration,
        _ transport: POP3Transport,
        _ credentials: POP3Credentials,
        _ logger: Logger,
        _ body: nonisolated(nonsending) (POP3Connection) async throws -> Result
    ) async throws -> Result {
        let security = configuration.endpoint.security
        try await transport.awaitReadiness(atMost: configuration.endpoint.commandTimeout)
        if security != .startTLS { try await greet() }
        try await authenticate(credentials, isEncrypted: security != .none)
        logger.debug("signed in to a mail server")
        let result = try await body(self)
        await signOut(closing: transport.channel.channel)
        return result
    }

    /// Says goodbye and waits a moment for the answer, whatever it is.
    private nonisolated(nonsending) func signOut(closing channel: any Channel) async {
        guard isIdle else { return }
        let limit = channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
        _ = try? await perform(.quit)
        limit.cancel()
    }
}
