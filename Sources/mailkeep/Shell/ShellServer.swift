import Glibc
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// The socket on which the owner of a data directory takes commands from the shell.
///
/// A command sends its arguments and then acts as its own terminal: `handle` runs it here, in the one process
/// that may, with a ``Console`` that reaches back. Only the server's own user and root are served.
package struct ShellServer: Service {
    private let path: String
    private let version: String
    private let logger: Logger
    private let handle: @Sendable ([String], any Console) async -> Int32

    /// Prepares a server at the socket `path`, of any length; `version` is the program's.
    ///
    /// `handle` gets the arguments (without the program's name) and gives the exit status; it is cancelled
    /// when the command's process goes away and when the server stops. To be run only by who holds the data
    /// directory's lock: a socket that is there already is that of a dead server and is replaced.
    package init(
        path: String,
        version: String,
        logger: Logger,
        handle: @escaping @Sendable ([String], any Console) async -> Int32
    ) {
        self.path = path
        self.version = version
        self.logger = logger
        self.handle = handle
    }

    /// Serves until cancelled or shut down gracefully; the open commands have ended when it returns.
    package func run() async throws {
        try await cancelWhenGracefulShutdown {
            let listener = try await listen()
            try await listener.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    defer {
                        unlink(path)
                        group.cancelAll()
                    }
                    do {
                        for try await connection in connections {
                            group.addTask { await serve(connection) }
                        }
                    } catch is CancellationError {
                        // The way to stop it.
                    }
                }
            }
        }
    }

    /// Listens under another name first, so that the socket has its mode before anyone finds it.
    private func listen() async throws -> NIOAsyncChannel<ShellConnection, Never> {
        let nascent = path + ".new"
        unlink(nascent)
        let listener = try await SocketPath.short(nascent) { nascent in
            try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .bind(unixDomainSocketPath: nascent, childChannelInitializer: ShellConnection.make)
        }
        guard chmod(nascent, 0o600) == 0, rename(nascent, path) == 0 else {
            let error = ShellError(errno: errno, path: path)
            unlink(nascent)
            try? await listener.channel.close()
            throw error
        }
        return listener
    }

    private func serve(_ connection: ShellConnection) async {
        do {
            try await connection.withFrames { try await serve(&$0, of: connection) }
        } catch {
            logger.debug("shell connection ended", metadata: ["error": "\(type(of: error))"])
        }
    }

    private func serve(_ frames: inout ShellConnection.Frames, of connection: ShellConnection) async throws {
        guard let userID = try await connection.peerUserID(), userID == geteuid() || userID == 0 else {
            return try await connection.send(.otherUser)
        }
        guard case .hello(let theirs) = try await frames.next() else { return }
        try await connection.send(.hello(version: version))
        guard theirs == version, case .command(let arguments, var terminal) = try await frames.next() else { return }
        // Who is there is the kernel's to say.
        terminal.userID = userID
        terminal.userName = TerminalInfo.userName(of: userID)
        let console = RemoteConsole(connection: connection, terminal: terminal)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let status = await handle(arguments, console)
                // A failure that comes of cancelling is not the command's own: the end of the
                // connection says what happened.
                if status == 0 || !Task.isCancelled { try await connection.send(.exit(status)) }
                await connection.close()
            }
            defer {
                group.cancelAll()
                console.close()
            }
            while let frame = try await frames.next() {
                guard case .reply(let number, let reply) = frame else { throw ShellError.malformed }
                console.receive(reply, to: number)
            }
        }
    }
}
