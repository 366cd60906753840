import CArchive
import Foundation
import Glibc

/// Reads a snapshot file by file, and trusts none of it: there are only regular files, of known names, each once, and
/// together no more bytes than the snapshot has.
///
/// Used by one task at a time.
final class SnapshotReader {
    private static let piece = 256 << 10
    private static let mostFiles = 1_000_000
    private static let file: UInt32 = 0o100000

    private let descriptor: Int32
    private let size: Int64
    private let archive: OpaquePointer
    private var taken: Set<String> = []
    private var bytes: Int64 = 0

    /// - Throws: `AppError` (`snapshotUnreadable`).
    init(_ path: String) throws {
        descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        var status = stat()
        guard descriptor >= 0 else {
            throw AppError(
                .snapshotUnreadable,
                ["file": path.forMessages, "detail": SnapshotFileError(errno).description]
            )
        }
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, let archive = archive_read_new()
        else {
            Glibc.close(descriptor)
            throw AppError(.snapshotNone, ["file": path.forMessages])
        }
        self.archive = archive
        size = Int64(status.st_size)
        archive_read_support_format_tar(archive)
        guard archive_read_open_fd(archive, descriptor, Self.piece) == ARCHIVE_OK else {
            throw AppError(.snapshotNone, ["file": path.forMessages])
        }
    }

    deinit {
        archive_read_free(archive)
        Glibc.close(descriptor)
    }

    /// The path of the next file; nil at the end.
    ///
    /// - Throws: `AppError` (`snapshotDamaged`).
    func next() throws -> String? {
        var entry: OpaquePointer?
        switch archive_read_next_header(archive, &entry) {
        case ARCHIVE_OK: break
        case ARCHIVE_EOF: return nil
        default: throw damaged("tar")
        }
        guard let entry, let name = archive_entry_pathname(entry) else { throw damaged("tar") }
        let path = String(cString: name)
        let isOfTheEnd = [SnapshotManifest.path, SnapshotManifest.signaturePath].contains(path)
        guard archive_entry_filetype(entry) == Self.file, archive_entry_hardlink(entry) == nil,
            archive_entry_symlink(entry) == nil, archive_entry_sparse_count(entry) == 0,
            isOfTheEnd || SnapshotPath.isKnown(path), taken.count < Self.mostFiles, taken.insert(path).inserted
        else { throw damaged(path) }
        return path
    }

    /// Hands the file that `next` has told of to `body`, piece by piece.
    ///
    /// - Throws: `AppError` (`snapshotDamaged`), `CancellationError`, and what `body` throws.
    func content(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        var buffer = [UInt8](repeating: 0, count: Self.piece)
        while true {
            try Task.checkCancellation()
            let count = buffer.withUnsafeMutableBytes { archive_read_data(archive, $0.baseAddress, $0.count) }
            guard count >= 0, Int64(count) <= size - bytes else { throw damaged("tar") }
            guard count > 0 else { return }
            bytes += Int64(count)
            try buffer.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }

    /// The whole of a small file.
    func content(limit: Int) throws -> Data {
        var data = Data()
        try content { piece in
            guard piece.count <= limit - data.count else { throw damaged(SnapshotManifest.path) }
            data.append(contentsOf: piece)
        }
        return data
    }

    private func damaged(_ part: String) -> AppError { AppError(.snapshotDamaged, ["part": part.forMessages]) }
}
