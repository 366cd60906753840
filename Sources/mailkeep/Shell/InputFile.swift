import Glibc

/// A file open for reading; closed with the last reference to it.
final class InputFile: Sendable {
    /// The most bytes of one chunk.
    static let chunk = 262_144

    private let descriptor: Int32
    private let path: String

    /// - Parameters:
    ///   - path: `-` is standard input.
    ///   - standardInput: its descriptor, which stays open.
    init(path: String, standardInput: Int32 = 0) throws {
        let descriptor =
            path == "-"
            ? fcntl(standardInput, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw ShellError(errno: errno, path: path) }
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        close(descriptor)
    }

    /// The next bytes, at most 256 KiB; none at the end.
    func read(_ wakeUp: WakeUp) throws -> [UInt8] {
        try BlockingCall.read(descriptor, path: path, upTo: Self.chunk, wakeUp)
    }
}
