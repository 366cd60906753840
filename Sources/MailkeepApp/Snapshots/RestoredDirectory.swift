import Foundation
import Glibc
import MailkeepSync

/// A data directory that is being made beside the place where it is to be.
///
/// It is removed with the last reference, unless it was committed; what a crash left is removed by the next one.
final class RestoredDirectory {
    /// Where it is being made.
    let path: String
    private let destination: String
    private let held: DataDirectory
    private var isCommitted = false

    /// - Parameter destination: is empty or absent.
    /// - Throws: `DataDirectoryError`.
    init(_ destination: String) throws {
        let url = URL(filePath: destination).standardizedFileURL
        self.destination = url.path
        let (parent, name) = (url.deletingLastPathComponent().path, url.lastPathComponent)
        if access(url.path, F_OK) == 0 {
            try DataDirectory.check(url.path)
            guard try DataDirectory.entries(of: url.path).isEmpty else {
                throw DataDirectoryError(.notEmpty, path: destination)
            }
        }
        try DataDirectory.makeDirectory(parent)
        let prefix = ".\(name).restoring-"
        for left in try DataDirectory.entries(of: parent) where left.hasPrefix(prefix) {
            // One that another process is at is held by it.
            guard let lock = try? DataDirectory.take("\(parent)/\(left)") else { continue }
            try? FileManager.default.removeItem(atPath: "\(parent)/\(left)")
            Glibc.close(lock)
        }
        path = "\(parent)/\(prefix)\(UUID().uuidString.lowercased())"
        held = try DataDirectory.create(at: path)
    }

    deinit {
        if !isCommitted { try? FileManager.default.removeItem(atPath: path) }
        held.close()
    }

    /// Begins a file of the snapshot; of the header nothing is kept.
    func makeFile(_ snapshotPath: String) throws -> RestoredFile {
        try RestoredFile(try place(of: snapshotPath))
    }

    /// Takes a key file from another folder.
    ///
    /// - Parameter snapshotPath: what it is called in a snapshot.
    func takeKey(_ snapshotPath: String, from folder: String) throws {
        let name = URL(filePath: snapshotPath).lastPathComponent
        guard let file = try? SnapshotFile("\(folder)/\(name)"), file.size <= 4096 else {
            throw AppError(.snapshotKeysUnreadable, ["file": "\(folder)/\(name)".forMessages])
        }
        let target = try place(of: snapshotPath)
        unlink(target)
        let output = try RestoredFile(target)
        try file.read(at: 0, count: Int(file.size)).withUnsafeBytes { try output.write($0) }
        try output.finish()
    }

    private func place(of snapshotPath: String) throws -> String {
        let parts = snapshotPath.split(separator: "/")
        guard let name = parts.last else { throw SnapshotFileError(EINVAL) }
        guard parts.count == 2, parts[0] != SnapshotPath.configurationFolder else { return "\(path)/\(name)" }
        try DataDirectory.makeDirectory("\(path)/\(parts[0])")
        return "\(path)/\(snapshotPath)"
    }

    /// Makes all of it durable, and gives it its name.
    func commit() throws {
        for folder in ["vault", "keys", "uploads"] where access("\(path)/\(folder)", F_OK) == 0 {
            try DataDirectory.sync("\(path)/\(folder)")
        }
        try DataDirectory.sync("\(path)/\(SnapshotPath.database)")
        try DataDirectory.sync(path)
        guard rename(path, destination) == 0 else {
            throw errno == ENOTEMPTY || errno == EEXIST
                ? DataDirectoryError(.notEmpty, path: destination) : DataDirectory.failure(destination)
        }
        isCommitted = true
        try DataDirectory.sync(URL(filePath: destination).deletingLastPathComponent().path)
    }
}

/// A file of a directory that is being restored, for its owner alone.
final class RestoredFile {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SnapshotFileError(errno) }
    }

    deinit {
        Glibc.close(descriptor)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if errno != EINTR {
                throw SnapshotFileError(errno)
            }
        }
    }

    /// Makes it durable.
    func finish() throws {
        guard fsync(descriptor) == 0 else { throw SnapshotFileError(errno) }
    }
}
