import Glibc

/// The path of a UNIX socket, of any length.
enum SocketPath {
    /// The most bytes of `sun_path`, without its final zero (unix(7)).
    static let limit = 107

    /// Gives `body` a path to the same socket that is short enough: one through an open directory if need be.
    ///
    /// It is good for the time of `body` only.
    static func short<Result>(_ path: String, _ body: (String) async throws -> Result) async throws -> Result {
        guard path.utf8.count > limit else { return try await body(path) }
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[...$0]) } ?? "."
        let name = slash.map { path[path.index(after: $0)...] } ?? path[...]
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ShellError(errno: errno, path: path) }
        defer { close(descriptor) }
        return try await body("/proc/self/fd/\(descriptor)/\(name)")
    }
}
