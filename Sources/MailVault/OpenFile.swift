import FoundationEssentials
import Glibc

/// An open file, closed when nobody holds it any more.
final class OpenFile: Sendable {
    let descriptor: Int32
    private let name: String
    private let calls: SystemCalls

    /// Opens or makes a file; one that is made is for its owner alone.
    init(_ path: String, flags: Int32, calls: SystemCalls) throws(VaultError) {
        name = path.split(separator: "/").last.map(String.init) ?? path
        self.calls = calls
        descriptor = retrying { open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o600) }
        guard descriptor >= 0 else { throw VaultError(errno: errno, "\(name) cannot be opened") }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    func size() throws(VaultError) -> Int64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw VaultError(errno: errno, "\(name) cannot be examined") }
        return Int64(status.st_size)
    }

    /// Reads `count` bytes; fewer only at the end of the file.
    func read(at offset: Int64, count: Int) throws(VaultError) -> [UInt8] {
        var failed: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let start = filled
                let rest = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[start...]))
                let read = retrying { pread(descriptor, rest.baseAddress, rest.count, Int(offset) + start) }
                if read < 0 { failed = errno }
                if read <= 0 { return }
                filled += read
            }
        }
        guard failed == 0 else { throw VaultError(errno: failed, "\(name) cannot be read") }
        return bytes
    }

    /// Writes all of `bytes`; on failure a part of them may stand in the file.
    func write(_ bytes: some ContiguousBytes, at offset: Int64) throws(VaultError) {
        var failed: Int32 = 0
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
                let written = retrying { calls.write(descriptor, rest, offset + Int64(done)) }
                guard written > 0 else {
                    failed = written < 0 ? errno : EIO
                    return
                }
                done += written
            }
        }
        guard failed == 0 else { throw VaultError(errno: failed, "\(name) cannot be written") }
    }

    func truncate(to size: Int64) throws(VaultError) {
        guard retrying({ calls.truncate(descriptor, size) }) == 0 else {
            throw VaultError(errno: errno, "\(name) cannot be cut back")
        }
    }

    /// Returns when the file's bytes are durable; never to be called again after a failure.
    func sync() throws(VaultError) {
        guard retrying({ calls.sync(descriptor) }) == 0 else {
            throw VaultError(errno: errno, "\(name) could not be made durable")
        }
    }
}

/// Calls again while a signal interrupts.
func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}
