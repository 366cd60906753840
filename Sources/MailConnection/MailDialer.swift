package import NIOCore
import NIOPosix

/// Connects to mail servers.
package enum MailDialer {
    /// Connects to the first address that is allowed and answers.
    ///
    /// - Parameter prepare: builds the pipeline on the channel's event loop, before a byte is read.
    /// - Throws: ``ConnectionError``, `CancellationError`.
    package nonisolated(nonsending) static func connect<Value: Sendable>(
        to endpoint: MailEndpoint,
        addresses: [SocketAddress],
        _ prepare: @escaping @Sendable (any Channel) throws -> Value
    ) async throws -> Value {
        var failure = ConnectionError(.addressNotAllowed, "the server's address is not allowed")
        for address in addresses where endpoint.isAddressAllowed(address) {
            try Task.checkCancellation()
            do {
                return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .connectTimeout(endpoint.connectTimeout)
                    .channelOption(.socketOption(.so_keepalive), value: 1)
                    .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                    // Several at once end up in one buffer, which TLS then allocates anew each time.
                    .channelOption(.maxMessagesPerRead, value: 1)
                    .connect(to: address) { channel in
                        channel.eventLoop.makeCompletedFuture { try prepare(channel) }
                    }
            } catch let error as ConnectionError {
                throw error
            } catch ChannelError.connectTimeout(let limit) {
                failure = ConnectionError(
                    .timeout,
                    "the server cannot be reached in time",
                    cause: ChannelError.connectTimeout(limit)
                )
            } catch {
                failure = ConnectionError(.connectionFailed, "the server cannot be reached", cause: error)
            }
        }
        throw failure
    }
}
