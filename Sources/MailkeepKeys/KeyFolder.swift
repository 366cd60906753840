import FoundationEssentials
import Glibc

/// The folder `keys` of a data directory: small files, written durably, for their owner alone.
struct KeyFolder {
    enum File: String {
        case master
        /// The master to be, while a rotation is under way.
        case nextMaster = "master.next"
        case keyring
        /// The keyring under a master key that is to be given from outside, until that has come.
        case nextKeyring = "keyring.next"
    }

    let path: String

    /// The folder as it stands; throws where it is missing or others can reach it.
    init(in directory: URL) throws(KeyError) {
        path = Self.path(in: directory)
        var status = stat()
        guard lstat(path, &status) == 0 else {
            throw Self.failure("There are no keys at \(path).", path: path)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw KeyError(.damaged, "\(path) is not a directory.", path: path)
        }
        try Self.checkOwner(of: status, path: path, mode: "700")
    }

    /// The folder, made with mode 0700 if it is missing.
    static func create(in directory: URL) throws(KeyError) -> KeyFolder {
        let path = path(in: directory)
        if mkdir(path, 0o700) == 0 {
            try sync(directory: directory.path)
        } else if errno == ENOENT {
            let path = directory.path
            throw KeyError(.missing, "The data directory \(path) does not exist.", path: path, errno: ENOENT)
        } else if errno != EEXIST {
            throw failure("\(path) could not be made.", path: path)
        }
        return try KeyFolder(in: directory)
    }

    func path(of file: File) -> String { "\(path)/\(file.rawValue)" }

    /// Whether the file is there, in whatever state.
    func holds(_ file: File) -> Bool {
        var status = stat()
        return lstat(path(of: file), &status) == 0
    }

    /// Reads a file of at most 4096 bytes; throws where others can reach it.
    func read(_ file: File) throws(KeyError) -> [UInt8] {
        let path = path(of: file)
        let descriptor = retrying { Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) }
        guard descriptor >= 0 else { throw Self.failure("\(path) cannot be opened.", path: path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= 4096 else {
            throw KeyError(.damaged, "\(path) is not a key file.", path: path)
        }
        try Self.checkOwner(of: status, path: path, mode: "600")
        var bytes = [UInt8](repeating: 0, count: 4096)
        var count = 0
        while count < bytes.count {
            let start = count
            let read = bytes.withUnsafeMutableBytes { buffer in
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[start...])
                return retrying { Glibc.read(descriptor, rest.baseAddress, rest.count) }
            }
            guard read >= 0 else { throw Self.failure("\(path) cannot be read.", path: path) }
            if read == 0 { break }
            count += read
        }
        return Array(bytes.prefix(count))
    }

    /// Writes a file durably and at once: after a crash either the old bytes or the new ones are there.
    func write(_ bytes: [UInt8], to file: File) throws(KeyError) {
        let path = path(of: file)
        let temporary = "\(path).tmp"
        unlink(temporary)
        let descriptor = retrying { Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
        guard descriptor >= 0 else { throw Self.failure("\(path) could not be written.", path: path) }
        let isWritten = Self.writeAll(bytes, to: descriptor) && retrying { fsync(descriptor) } == 0
        let failed = errno
        close(descriptor)
        guard isWritten else {
            unlink(temporary)
            throw KeyError(.ioFailed, "\(path) could not be written: \(Self.words(failed)).", path: path, errno: failed)
        }
        try rename(from: temporary, to: path)
    }

    /// Puts one file durably in the place of another.
    func rename(_ file: File, to other: File) throws(KeyError) {
        try rename(from: path(of: file), to: path(of: other))
    }

    /// Takes a file durably away, where it is there.
    func remove(_ file: File) throws(KeyError) {
        guard unlink(path(of: file)) == 0 || errno == ENOENT else {
            throw Self.failure("\(path(of: file)) could not be removed.", path: path(of: file))
        }
        try Self.sync(directory: path)
    }

    private func rename(from old: String, to new: String) throws(KeyError) {
        guard Glibc.rename(old, new) == 0 else { throw Self.failure("\(new) could not be written.", path: new) }
        try Self.sync(directory: path)
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { buffer in
                retrying { Glibc.write(descriptor, buffer.baseAddress, buffer.count) }
            }
            guard written > 0 else { return false }
            rest = rest.dropFirst(written)
        }
        return true
    }

    private static func path(in directory: URL) -> String { directory.appending(path: "keys").path }

    private static func sync(directory: String) throws(KeyError) {
        let descriptor = retrying { Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw failure("\(directory) cannot be opened.", path: directory) }
        defer { close(descriptor) }
        guard retrying({ fsync(descriptor) }) == 0 else {
            throw failure("\(directory) could not be made durable.", path: directory)
        }
    }

    private static func checkOwner(of status: stat, path: String, mode: String) throws(KeyError) {
        guard status.st_uid == geteuid() else {
            throw KeyError(
                .permissions,
                "\(path) belongs to the user with id \(status.st_uid), not to the one who runs Mailkeep.",
                path: path
            )
        }
        guard status.st_mode & 0o077 == 0 else {
            throw KeyError(.permissions, "Others can reach \(path). Run: chmod \(mode) '\(path)'", path: path)
        }
    }

    private static func failure(_ what: String, path: String) -> KeyError {
        let number = errno
        return switch number {
        case ENOENT:
            KeyError(
                .missing,
                "\(what) Restore the keys from a snapshot that contains them.",
                path: path,
                errno: number
            )
        case EACCES, EPERM:
            KeyError(
                .permissions,
                "\(what) Run Mailkeep as the user who owns the data directory.",
                path: path,
                errno: number
            )
        case ELOOP:
            KeyError(.damaged, "\(path) is a symbolic link; keys must be files.", path: path, errno: number)
        default:
            KeyError(.ioFailed, "\(what) The operating system says: \(words(number)).", path: path, errno: number)
        }
    }

    private static func words(_ number: Int32) -> String { String(cString: strerror(number)) }
}

/// Calls again while a signal interrupts.
private func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}
