import FoundationEssentials
import Glibc

/// The folder `vault` of a data directory, owned by this process while the value lives.
final class VaultDirectory: Sendable {
    private let path: String
    private let handle: OpenFile
    private let calls: SystemCalls

    /// Makes the folder if it is missing, takes its lock, and removes what unfinished writers left.
    init(in directory: URL, calls: SystemCalls) throws(VaultError) {
        self.calls = calls
        path = directory.appending(path: "vault").path
        let isNew = try Self.make(path)
        handle = try OpenFile(path, flags: O_RDONLY | O_DIRECTORY, calls: calls)
        guard retrying({ flock(handle.descriptor, LOCK_EX | LOCK_NB) }) == 0 else {
            throw errno == EWOULDBLOCK
                ? VaultError(.locked, "Another process has the vault open.")
                : VaultError(errno: errno, "The vault cannot be locked")
        }
        if isNew {
            let parent = try OpenFile(directory.path, flags: O_RDONLY | O_DIRECTORY, calls: calls)
            guard retrying({ calls.syncDirectory(parent.descriptor) }) == 0 else {
                throw VaultError(errno: errno, "The vault could not be made durable")
            }
        }
        _ = try Self.make(incoming)
        for name in try names(in: incoming) { unlink("\(incoming)/\(name)") }
    }

    /// The numbers of the segments there are, in order.
    func segments() throws(VaultError) -> [Int64] {
        try names(in: path).compactMap(Self.number).sorted()
    }

    func open(_ segment: Int64, flags: Int32) throws(VaultError) -> OpenFile {
        try OpenFile(path(of: segment), flags: flags, calls: calls)
    }

    func remove(_ segment: Int64) {
        unlink(path(of: segment))
    }

    /// A file that has no name any more, so that nothing of it outlives this process.
    func makeSpool() throws(VaultError) -> OpenFile {
        let spool = "\(incoming)/message-\(UInt64.random(in: .min ... .max))"
        let file = try OpenFile(spool, flags: O_RDWR | O_CREAT | O_EXCL, calls: calls)
        unlink(spool)
        return file
    }

    /// Returns when names that were made in the folder are durable.
    func sync() throws(VaultError) {
        guard retrying({ calls.syncDirectory(handle.descriptor) }) == 0 else {
            throw VaultError(errno: errno, "The vault's directory could not be made durable")
        }
    }

    private var incoming: String { "\(path)/incoming" }

    private func path(of segment: Int64) -> String {
        let digits = String(segment)
        return "\(path)/\(String(repeating: "0", count: max(0, 8 - digits.count)))\(digits).seg"
    }

    private static func number(_ name: String) -> Int64? {
        guard name.hasSuffix(".seg") else { return nil }
        let digits = name.dropLast(4).utf8
        guard (8...15).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(name.dropLast(4))
    }

    private static func make(_ path: String) throws(VaultError) -> Bool {
        if mkdir(path, 0o700) == 0 { return true }
        guard errno == EEXIST else { throw VaultError(errno: errno, "The vault cannot be made") }
        return false
    }

    private func names(in path: String) throws(VaultError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw VaultError(.ioFailed, "The vault cannot be listed.")
        }
    }
}
