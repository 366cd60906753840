import Foundation
import Glibc
import Synchronization

/// A file being written, which has its name only when it is complete.
///
/// Until then it has none at all (`O_TMPFILE` of open(2)), so that nothing is left of it however the process ends. Where
/// the file system makes no such files it has a hidden name beside its place, which is removed with the last reference to
/// it. A regular file that is there already is never overwritten.
final class OutputFile: Sendable {
    private enum Stage {
        case nameless
        case hidden(String)
        /// Written in place, committed or discarded: nothing more becomes of its name.
        case settled
    }

    private let descriptor: Int32
    private let path: String
    private let mode: UInt32
    private let stage: Mutex<Stage>

    /// `mode` is that of the file when it is complete; until then only its owner may read it.
    ///
    /// - Parameter canBeNameless: whether the file system is asked for a file without a name.
    /// - Throws: `ShellError`, of code `exists` where there is a file of that name.
    init(path: String, mode: UInt32, canBeNameless: Bool = true) throws {
        // What a symbolic link points to counts; one that leads nowhere is there, too.
        let attributes = try? FileManager.default.attributesOfItem(atPath: Self.realPath(of: path))
        let opened: (descriptor: Int32, stage: Stage)
        if let type = attributes?[.type] as? FileAttributeType {
            guard type != .typeRegular, type != .typeSymbolicLink else { throw ShellError(errno: EEXIST, path: path) }
            opened = (open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY), .settled)
        } else if canBeNameless, let descriptor = Self.openNameless(for: path) {
            opened = (descriptor, .nameless)
        } else {
            let name = Self.folder(of: path) + "/.mailkeep-\(String(UInt64.random(in: .min ... .max), radix: 36))"
            opened = (open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600), .hidden(name))
        }
        guard opened.descriptor >= 0 else { throw ShellError(errno: errno, path: path) }
        descriptor = opened.descriptor
        stage = Mutex(opened.stage)
        self.path = path
        self.mode = mode
    }

    deinit {
        discard()
        close(descriptor)
    }

    /// `O_TMPFILE`, which is not imported, as it is made of a constant of the kernel's own (asm-generic/fcntl.h).
    private static let nameless = O_DIRECTORY | 0o20000000

    /// A file without a name that can be given one; nil where there are none.
    private static func openNameless(for path: String) -> Int32? {
        let descriptor = open(folder(of: path), O_WRONLY | nameless | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        // By which it gets its name.
        guard access(link(to: descriptor), F_OK) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    private static func link(to descriptor: Int32) -> String { "/proc/self/fd/\(descriptor)" }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    }

    /// Appends all of `bytes`.
    func write(_ bytes: [UInt8], _ wakeUp: WakeUp) throws {
        try BlockingCall.write(bytes, to: descriptor, path: path, wakeUp)
    }

    /// Makes the bytes durable and gives the file its name, durably.
    func commit() throws {
        try stage.withLock { stage in
            if case .settled = stage { return }
            guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0, giveName(stage) == 0 else {
                throw ShellError(errno: errno, path: path)
            }
            stage = .settled
            try syncFolder()
        }
    }

    /// Gives the file its name, unless it is another's; 0, or -1 and `errno`.
    private func giveName(_ stage: Stage) -> Int32 {
        switch stage {
        case .settled: 0
        case .nameless: linkat(AT_FDCWD, Self.link(to: descriptor), AT_FDCWD, path, AT_SYMLINK_FOLLOW)
        case .hidden(let name): rename(from: name)
        }
    }

    private func rename(from hidden: String) -> Int32 {
        // A second name first, as renaming replaces.
        guard Glibc.link(hidden, path) != 0 else { return unlink(hidden) }
        guard [EPERM, EOPNOTSUPP, ENOSYS].contains(errno) else { return -1 }
        // The file system has no second names.
        guard access(path, F_OK) != 0 else {
            errno = EEXIST
            return -1
        }
        return Glibc.rename(hidden, path)
    }

    private func syncFolder() throws {
        let descriptor = open(Self.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ShellError(errno: errno, path: path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw ShellError(errno: errno, path: path) }
    }

    /// Removes the file, if it has not been committed.
    func discard() {
        stage.withLock { stage in
            if case .hidden(let name) = stage { unlink(name) }
            stage = .settled
        }
    }

    private static func realPath(of path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }
}
