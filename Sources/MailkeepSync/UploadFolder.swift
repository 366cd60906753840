import Foundation
import Glibc
package import MailkeepKeys
package import MailkeepStore
import Synchronization

/// The folder of a data directory in which uploaded backup sources lie, sealed (L9).
///
/// A file that no row of the database names is none of anybody's: it is what an upload left that broke off, or a source
/// that has served, and is removed by `sweep`.
package final class UploadFolder: Sendable {
    let path: String
    private let directory: String
    let sealer: Sealer
    /// Files that are being written, or were and are about to be named by a row.
    private let open = Mutex<Set<String>>([])

    /// - Parameter directory: the data directory.
    package init(in directory: String, keys: KeyRing) {
        self.directory = directory
        path = "\(directory)/uploads"
        sealer = keys.sealer(for: .vault)
    }

    /// Begins a file, in a folder that only the owner may enter.
    ///
    /// - Throws: `SyncFailure` (`disk`, `storage`).
    package func begin() throws -> UploadWriter {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw SyncFailure(uploading: errno) }
        try Self.sync(directory)
        let name = UUID().uuidString.lowercased()
        open.withLock { _ = $0.insert(name) }
        do {
            return try UploadWriter(name: name, folder: self)
        } catch {
            open.withLock { _ = $0.remove(name) }
            throw error
        }
    }

    /// Makes names in a directory durable.
    static func sync(_ directory: String) throws {
        let descriptor = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SyncFailure(uploading: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SyncFailure(uploading: errno) }
    }

    /// Says that a file is named by a row, or is to be removed.
    func end(_ name: String) {
        open.withLock { _ = $0.remove(name) }
    }

    /// Removes a file; one that is not there is removed already.
    func remove(_ name: String) {
        unlink("\(path)/\(name)")
    }

    /// Removes every file that is not among `named` and that nobody writes.
    ///
    /// - Parameter named: is asked for once the files are listed, so that none that is written meanwhile is missed.
    /// - Throws: what `named` throws, and `SyncFailure` of code `storage`.
    package func sweep(named: @Sendable () async throws -> Set<String>) async throws {
        let files: [String]
        do {
            files = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch CocoaError.fileReadNoSuchFile, CocoaError.fileNoSuchFile {
            return
        } catch {
            throw SyncFailure(.storage, "the folder of uploads cannot be listed", cause: error)
        }
        guard !files.isEmpty else { return }
        let written = open.withLock { $0 }
        let kept = try await named().union(written)
        for file in files where !kept.contains(file) { remove(file) }
    }

    /// Compares what lies in the folder with what rows name.
    ///
    /// - Returns: how many files nothing names and nobody writes, and how many that are named are not there.
    /// - Throws: `SyncFailure` of code `storage`.
    package func compare(with named: Set<String>) throws -> (orphaned: Int, missing: Int) {
        let files: Set<String>
        do {
            files = Set(try FileManager.default.contentsOfDirectory(atPath: path))
        } catch CocoaError.fileReadNoSuchFile, CocoaError.fileNoSuchFile {
            files = []
        } catch {
            throw SyncFailure(.storage, "the folder of uploads cannot be listed", cause: error)
        }
        let written = open.withLock { $0 }
        return (files.subtracting(named).subtracting(written).count, named.subtracting(files).count)
    }

    /// What an upload holds, to be read like files of this machine.
    ///
    /// - Throws: `SyncFailure` of code `path` where it is gone or damaged.
    package func source(_ upload: StoredUpload) throws -> any MailSource {
        UploadSource(root: try UploadNode.root(of: upload, in: UploadReader(upload, in: self)), identity: upload.file)
    }
}

extension SyncFailure {
    /// What a system call on the file of an upload failed of.
    init(uploading code: Int32) {
        self.init(
            code == ENOSPC || code == EDQUOT ? .disk : .storage,
            "an upload cannot be kept: \(String(cString: strerror(code)))"
        )
    }
}

/// An upload as a mailbox.
struct UploadSource: MailSource {
    let root: any FileSourceNode
    /// Each upload is a copy of its own.
    let identity: String
    let isLive = false

    nonisolated(nonsending) func withSession(
        _ body: nonisolated(nonsending) (any MailSession) async throws -> Void
    ) async throws {
        try await body(FileSourceSession(root: root, identity: identity))
    }
}
