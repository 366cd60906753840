import Glibc
import NIOPosix

/// System calls that may block, away from the cooperative pool.
enum BlockingCall {
    /// Threads of the console alone: a pager that does not read, or a pipe that brings nothing, holds up
    /// nobody else.
    private static let threads: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 4)
        pool.start()
        return pool
    }()

    /// Runs `body` on a thread where it may block; a cancelled task wakes what waits in ``WakeUp``.
    static func run<Result: Sendable>(
        _ body: @escaping @Sendable (WakeUp) throws -> Result
    ) async throws -> Result {
        let wakeUp = try WakeUp()
        return try await withTaskCancellationHandler {
            try await threads.runIfActive { try body(wakeUp) }
        } onCancel: {
            wakeUp.fire()
        }
    }

    /// Reads at most `count` bytes; none at the end.
    static func read(_ descriptor: Int32, path: String, upTo count: Int, _ wakeUp: WakeUp) throws -> [UInt8] {
        while true {
            try wakeUp.wait(for: descriptor, Int16(POLLIN))
            var number: Int32 = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                let result = Glibc.read(descriptor, buffer.baseAddress, count)
                number = result < 0 ? errno : 0
                filled = max(0, result)
            }
            switch number {
            case 0: return bytes
            case EINTR, EAGAIN: continue
            default: throw ShellError(errno: number, path: path)
            }
        }
    }

    /// Writes all of `bytes`.
    static func write(_ bytes: [UInt8], to descriptor: Int32, path: String, _ wakeUp: WakeUp) throws {
        try bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written >= 0 {
                    rest = rest.dropFirst(written)
                } else if errno == EAGAIN {
                    try wakeUp.wait(for: descriptor, Int16(POLLOUT))
                } else if errno != EINTR {
                    throw ShellError(errno: errno, path: path)
                }
            }
        }
    }

    /// The bytes up to the next line feed, without it and a carriage return before it.
    ///
    /// Reads one byte at a time: what follows the line is left to the next reader.
    static func readLine(_ descriptor: Int32, path: String, _ wakeUp: WakeUp) throws -> String {
        let limit = 65_536
        var line: [UInt8] = []
        while true {
            let byte = try read(descriptor, path: path, upTo: 1, wakeUp)
            guard byte != [0x0A], !(byte.isEmpty && !line.isEmpty) else { break }
            guard !byte.isEmpty else {
                throw ShellError(.endOfInput, path: path, "\(path) ended before a line was read.")
            }
            guard line.count < limit else {
                throw ShellError(.tooLarge, path: path, "The line is longer than \(limit) bytes.")
            }
            line += byte
        }
        if line.last == 0x0D { line.removeLast() }
        guard let text = String(validating: line, as: UTF8.self) else {
            throw ShellError(.notText, path: path, "The line is not UTF-8.")
        }
        return text
    }
}

/// A pair of sockets that ends the wait of a thread in `poll`.
final class WakeUp: Sendable {
    private let readEnd: Int32
    private let writeEnd: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw ShellError(errno: errno, path: "socketpair") }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// Ends the wait, now and ever after.
    func fire() {
        _ = Glibc.write(writeEnd, [0], 1)
    }

    /// Waits until `descriptor` is ready for `events`; throws `CancellationError` once fired.
    func wait(for descriptor: Int32, _ events: Int16) throws {
        var waits = [
            pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0),
            pollfd(fd: descriptor, events: events, revents: 0),
        ]
        while poll(&waits, nfds_t(waits.count), -1) < 0 {
            guard errno == EINTR else { throw ShellError(errno: errno, path: "poll") }
        }
        guard waits[0].revents == 0 else { throw CancellationError() }
    }
}
