import Foundation
import Glibc
import MailkeepSync

/// A file that goes into a snapshot, as long as it was when it was opened.
///
/// Unchecked, as it holds a descriptor alone, and any thread may read at a place.
final class SnapshotFile: @unchecked Sendable {
    private let descriptor: Int32
    let size: Int64

    /// - Returns: nil where there is no such file.
    /// - Throws: `SnapshotFileError`.
    init?(_ path: String) throws {
        descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw SnapshotFileError(errno) }
            return nil
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            Glibc.close(descriptor)
            throw SnapshotFileError(EINVAL)
        }
        size = Int64(status.st_size)
    }

    deinit {
        Glibc.close(descriptor)
    }

    /// Bytes at a place.
    ///
    /// - Throws: `SnapshotFileError`, also where the file is shorter by now.
    func read(at offset: Int64, count: Int) throws -> Data {
        var data = Data(count: count)
        var done = 0
        while done < count {
            let (start, place) = (done, off_t(offset) + off_t(done))
            let read = data.withUnsafeMutableBytes { buffer in
                pread(descriptor, buffer.baseAddress.map { $0 + start }, count - start, place)
            }
            if read < 0, errno == EINTR { continue }
            guard read > 0 else { throw SnapshotFileError(read < 0 ? errno : EIO) }
            done += read
        }
        return data
    }
}

/// What the operating system said of a file that a snapshot is made of, or unpacked into.
struct SnapshotFileError: Error, CustomStringConvertible {
    let number: Int32

    init(_ number: Int32) {
        self.number = number
    }

    var description: String { String(cString: strerror(number)) }

    /// In the terms in which a person can act on it.
    var failure: SyncFailure {
        SyncFailure([ENOSPC, EDQUOT].contains(number) ? .disk : .storage, description, cause: self)
    }
}
