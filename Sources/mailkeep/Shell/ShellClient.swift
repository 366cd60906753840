import Glibc
import NIOCore
import NIOPosix

/// The command's side of ``ShellServer``.
package enum ShellClient {
    /// Has the server at the socket `path` run a command, with this process as its terminal.
    ///
    /// Returns the exit status, or nil when no server is there (no socket, or that of a dead one), in
    /// which case nothing has happened. Throws ``ShellError``: `otherVersion`, `otherUser`, `serverStopped`
    /// when it stopped before the command was finished. Cancelling cancels the command.
    package static func run(
        _ arguments: [String],
        socket path: String,
        version: String,
        console: LocalConsole
    ) async throws -> Int32? {
        guard let connection = try await connect(path) else { return nil }
        do {
            return try await run(arguments, over: connection, path: path, version: version, console: console)
        } catch is IOError, is ChannelError {
            try Task.checkCancellation()
            throw serverStopped
        }
    }

    private static func run(
        _ arguments: [String],
        over connection: ShellConnection,
        path: String,
        version: String,
        console: LocalConsole
    ) async throws -> Int32? {
        try await connection.withFrames { frames in
            guard let hello = try? await greet(connection, &frames, version: version) else {
                // It was just stopping, and has read no command.
                try Task.checkCancellation()
                return nil
            }
            switch hello {
            case .hello(version): break
            case .hello(let other):
                throw ShellError(
                    .otherVersion,
                    "The server is Mailkeep \(other), this command is \(version): restart the server with this version."
                )
            case .otherUser:
                throw ShellError(.otherUser, path: path, "The server belongs to another user of the operating system.")
            default: throw ShellError.malformed
            }
            try await connection.send(.command(arguments, console.terminal))
            let session = ShellSession(console: console, arguments: arguments)
            return try await withThrowingDiscardingTaskGroup { group in
                defer { group.cancelAll() }
                while let frame = try await frames.next() {
                    switch frame {
                    case .exit(let status): return status
                    case .request(let number, let request):
                        group.addTask {
                            let reply = await session.reply(to: request)
                            guard !Task.isCancelled else { return }
                            // Where this fails the connection has ended, which the loop finds.
                            try? await connection.send(.reply(number, reply))
                        }
                    default: throw ShellError.malformed
                    }
                }
                try Task.checkCancellation()
                throw serverStopped
            }
        }
    }

    private static var serverStopped: ShellError {
        ShellError(.serverStopped, "The server stopped before the command was finished.")
    }

    private static func greet(
        _ connection: ShellConnection,
        _ frames: inout ShellConnection.Frames,
        version: String
    ) async throws -> ShellFrame? {
        try await connection.send(.hello(version: version))
        return try await frames.next()
    }

    /// Connects; a server that has more connections waiting than its queue holds is asked again for a while.
    private static func connect(_ path: String, attemptsLeft: Int = 200) async throws -> ShellConnection? {
        do {
            return try await SocketPath.short(path) { path in
                try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                    .connect(unixDomainSocketPath: path, channelInitializer: ShellConnection.make)
            }
        } catch let error as ShellError where error.code == .notFound {
            return nil
        } catch let error as IOError where [ENOENT, ENOTDIR, ECONNREFUSED].contains(error.errnoCode) {
            return nil
        } catch let error as IOError where error.errnoCode == EAGAIN && attemptsLeft > 0 {
            try await Task.sleep(for: .milliseconds(50))
            return try await connect(path, attemptsLeft: attemptsLeft - 1)
        } catch let error as IOError {
            throw ShellError(errno: error.errnoCode, path: path)
        }
    }
}
