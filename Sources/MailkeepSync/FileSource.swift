import Glibc

/// Files of this machine that hold a mailbox: an mbox, a Maildir, or a folder of these (L9).
///
/// Only what lies in a folder that was allowed is read. Symbolic links in the path are resolved before it is judged;
/// from then on none is followed, so that nobody can lead reading elsewhere afterwards.
struct FileSource: MailSource {
    /// Names from the root of the file system on, none of them a symbolic link when the path was judged.
    ///
    /// Bytes, as names need not be text, and as texts are equal whose bytes are not.
    private let path: [[UInt8]]
    /// Where it is what a user's own settings name, the mailbox lies there; what was attached may be an older copy.
    let isLive: Bool

    /// - Parameters:
    ///   - path: absolute.
    ///   - allowed: folders; what lies in one of them, and it itself, may be read.
    /// - Throws: `SyncFailure` of code `path`. It tells nobody whether there is something at a path that is not allowed.
    init(path: String, allowed: [String], isLive: Bool = true) throws(SyncFailure) {
        guard path.utf8.first == UInt8(ascii: "/") else { throw SyncFailure(.path, "the path is not absolute") }
        guard let resolved = Self.resolve(path),
            allowed.compactMap(Self.resolve).contains(where: { resolved.starts(with: $0) })
        else {
            throw SyncFailure(.path, "there is nothing at the path, or it is not in a folder of --allow-mail-path")
        }
        self.path = resolved
        self.isLive = isLive
    }

    nonisolated(nonsending) func withSession(
        _ body: nonisolated(nonsending) (any MailSession) async throws -> Void
    ) async throws {
        try await body(FileSourceSession(root: try DiskNode(path: path)))
    }

    private static func resolve(_ path: String) -> [[UInt8]]? {
        guard !path.utf8.contains(0), let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return UnsafeRawBufferPointer(start: resolved, count: strlen(resolved)).split(separator: UInt8(ascii: "/"))
            .map(Array.init)
    }
}
