import Foundation
import Glibc
import Synchronization

/// A file being written, which has its name only when it is complete.
///
/// A regular file that is there already is never overwritten. Removed with the last reference to it, unless it was
/// committed.
final class OutputFile: Sendable {
    private let descriptor: Int32
    private let path: String
    private let mode: UInt32
    /// The name until the commit; nil for what is written in place, and from the commit on.
    private let temporary: Mutex<String?>

    /// `mode` is that of the file when it is complete; until then only its owner may read it.
    ///
    /// - Throws: `ShellError`, of code `exists` where there is a file of that name.
    init(path: String, mode: UInt32) throws {
        // What a symbolic link points to counts; one that leads nowhere is there, too.
        let attributes = try? FileManager.default.attributesOfItem(atPath: Self.realPath(of: path))
        if let type = attributes?[.type] as? FileAttributeType {
            guard type != .typeRegular, type != .typeSymbolicLink else { throw ShellError(errno: EEXIST, path: path) }
            let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY)
            guard descriptor >= 0 else { throw ShellError(errno: errno, path: path) }
            self.descriptor = descriptor
            self.path = path
            temporary = Mutex(nil)
        } else {
            let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
            let name = "\(folder).mailkeep-\(String(UInt64.random(in: .min ... .max), radix: 36))"
            let descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw ShellError(errno: errno, path: path) }
            self.descriptor = descriptor
            self.path = path
            temporary = Mutex(name)
        }
        self.mode = mode
    }

    deinit {
        discard()
        close(descriptor)
    }

    /// Appends all of `bytes`.
    func write(_ bytes: [UInt8], _ wakeUp: WakeUp) throws {
        try BlockingCall.write(bytes, to: descriptor, path: path, wakeUp)
    }

    /// Makes the bytes durable and gives the file its name, durably.
    func commit() throws {
        try temporary.withLock { name in
            guard let temporary = name else { return }
            guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0, rename(from: temporary) == 0 else {
                throw ShellError(errno: errno, path: path)
            }
            name = nil
            try syncFolder()
        }
    }

    /// Gives the file its name, unless it is another's; 0, or -1 and `errno`.
    private func rename(from temporary: String) -> Int32 {
        // A second name first, as renaming replaces.
        guard link(temporary, path) != 0 else { return unlink(temporary) }
        guard [EPERM, EOPNOTSUPP, ENOSYS].contains(errno) else { return -1 }
        // The file system has no second names.
        guard access(path, F_OK) != 0 else {
            errno = EEXIST
            return -1
        }
        return Glibc.rename(temporary, path)
    }

    private func syncFolder() throws {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ShellError(errno: errno, path: path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw ShellError(errno: errno, path: path) }
    }

    /// Removes the file, if it has not been committed.
    func discard() {
        temporary.withLock { name in
            if let temporary = name { unlink(temporary) }
            name = nil
        }
    }

    private static func realPath(of path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }
}
