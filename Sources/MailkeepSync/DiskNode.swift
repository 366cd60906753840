import Glibc

/// An open file or folder of this machine, closed when nobody holds it any more.
///
/// No way in follows a symbolic link.
final class DiskNode: FileSourceNode {
    let isFolder: Bool
    /// In bytes, when it was opened.
    let size: Int64
    /// Milliseconds since 1970 UTC.
    let modifiedAt: Int64
    private let descriptor: Int32

    private init(descriptor: Int32) throws(SyncFailure) {
        self.descriptor = descriptor
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw SyncFailure(errno: code, "cannot be examined")
        }
        let type = status.st_mode & S_IFMT
        guard type == S_IFREG || type == S_IFDIR else {
            close(descriptor)
            throw SyncFailure(.path, "is neither a file nor a folder")
        }
        isFolder = type == S_IFDIR
        size = Int64(status.st_size)
        let seconds = Int64(clamping: status.st_mtim.tv_sec).multipliedReportingOverflow(by: 1000)
        modifiedAt = seconds.overflow ? 0 : seconds.partialValue &+ Int64(status.st_mtim.tv_nsec / 1_000_000)
    }

    deinit {
        close(descriptor)
    }

    /// Opens what a path from the root of the file system names.
    ///
    /// - Throws: `SyncFailure` of code `path`; of `internal` where the process has no descriptors or memory left.
    convenience init(path: [[UInt8]]) throws(SyncFailure) {
        let root = Self.open(AT_FDCWD, Array("/".utf8), Self.pathOnly | O_DIRECTORY)
        guard root >= 0 else { throw SyncFailure(errno: errno, "cannot be opened") }
        defer { close(root) }
        guard let descriptor = try Self.walk(from: root, path) else {
            throw SyncFailure(.path, "the path names nothing any more")
        }
        try self.init(descriptor: descriptor)
    }

    /// Opens what lies in this folder; nil where there is nothing of that name.
    ///
    /// - Throws: as `init(path:)`.
    func open(_ path: [[UInt8]]) throws(SyncFailure) -> (any FileSourceNode)? {
        guard let descriptor = try Self.walk(from: self.descriptor, path) else { return nil }
        return try DiskNode(descriptor: descriptor)
    }

    /// `O_PATH`: of folders on the way only the permission to pass is needed.
    private static let pathOnly: Int32 = 0o10_000_000

    private static func walk(from start: Int32, _ path: [[UInt8]]) throws(SyncFailure) -> Int32? {
        var folder = start
        defer { if folder != start { close(folder) } }
        for name in path.dropLast() {
            let next = open(folder, name, pathOnly | O_DIRECTORY)
            guard next >= 0 else { return try nothing(errno) }
            if folder != start { close(folder) }
            folder = next
        }
        let descriptor = open(folder, path.last ?? [UInt8(ascii: ".")], O_RDONLY | O_NONBLOCK | O_NOCTTY)
        return descriptor >= 0 ? descriptor : try nothing(errno)
    }

    private static func nothing(_ code: Int32) throws(SyncFailure) -> Int32? {
        guard code == ENOENT else { throw SyncFailure(errno: code, "cannot be opened") }
        return nil
    }

    private static func open(_ folder: Int32, _ name: [UInt8], _ flags: Int32) -> Int32 {
        retrying { openat(folder, name.cString, flags | O_NOFOLLOW | O_CLOEXEC) }
    }

    /// Whether this process may read a file of this folder.
    func mayRead(_ name: [UInt8]) -> Bool {
        faccessat(descriptor, name.cString, R_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW) == 0
    }

    /// Reads `count` bytes of a file.
    ///
    /// - Throws: `SyncFailure` of code `path`, also where the file ends before.
    func read(at offset: Int64, count: Int) throws(SyncFailure) -> [UInt8] {
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
        guard failed == 0 else { throw SyncFailure(errno: failed, "cannot be read") }
        guard bytes.count == count else { throw SyncFailure(.path, "a mail file became shorter") }
        return bytes
    }
}

extension DiskNode {
    /// Names in a folder beyond which it is not read.
    private static let largestFolder = 4_000_000

    /// What is in this folder, in the order of the names' bytes.
    ///
    /// - Throws: as `init(path:)`.
    func entries() throws(SyncFailure) -> [FileSourceEntry] {
        let listed = Self.open(descriptor, [UInt8(ascii: ".")], O_RDONLY | O_DIRECTORY)
        guard listed >= 0, let stream = fdopendir(listed) else {
            let code = errno
            if listed >= 0 { close(listed) }
            throw SyncFailure(errno: code, "cannot be listed")
        }
        defer { closedir(stream) }
        var entries: [FileSourceEntry] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = Self.name(of: entry)
            guard name != [UInt8(ascii: ".")], name != Array("..".utf8) else { continue }
            guard entries.count < Self.largestFolder else { throw SyncFailure(.path, "a folder holds too many files") }
            entries.append(FileSourceEntry(name: name, kind: kind(of: name, Int(entry.pointee.d_type))))
        }
        guard errno == 0 else { throw SyncFailure(errno: errno, "cannot be listed") }
        return entries.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    private static func name(of entry: UnsafeMutablePointer<dirent>) -> [UInt8] {
        guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return [] }
        let name = UnsafeRawPointer(entry) + offset
        return Array(UnsafeRawBufferPointer(start: name, count: strlen(name.assumingMemoryBound(to: CChar.self))))
    }

    private func kind(of name: [UInt8], _ type: Int) -> FileSourceEntry.Kind {
        if type == Int(DT_REG) { return .file }
        if type == Int(DT_DIR) { return .folder }
        if type == Int(DT_LNK) { return .link }
        guard type == Int(DT_UNKNOWN) else { return .other }
        var status = stat()
        guard fstatat(descriptor, name.cString, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return .other }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        case S_IFLNK: .link
        default: .other
        }
    }
}

extension [UInt8] {
    fileprivate var cString: [CChar] { map(CChar.init(bitPattern:)) + [0] }
}

extension SyncFailure {
    /// What a system call on a mail file failed of: this machine's own shortage is no fault of the mailbox.
    fileprivate init(errno code: Int32, _ what: String) {
        let isShortage = [EMFILE, ENFILE, ENOMEM].contains(code)
        self.init(isShortage ? .internal : .path, "a mail file or folder \(what): \(String(cString: strerror(code)))")
    }
}

private func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}
