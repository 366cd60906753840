import Crypto
import Foundation
import Glibc
import MailVault
package import MailkeepKeys
package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// Makes a data directory of a snapshot.
///
/// All of it is written beside the place where it is to be, checked there by its SHA-256, its signature and its keys, and
/// gets its name as the last step: what is not whole is never a data directory. Whoever may make one is asked nothing
/// else, as with `init`.
package struct RestoreSnapshot: Sendable {
    package var file: String
    package var directory: String
    /// A folder with the files `master` and `keyring`, in place of those in the snapshot.
    package var keys: String?
    /// The master key, where it is given from outside and not in either place.
    package var masterKey: MasterKey?

    package init(file: String, directory: String, keys: String? = nil, masterKey: MasterKey? = nil) {
        self.file = file
        self.directory = directory
        self.keys = keys
        self.masterKey = masterKey
    }

    private static let mostHeaderBytes = 1 << 20
    private static let mostManifestBytes = 512 << 20

    /// - Parameter origin: the way in, and the operating system's user.
    /// - Throws: `AppError` (`snapshotNone`, `snapshotUnreadable`, `snapshotDamaged`, `snapshotNewer`,
    ///   `snapshotKeysNeeded`, `snapshotMasterKeyNeeded`, `snapshotOtherKeys`), `DataDirectoryError`, `KeyError`,
    ///   `SyncFailure`.
    package func run(origin: String, at now: Timestamp = .now()) async throws -> SnapshotShape {
        let reader = try SnapshotReader(file)
        let (header, headerPart) = try readHeader(reader)
        let place = try RestoredDirectory(directory)
        do {
            let manifest = try unpack(reader, header, headerPart, into: place)
            try await open(place, header, manifest, origin: origin, at: now)
            try place.commit()
            return SnapshotShape(header, manifest)
        } catch let error as SnapshotFileError {
            throw error.failure
        }
    }

    private func readHeader(_ reader: SnapshotReader) throws -> (SnapshotHeader, SnapshotManifest.Part) {
        // Of what is no snapshot at all, nothing else needs to be told.
        guard (try? reader.next()) == SnapshotHeader.path else { throw noSnapshot }
        let bytes = try reader.content(limit: Self.mostHeaderBytes)
        guard let header = try? JSONDecoder().decode(SnapshotHeader.self, from: bytes) else {
            let format = try? JSONDecoder().decode(Format.self, from: bytes)
            throw format.map { _ in AppError(.snapshotNewer) } ?? noSnapshot
        }
        guard header.format == SnapshotHeader.format, Set(header.schema).isSubset(of: Store.migrations) else {
            throw AppError(.snapshotNewer)
        }
        guard header.keys_included || keys != nil else { throw AppError(.snapshotKeysNeeded) }
        let digest = Data(SHA256.hash(data: bytes)).hex
        return (header, .init(path: SnapshotHeader.path, size: Int64(bytes.count), sha256: digest))
    }

    private struct Format: Decodable {
        let format: String
    }

    private var noSnapshot: AppError { AppError(.snapshotNone, ["file": file.forMessages]) }

    /// Writes all files, and compares them with the manifest.
    private func unpack(
        _ reader: SnapshotReader,
        _ header: SnapshotHeader,
        _ headerPart: SnapshotManifest.Part,
        into place: RestoredDirectory
    ) throws -> SnapshotManifest {
        var found = [headerPart.path: headerPart]
        var manifest: Data?
        var signature: Data?
        while let path = try reader.next() {
            // The end is the end.
            guard signature == nil, (path == SnapshotManifest.signaturePath) == (manifest != nil) else {
                throw damaged(path)
            }
            switch path {
            case SnapshotManifest.path: manifest = try reader.content(limit: Self.mostManifestBytes)
            case SnapshotManifest.signaturePath:
                signature = Data(base64Encoded: try reader.content(limit: Self.mostHeaderBytes))
            default:
                let output = try place.makeFile(path)
                var hash = SHA256()
                var size: Int64 = 0
                try reader.content { piece in
                    hash.update(bufferPointer: piece)
                    size += Int64(piece.count)
                    try output.write(piece)
                }
                try output.finish()
                found[path] = SnapshotManifest.Part(path: path, size: size, sha256: Data(hash.finalize()).hex)
            }
        }
        guard let manifest, let signature else { throw damaged(SnapshotManifest.path) }
        guard let publicKey = Data(base64Encoded: header.public_key),
            Signer.isValid(signature, for: Data(SHA256.hash(data: manifest)), publicKey: publicKey),
            let named = try? JSONDecoder().decode(SnapshotManifest.self, from: manifest)
        else { throw damaged(SnapshotManifest.path) }
        for part in named.parts where found[part.path] != part { throw damaged(part.path) }
        guard named.parts.count == found.count, found[SnapshotPath.database] != nil else {
            throw damaged(SnapshotManifest.path)
        }
        return named
    }

    private func damaged(_ part: String) -> AppError { AppError(.snapshotDamaged, ["part": part.forMessages]) }

    /// Opens the directory as a process that owns it does, and ends what must not outlive the moment of the snapshot.
    private func open(
        _ place: RestoredDirectory,
        _ header: SnapshotHeader,
        _ manifest: SnapshotManifest,
        origin: String,
        at now: Timestamp
    ) async throws {
        // No file is made of a master key that is given.
        let needed = SnapshotPath.keys.filter { masterKey == nil || $0 != SnapshotPath.masterKey }
        if let keys {
            for name in needed { try place.takeKey(name, from: keys) }
        } else {
            for name in needed where !manifest.parts.contains(where: { $0.path == name }) {
                guard name == SnapshotPath.masterKey, header.master_key_outside == true else { throw damaged(name) }
                throw AppError(.snapshotMasterKeyNeeded)
            }
        }
        let folder = URL(filePath: place.path)
        let ring = try KeyRing.open(in: folder, master: masterKey)
        guard Data(ring.signer.publicKey).base64EncodedString() == header.public_key else {
            throw AppError(.snapshotOtherKeys)
        }
        let store = try Store(path: "\(place.path)/\(SnapshotPath.database)", keys: ring)
        do {
            _ = try SegmentVault(in: folder, keys: ring, store: store)
            let uploads = Set(
                manifest.parts.map(\.path).filter { $0.hasPrefix("uploads/") }.map { String($0.dropFirst(8)) }
            )
            let details = ["taken": header.taken_time, "keys": keys == nil ? "snapshot" : "given"]
            try await store.write { transaction in
                try transaction.endAllSignIns(at: now)
                try transaction.endAllDeliveries()
                try transaction.detachUploads(notAmong: uploads)
                try transaction.releaseAllJobs()
                let action = AuditedAction(name: "restore", details: details)
                try transaction.appendAudit(AuditEntry(action, origin: origin, at: now))
            }
        } catch let error as VaultError where error.code == .wrongKey {
            try store.close()
            throw AppError(.snapshotOtherKeys)
        } catch {
            try store.close()
            throw error
        }
        try store.close()
    }
}
