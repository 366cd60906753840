import Crypto
package import Foundation
import Glibc
import MailVault
import MailkeepKeys
import MailkeepModel
import MailkeepStore
import MailkeepSync

/// Writes a consistent copy of the whole data directory as one tar file, while everything goes on (for administrators).
///
/// First the database is copied as it stands at one moment, then the vault's segments as long as they are by then: bytes
/// are durable in the vault before a row names them, so that every row of the copy finds its bytes. The keys go along
/// only where that is asked for, without a master key that is given from outside, and with them a configuration file that lies in the data directory, as it may hold
/// secrets in clear.
package struct TakeSnapshot: UseCase {
    /// How far it has come, in bytes.
    package struct Progress: Sendable, Equatable {
        package var done: Int64
        package var total: Int64
    }

    package var includesKeys: Bool
    /// The configuration file of this process, wherever it lies.
    package var configuration: String?
    package var write: @Sendable (Data) async throws -> Void
    package var onProgress: @Sendable (Progress) async throws -> Void

    package init(
        includesKeys: Bool,
        configuration: String? = nil,
        write: @escaping @Sendable (Data) async throws -> Void,
        onProgress: @escaping @Sendable (Progress) async throws -> Void = { _ in }
    ) {
        self.includesKeys = includesKeys
        self.configuration = configuration
        self.write = write
        self.onProgress = onProgress
    }

    private static let piece = 256 << 10

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> SnapshotShape {
        // Before the first byte leaves, as whoever takes it may go away before the last.
        let begun = AuditedAction(name: "snapshot", details: ["keys": "\(includesKeys)"])
        try await mailkeep.act(begun, as: caller) { _, actor in
            try PagePolicy.use(actor: actor).enforce()
            return (.done, ())
        }
        let shape = try await mailkeep.retention.retaining {
            do {
                return try await TemporaryFolder(in: mailkeep.directory.path).withFile { copy in
                    try await mailkeep.store.copy(to: copy)
                    return try await write(copyAt: copy, of: mailkeep)
                }
            } catch let error as SnapshotFileError {
                throw error.failure
            }
        }
        let done = AuditedAction(
            name: "snapshot.taken",
            details: ["keys": "\(includesKeys)", "files": "\(shape.files)", "bytes": "\(shape.bytes)"]
        )
        return try await mailkeep.act(done, as: caller) { _, _ in (.done, shape) }
    }

    private func write(copyAt copy: String, of mailkeep: Mailkeep) async throws -> SnapshotShape {
        // Longer than at the moment of the copy is no harm: what no row names is what a crash leaves.
        try mailkeep.vault.sync()
        var files = try [Source(SnapshotPath.database, at: copy)]
        files += try Self.segments(in: mailkeep.directory)
        let state = try await mailkeep.store.read {
            (
                uploads: try $0.uploadedFiles(), organization: try $0.organizationName() ?? "",
                schema: try $0.appliedMigrations()
            )
        }
        // A backup that is completed meanwhile has its upload removed: those that are open stay readable.
        files += try state.uploads.sorted().compactMap {
            try Source(opening: "uploads/\($0)", at: "\(mailkeep.directory.path)/uploads/\($0)")
        }
        if includesKeys, let configuration = try configuration(in: mailkeep.directory) { files.append(configuration) }
        let now = mailkeep.clock()
        let header = SnapshotHeader(
            organization: state.organization,
            taken_time: now.iso8601,
            schema: state.schema,
            keys_included: includesKeys,
            master_key_outside: mailkeep.hasGivenMasterKey,
            public_key: Data(mailkeep.keys.signer.publicKey).base64EncodedString()
        )
        let total = files.reduce(0) { $0 + $1.size }
        var writer = try Writer(
            archive: ArchiveWriter(.tar, write: write),
            date: Date(timeIntervalSince1970: Double(now.rawValue) / 1000),
            progress: Progress(done: 0, total: total)
        )
        try await writer.add(SnapshotHeader.path, JSONEncoder.sorted.encode(header))
        if includesKeys {
            for (name, bytes) in try mailkeep.withKeyFiles({ try KeyRing.files(in: $0, master: $1) }) {
                try await writer.add("keys/\(name)", Data(bytes))
            }
        }
        for file in files { try await writer.add(file, onProgress) }
        let manifest = SnapshotManifest(parts: writer.parts)
        let bytes = try JSONEncoder.sorted.encode(manifest)
        let signature = try mailkeep.keys.signer.sign(Data(SHA256.hash(data: bytes)))
        try await writer.add(SnapshotManifest.path, bytes)
        try await writer.add(SnapshotManifest.signaturePath, Data(Data(signature).base64EncodedString().utf8))
        try await writer.archive.finish()
        return SnapshotShape(header, manifest)
    }

    /// The vault's segments as long as they are now.
    private static func segments(in directory: DataDirectory) throws -> [Source] {
        try DataDirectory.entries(of: directory.vault).filter { $0.hasSuffix(".seg") }.sorted()
            .map { try Source("vault/\($0)", at: "\(directory.vault)/\($0)") }
    }

    /// The configuration file, where it lies in the data directory.
    private func configuration(in directory: DataDirectory) throws -> Source? {
        guard let configuration else { return nil }
        let file = URL(filePath: configuration).resolvingSymlinksInPath()
        let path = "\(SnapshotPath.configurationFolder)/\(file.lastPathComponent)"
        let folder = URL(filePath: directory.path).resolvingSymlinksInPath().path
        guard file.deletingLastPathComponent().path == folder, SnapshotPath.isKnown(path) else { return nil }
        return try Source(opening: path, at: file.path)
    }

    /// A file that is to go along.
    private struct Source {
        let path: String
        let place: String
        let size: Int64
        var file: SnapshotFile?

        /// One that stays where it is, and is opened when its turn comes: of segments there may be thousands.
        init(_ path: String, at place: String) throws {
            guard let file = try SnapshotFile(place) else { throw SnapshotFileError(ENOENT) }
            (self.path, self.place, size) = (path, place, file.size)
        }

        /// One that may be removed; nil where it is gone already.
        init?(opening path: String, at place: String) throws {
            guard let file = try SnapshotFile(place) else { return nil }
            (self.path, self.place, size, self.file) = (path, place, file.size, file)
        }

        func open() throws -> SnapshotFile {
            guard let file = try file ?? SnapshotFile(place) else { throw SnapshotFileError(ENOENT) }
            return file
        }
    }

    /// The archive being written, and what it holds so far.
    private struct Writer {
        let archive: ArchiveWriter
        let date: Date
        var progress: Progress
        var parts: [SnapshotManifest.Part] = []

        init(archive: ArchiveWriter, date: Date, progress: Progress) {
            self.archive = archive
            self.date = date
            self.progress = progress
        }

        mutating func add(_ path: String, _ bytes: Data) async throws {
            try await archive.addFile(path, bytes, modifiedAt: date)
            note(path, Int64(bytes.count), SHA256.hash(data: bytes))
        }

        mutating func add(
            _ source: Source,
            _ onProgress: (Progress) async throws -> Void
        ) async throws {
            let file = try source.open()
            try await archive.beginFile(source.path, size: source.size, modifiedAt: date)
            var hash = SHA256()
            var done: Int64 = 0
            while done < source.size {
                try Task.checkCancellation()
                let bytes = try file.read(at: done, count: Int(min(Int64(TakeSnapshot.piece), source.size - done)))
                hash.update(data: bytes)
                try await archive.append(bytes)
                done += Int64(bytes.count)
                progress.done += Int64(bytes.count)
                try await onProgress(progress)
            }
            note(source.path, source.size, hash.finalize())
        }

        private mutating func note(_ path: String, _ size: Int64, _ digest: SHA256.Digest) {
            parts.append(SnapshotManifest.Part(path: path, size: size, sha256: Data(digest).hex))
        }
    }
}
