import IMAPCore
package import Logging
import MailConnection
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
    return try await withMailTransport(IMAPProtocol(configuration), logger: logger) { transport, inbound, outbound in
        let connection = IMAPConnection(
            inbound: inbound,
            outbound: outbound,
            transport: transport,
            configuration: configuration
        )
        if configuration.security != .startTLS { try await connection.greet() }
        try await connection.authenticate(credentials, configuration)
        logger.debug("signed in to a mail server")
        let result = try await body(connection)
        if connection.isIdle { await transport.end { _ = try await connection.perform(.logout) } }
        return result
    }
}

/// Connects, secures the connection, and closes it without signing in.
///
/// - Throws: ``IMAPError``, `CancellationError`.
package nonisolated(nonsending) func reachIMAPServer(_ configuration: IMAPConfiguration, logger: Logger) async throws {
    try await withMailTransport(IMAPProtocol(configuration), logger: logger) { transport, inbound, outbound in
        let connection = IMAPConnection(
            inbound: inbound,
            outbound: outbound,
            transport: transport,
            configuration: configuration
        )
        if configuration.security != .startTLS { try await connection.greet() }
        await transport.end { _ = try await connection.perform(.logout) }
    }
}
