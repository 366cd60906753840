import IMAPCore
package import Logging
import MailConnection
import NIOCore
package import SASL

/// Connects, signs in, runs `body` with the connection and signs out; the connection is closed in any case.
///
/// - Throws: ``IMAPError`` where the server, the network or the arguments fail, `CancellationError` where the task is
///   cancelled, and what `body` throws.
package nonisolated(nonsending) func withIMAPConnection<Result: Sendable>(
    _ configuration: IMAPConfiguration,
    credentials: SASLCredentials,
    logger: Logger,
    _ body: nonisolated(nonsending) (IMAPConnection) async throws -> Result
) async throws -> Result {
    do throws(SASLError) { try credentials.check() } catch { throw IMAPError(error) }
    do {
        let endpoint = configuration.endpoint
        let addresses = try await endpoint.addresses()
        let tls = try await endpoint.tls()
        do {
            let transport = try await IMAPTransport.connect(
                configuration,
                addresses: addresses,
                makeTLSHandler: tls?.makeHandler
            )
            logger.debug("connected to a mail server", metadata: ["security": "\(configuration.security)"])
            return try await transport.channel.executeThenClose { inbound, outbound in
                let connection = IMAPConnection(
                    inbound: inbound,
                    outbound: outbound,
                    transport: transport,
                    configuration: configuration
                )
                return try await connection.session(configuration, transport, credentials, logger, body)
            }
        } catch let error as IMAPError {
            guard let tls, error.certificateProblem == .untrusted else { throw error }
            let known = ConnectionError(
                .certificateInvalid,
                error.message,
                certificateProblem: .untrusted,
                cause: error.cause
            )
            throw await tls.explain(known) { makeTLSHandler in
                let transport = try await IMAPTransport.connect(
                    configuration,
                    addresses: addresses,
                    makeTLSHandler: makeTLSHandler
                )
                try await transport.channel.executeThenClose { inbound, _ in
                    transport.watchdog.startWaiting(atMost: configuration.commandTimeout)
                    for try await _ in inbound {}
                }
            }
        }
    } catch let error as ConnectionError {
        throw IMAPError(error)
    }
}

extension IMAPTransport {
    /// Waits until commands may be written.
    fileprivate nonisolated(nonsending) func awaitReadiness(atMost limit: TimeAmount) async throws {
        do {
            try await watchdog.wait(for: ready, on: channel.channel, atMost: limit)
        } catch {
            try Task.checkCancellation()
            throw IMAPError.wrapping(error)
        }
    }
}

extension IMAPConnection {
    /// All that happens on the connection from the greeting to the farewell.
    fileprivate nonisolated(nonsending) func session<Result: Sendable>(
        _ configuration: IMAPConfiguration,
        _ transport: IMAPTransport,
        _ credentials: SASLCredentials,
        _ logger: Logger,
        _ body: nonisolated(nonsending) (IMAPConnection) async throws -> Result
    ) async throws -> Result {
        try await transport.awaitReadiness(atMost: configuration.commandTimeout)
        if configuration.security != .startTLS { try await greet() }
        try await authenticate(credentials, configuration)
        logger.debug("signed in to a mail server")
        let result = try await body(self)
        await logOut(closing: transport.channel.channel)
        return result
    }

    /// Says goodbye and waits a moment for the answer, whatever it is.
    fileprivate nonisolated(nonsending) func logOut(closing channel: any Channel) async {
        guard isIdle else { return }
        let limit = channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
        _ = try? await perform(.logout)
        limit.cancel()
    }
}
