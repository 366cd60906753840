package import Logging
import MailConnection

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
    let security = configuration.endpoint.security
    return try await withMailTransport(POP3Protocol(configuration), logger: logger) { transport, inbound, outbound in
        let connection = POP3Connection(
            inbound: inbound,
            outbound: outbound,
            watchdog: transport.watchdog,
            configuration: configuration
        )
        if security != .startTLS { try await connection.greet() }
        try await connection.authenticate(credentials, isEncrypted: security != .none)
        logger.debug("signed in to a mail server")
        let result = try await body(connection)
        if connection.isIdle { await transport.end { _ = try await connection.perform(.quit) } }
        return result
    }
}

/// Connects, secures the connection, and closes it without signing in.
///
/// - Throws: ``POP3Error``, `CancellationError`.
package nonisolated(nonsending) func reachPOP3Server(_ configuration: POP3Configuration, logger: Logger) async throws {
    try await withMailTransport(POP3Protocol(configuration), logger: logger) { transport, inbound, outbound in
        let connection = POP3Connection(
            inbound: inbound,
            outbound: outbound,
            watchdog: transport.watchdog,
            configuration: configuration
        )
        if configuration.endpoint.security != .startTLS { try await connection.greet() }
        await transport.end { _ = try await connection.perform(.quit) }
    }
}
