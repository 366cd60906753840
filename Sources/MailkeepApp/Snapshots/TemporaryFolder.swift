import Foundation
import Glibc

/// The folder `temporary` of a data directory: files that serve one action, removed with it, and at the next start where a
/// crash came before.
struct TemporaryFolder: Sendable {
    private let path: String

    /// - Parameter directory: the data directory.
    init(in directory: String) {
        path = "\(directory)/temporary"
    }

    /// Removes all that is in it: for whoever has just become the data directory's owner.
    func clear() throws {
        guard access(path, F_OK) == 0 else { return }
        try FileManager.default.removeItem(atPath: path)
    }

    /// Lends an empty file that only the owner may read, and removes it afterwards.
    ///
    /// - Throws: `SnapshotFileError`, and what `body` throws.
    nonisolated(nonsending) func withFile<Result>(
        _ body: nonisolated(nonsending) (String) async throws -> Result
    ) async throws -> Result {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw SnapshotFileError(errno) }
        let file = "\(path)/\(UUID().uuidString.lowercased())"
        let descriptor = Glibc.open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SnapshotFileError(errno) }
        Glibc.close(descriptor)
        defer { for suffix in ["", "-journal", "-wal", "-shm"] { unlink(file + suffix) } }
        return try await body(file)
    }
}
