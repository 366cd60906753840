import NIOCore
import NIOPosix
import Synchronization

/// Stands before a real server and breaks its connections off in the middle of an answer.
package final class CuttingProxy: Sendable {
    package let port: Int
    private let target: Int
    private let limit: Mutex<Int?>
    private let cuts = Atomic(0)

    fileprivate init(port: Int, target: Int, cutAfter limit: Int?) {
        self.port = port
        self.target = target
        self.limit = Mutex(limit)
    }

    /// Every connection from now on ends after the server has sent so many bytes; with nil, none does.
    package func cut(after bytes: Int?) {
        limit.withLock { $0 = bytes }
    }

    /// How many connections were broken off.
    package var cutConnections: Int { cuts.load(ordering: .relaxed) }

    fileprivate func relay(_ client: FakeChannel) async throws {
        let limit = limit.withLock { $0 }
        let server = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: target) { channel in
                channel.eventLoop.makeCompletedFuture { try FakeChannel(wrappingChannelSynchronously: channel) }
            }
        try await client.executeThenClose { fromClient, toClient in
            try await server.executeThenClose { fromServer, toServer in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        defer { toClient.finish() }
                        try? await self.answer(fromServer, toClient, limit: limit)
                    }
                    // Until the client has gone, so that it has all that was sent before the cut.
                    for try await bytes in fromClient { try? await toServer.write(bytes) }
                    group.cancelAll()
                }
            }
        }
    }

    private func answer(
        _ server: NIOAsyncChannelInboundStream<ByteBuffer>,
        _ client: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        limit: Int?
    ) async throws {
        var left = limit ?? .max
        for try await bytes in server {
            guard bytes.readableBytes < left else {
                try await client.write(bytes.getSlice(at: bytes.readerIndex, length: left) ?? ByteBuffer())
                cuts.add(1, ordering: .relaxed)
                return
            }
            left -= bytes.readableBytes
            try await client.write(bytes)
        }
    }
}

/// Runs a proxy before the server on `target`, a port of this machine, while `body` runs.
package func withCuttingProxy(
    to target: Int,
    cutAfter limit: Int?,
    _ body: @escaping @Sendable (CuttingProxy) async throws -> Void
) async throws {
    try await withFakeServer(
        { CuttingProxy(port: $0, target: target, cutAfter: limit) },
        serve: { proxy, client in try await proxy.relay(client) },
        body
    )
}
