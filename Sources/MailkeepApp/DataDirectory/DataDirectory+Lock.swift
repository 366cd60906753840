import Glibc

extension DataDirectory {
    /// What the lock file begins with, which also tells that a directory is Mailkeep's.
    private static let mark = "mailkeep"

    private static func lockFile(_ path: String) -> String { "\(path)/lock" }

    /// Takes the lock and records this process in it; nil if another holds it.
    static func take(_ path: String) throws -> Int32? {
        let descriptor = Glibc.open(lockFile(path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        do {
            while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
                if errno == EWOULDBLOCK {
                    Glibc.close(descriptor)
                    return nil
                }
                guard errno == EINTR else { throw failure(path) }
            }
            // Cut after writing, so that the mark is there at every moment.
            let record = "\(mark) \(getpid())\n"
            guard pwrite(descriptor, record, record.utf8.count, 0) == record.utf8.count,
                ftruncate(descriptor, off_t(record.utf8.count)) == 0
            else { throw failure(path) }
            return descriptor
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    /// Whether the directory has been Mailkeep's.
    static func isMarked(_ path: String) -> Bool {
        record(path)?.first == mark[...]
    }

    /// That another process holds it, by the number that this has recorded.
    static func locked(_ path: String) -> DataDirectoryError {
        DataDirectoryError(.locked, path: path, detail: record(path)?.dropFirst().first.map(String.init))
    }

    private static func record(_ path: String) -> [Substring]? {
        let descriptor = Glibc.open(lockFile(path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { Glibc.close(descriptor) }
        let bytes = [UInt8](unsafeUninitializedCapacity: 64) { buffer, count in
            count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
        }
        return String(decoding: bytes, as: UTF8.self).split { $0 == " " || $0 == "\n" }
    }
}
