import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A client's connection to a server within the test's process.
typealias FakeChannel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

/// Runs a server within the test's process, on a free port of 127.0.0.1, while `body` runs.
///
/// - Parameters:
///   - tls: what is spoken from the first byte on; nil for plain text.
///   - make: makes what stands for the server, once its port is known.
///   - serve: is given each connection, which is closed afterwards. How it ends is the client's matter.
@discardableResult
func withFakeServer<Server: Sendable, Result: Sendable>(
    tls: NIOSSLContext? = nil,
    _ make: (_ port: Int) -> Server,
    serve: @escaping @Sendable (Server, FakeChannel) async throws -> Void,
    _ body: @escaping @Sendable (Server) async throws -> Result
) async throws -> Result {
    let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .bind(host: "127.0.0.1", port: 0) { channel in
            channel.eventLoop.makeCompletedFuture {
                if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                return try FakeChannel(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(isOutboundHalfClosureEnabled: true)
                )
            }
        }
    let server = make(listener.channel.localAddress?.port ?? 0)
    return try await listener.executeThenClose { channels in
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body(server) }
            group.addTask {
                await withDiscardingTaskGroup { connections in
                    do {
                        for try await channel in channels {
                            connections.addTask { try? await serve(server, channel) }
                        }
                    } catch {}
                    connections.cancelAll()
                }
                return nil
            }
            defer { group.cancelAll() }
            while let finished = try await group.next() {
                if let finished { return finished }
            }
            throw CancellationError()
        }
    }
}

/// Runs a server that talks with each client, while `body` runs.
///
/// When a conversation ends, and be it in the middle, the client is told the end of what is sent, and the connection
/// stays until the client has gone: a socket that is closed while something lies in it unread takes back what was sent
/// last, and the client sees a reset where the test meant an answer.
@discardableResult
func withFakeServer<Server: Sendable, Result: Sendable>(
    tls: NIOSSLContext? = nil,
    _ make: (_ port: Int) -> Server,
    conversing converse: @escaping @Sendable (Server, FakeConversation) async throws -> Void,
    _ body: @escaping @Sendable (Server) async throws -> Result
) async throws -> Result {
    try await withFakeServer(
        tls: tls,
        make,
        serve: { server, channel in
            try await channel.executeThenClose { inbound, outbound in
                let conversation = FakeConversation(channel.channel, inbound, outbound)
                try? await converse(server, conversation)
                try await conversation.awaitDeparture()
            }
        },
        body
    )
}

/// What a fake server hears from one client, and says to it.
///
/// Used by one task at a time.
final class FakeConversation {
    let channel: any Channel
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private var buffer = ByteBuffer()

    fileprivate init(
        _ channel: any Channel,
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.channel = channel
        self.outbound = outbound
        self.inbound = inbound.makeAsyncIterator()
    }

    /// The next line, without its end; nil where the client has gone.
    nonisolated(nonsending) func nextLine() async throws -> String? {
        while true {
            if let end = buffer.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
                var line = Substring(buffer.readString(length: end - buffer.readerIndex + 1) ?? "")
                while let last = line.last, last.isNewline { line.removeLast() }
                return String(line)
            }
            guard var more = try await inbound.next(isolation: #isolation) else { return nil }
            buffer.discardReadBytes()
            buffer.writeBuffer(&more)
        }
    }

    /// So many bytes, however they come; nil where the client has gone.
    nonisolated(nonsending) func nextBytes(count: Int) async throws -> ByteBuffer? {
        while buffer.readableBytes < count {
            guard var more = try await inbound.next(isolation: #isolation) else { return nil }
            buffer.discardReadBytes()
            buffer.writeBuffer(&more)
        }
        return buffer.readSlice(length: count)
    }

    /// The next bytes, of any number but none; nil where the client has gone.
    nonisolated(nonsending) func nextBytes() async throws -> ByteBuffer? {
        if buffer.readableBytes > 0 { return buffer.readSlice(length: buffer.readableBytes) }
        return try await inbound.next(isolation: #isolation)
    }

    nonisolated(nonsending) func say(_ bytes: ByteBuffer) async throws {
        try await outbound.write(bytes)
    }

    /// Breaks the connection off, as a machine that crashed does.
    nonisolated(nonsending) func reset() async throws {
        let hard = LingerOption(l_onoff: 1, l_linger: 0)
        if let channel = channel as? any SocketOptionProvider { try await channel.setSoLinger(hard).get() }
        try await channel.close()
    }

    /// Ends what is said, and waits until the client has gone.
    fileprivate nonisolated(nonsending) func awaitDeparture() async throws {
        outbound.finish()
        while try await inbound.next(isolation: #isolation) != nil {}
    }
}

private typealias LingerOption = linger

/// TLS as a server speaks it with this certificate.
func serverTLS(_ certificate: TestCertificate) throws -> NIOSSLContext {
    try NIOSSLContext(
        configuration: .makeServerConfiguration(
            certificateChain: NIOSSLCertificate.fromPEMBytes(Array(certificate.pem.utf8)).map { .certificate($0) },
            privateKey: .privateKey(NIOSSLPrivateKey(bytes: Array(certificate.keyPEM.utf8), format: .pem))
        )
    )
}
