import Glibc
import NIOCore

/// One end of a connection between command and server; closed with the last reference to it.
///
/// Not a `NIOAsyncChannel`, which must not be dropped unused, as happens to what has just been accepted when
/// the server stops.
final class ShellConnection: Sendable {
    private let channel: any Channel
    private let inbound: AsyncThrowingStream<ShellFrame, any Error>

    private init(_ channel: any Channel) throws {
        self.channel = channel
        let (inbound, receiver) = AsyncThrowingStream.makeStream(of: ShellFrame.self)
        self.inbound = inbound
        try channel.pipeline.syncOperations.addHandlers(
            ByteToMessageHandler(ShellFrameDecoder()),
            MessageToByteHandler(ShellFrameEncoder()),
            ShellFrameReceiver(receiver: receiver)
        )
    }

    deinit {
        channel.close(promise: nil)
    }

    /// Makes one of a channel that is just being set up.
    static func make(on channel: any Channel) -> EventLoopFuture<ShellConnection> {
        channel.eventLoop.makeCompletedFuture { try ShellConnection(channel) }
    }

    /// The frames that come in; none any more once the other end has closed or the task is cancelled.
    ///
    /// They are not held back: each side has at most one frame under way for every call that waits.
    typealias Frames = AsyncThrowingStream<ShellFrame, any Error>.Iterator

    /// Gives `body` the frames that come in, to be read once, and closes the connection after it.
    func withFrames<Result>(_ body: (inout Frames) async throws -> Result) async throws -> Result {
        var frames = inbound.makeAsyncIterator()
        do {
            let result = try await body(&frames)
            await close()
            return result
        } catch {
            await close()
            throw error
        }
    }

    /// Sends a frame and returns when the kernel has it, also in a cancelled task.
    func send(_ frame: ShellFrame) async throws {
        try await channel.writeAndFlush(frame).get()
    }

    /// Sends a frame without waiting; `failed` is called if it cannot be sent.
    func send(_ frame: ShellFrame, failed: @escaping @Sendable (any Error) -> Void) {
        channel.writeAndFlush(frame).whenFailure(failed)
    }

    func close() async {
        try? await channel.close()
    }

    /// The operating system's user at the other end, as the kernel knows it (`SO_PEERCRED`, unix(7)).
    func peerUserID() async throws -> UInt32? {
        guard let provider = channel as? any SocketOptionProvider else { return nil }
        let credentials: PeerCredentials = try await provider.unsafeGetSocketOption(
            level: SocketOptionLevel(SOL_SOCKET),
            name: SocketOptionName(SO_PEERCRED)
        ).get()
        return credentials.userID
    }

    /// `struct ucred` of Linux.
    private struct PeerCredentials {
        let processID: Int32
        let userID: UInt32
        let groupID: UInt32
    }
}

/// Hands the frames of a channel to whoever iterates over them.
private final class ShellFrameReceiver: ChannelInboundHandler {
    typealias InboundIn = ShellFrame

    private let receiver: AsyncThrowingStream<ShellFrame, any Error>.Continuation

    init(receiver: AsyncThrowingStream<ShellFrame, any Error>.Continuation) {
        self.receiver = receiver
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        receiver.yield(unwrapInboundIn(data))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        receiver.finish(throwing: error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        receiver.finish()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        receiver.finish()
    }
}
