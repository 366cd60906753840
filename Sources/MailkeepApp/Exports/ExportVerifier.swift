import Crypto
import Foundation
import Glibc
import MailkeepKeys
import MailkeepSync

/// Proves an export by a public key and nothing else: neither a server nor a data directory.
///
/// No word of the documents is believed before their signatures hold. What it keeps in memory is about a hundred bytes
/// for each mail.
package struct ExportVerifier {
    private let path: String
    private let keys: [PublicKey]

    /// - Parameters:
    ///   - path: absolute, and without symbolic links.
    ///   - keys: one public key or several (PEM), any of which may have signed.
    /// - Throws: `AppError` (`exportKey`).
    package init(path: String, keys text: String) throws {
        self.path = path
        keys = PublicKey.all(inPEM: text)
        guard !keys.isEmpty else { throw AppError(.exportKey) }
    }

    /// Reads all of the export.
    ///
    /// - Throws: `AppError` (`exportUnreadable`) for what is no export, or a part of one; `CancellationError`.
    package nonisolated(nonsending) func verify() async throws -> ExportVerification {
        let reader = try await open()
        do {
            var run = ExportVerificationRun(reader, keys: keys)
            return try run.verify()
        } catch is ExportDamage {
            throw AppError(.exportUnreadable)
        }
    }

    private nonisolated(nonsending) func open() async throws -> any ExportReader {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            let file = FileHandle(forReadingAtPath: path), let head = try? file.read(upToCount: 5)
        else { throw AppError(.exportUnreadable) }
        if head.starts(with: Data([0x50, 0x4B, 0x03, 0x04])) {
            return try ZipExportReader(path: path, size: Int64(status.st_size))
        }
        guard head == Data("From ".utf8) else { throw AppError(.exportUnreadable) }
        return try await MboxExportReader(path: path)
    }
}

/// One reading of an export.
private struct ExportVerificationRun {
    private let reader: any ExportReader
    private let keys: [PublicKey]
    private var result: ExportVerification
    /// What the list names: of a zip file by the SHA-256 of each path, of an mbox file by that of each mail.
    private var listed = DigestTable<(sha256: MailDigest, size: Int64)>([])
    /// The messages of the manifest, or, where there is none, of the list.
    private var named = DigestTable<Void>([MailDigest]())
    /// Where mails stand in an mbox file that the list does not name.
    private var unlisted: Set<Int64> = []

    init(_ reader: any ExportReader, keys: [PublicKey]) {
        self.reader = reader
        self.keys = keys
        result = ExportVerification(format: reader.format)
    }

    mutating func verify() throws -> ExportVerification {
        guard let key = try signer(of: .list, by: .listSignature) else {
            result.fault = .signature
            return result
        }
        result.fingerprint = key.fingerprint
        do {
            try readList()
            if result.kind == ExportHeader.Kind.backup.rawValue { try readManifest() }
        } catch is ManifestMalformed {
            result.fault = .root
        }
        guard result.fault == nil else { return result }
        try reader.forEachFile { place, next in
            try Task.checkCancellation()
            try self.check(place, next)
        }
        if try !namesKey(key) { result.foreign.append(ExportDocument.publicKey.rawValue) }
        if result.kind == ExportHeader.Kind.backup.rawValue { result.not_included = named.missing }
        if listed.missing > 0 { try tellMissing() }
        for offset in unlisted.sorted() { result.foreign.append(ExportPlace.offset(offset).name) }
        return result
    }

    /// The key that signed a document.
    ///
    /// - Throws: `AppError` (`exportUnreadable`) where either is not there.
    private func signer(of document: ExportDocument, by signature: ExportDocument) throws -> PublicKey? {
        guard let next = try reader.document(document), let signed = try reader.document(signature) else {
            throw AppError(.exportUnreadable)
        }
        var (digest, text) = (SHA256(), Data())
        while let piece = try next() { digest.update(data: piece) }
        while text.count < 1024, let piece = try signed() { text.append(piece.prefix(1024)) }
        let line = String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        let signedBytes = Data(digest.finalize())
        return Data(base64Encoded: line).flatMap { signature in
            keys.first { $0.isValid(signature, for: signedBytes) }
        }
    }

    /// Whether the key that goes along, if there is one, is that which signed: it proves nothing, and must not mislead.
    private func namesKey(_ key: PublicKey) throws -> Bool {
        guard let next = try reader.document(.publicKey) else { return true }
        var text = Data()
        do {
            while text.count < 64 << 10, let piece = try next() { text.append(piece) }
        } catch is ExportDamage {
            return false
        }
        return PublicKey.all(inPEM: String(decoding: text, as: UTF8.self)) == [key]
    }

    /// Reads what the list names.
    private mutating func readList() throws {
        guard let next = try reader.document(.list) else { throw ManifestMalformed() }
        var lines = ManifestLines<ExportedFile>(next)
        var (tree, rows) = (MerkleTree(), [(key: MailDigest, value: (sha256: MailDigest, size: Int64))]())
        while let line = try lines.next() {
            guard let sha256 = MailDigest(hex: line.sha256), let key = Self.key(of: line, sha256) else {
                throw ManifestMalformed()
            }
            tree.append(sha256.bytes)
            rows.append((key, (sha256, line.size)))
        }
        let totals = try lines.totals()
        let header = try lines.header(ExportHeader.self, format: ExportHeader.listFormat)
        guard totals.root == tree.root.hex, totals.messages == rows.count, header.format == reader.format else {
            throw ManifestMalformed()
        }
        if header.kind != .backup { named = DigestTable(rows.map(\.value.sha256)) }
        listed = DigestTable(rows)
        result.kind = header.kind.rawValue
        result.organization = header.organization
        result.backup_id = header.backup_id
        result.of = header.record.map { "\($0.module) \($0.id)" } ?? header.user?.email
        result.exported_by = header.exported_by.email
        result.exported_time = header.exported_time
    }

    private static func key(of line: ExportedFile, _ sha256: MailDigest) -> MailDigest? {
        line.path.map(key(ofPath:)) ?? sha256
    }

    private static func key(ofPath path: String) -> MailDigest? {
        MailDigest(SHA256.hash(data: Data(path.utf8)).map { $0 })
    }

    /// Reads what the manifest of the backup names.
    private mutating func readManifest() throws {
        guard let next = try reader.document(.manifest), try reader.document(.manifestSignature) != nil else {
            result.fault = .noManifest
            return
        }
        guard try signer(of: .manifest, by: .manifestSignature) != nil else {
            result.fault = .manifestSignature
            return
        }
        var lines = ManifestLines<ManifestMessage>(next)
        var (tree, digests) = (MerkleTree(), [MailDigest]())
        while let message = try lines.next() {
            guard let sha256 = MailDigest(hex: message.sha256) else { throw ManifestMalformed() }
            tree.append(sha256.bytes)
            digests.append(sha256)
        }
        let totals = try lines.totals()
        let header = try lines.header(ManifestHeader.self, format: ManifestWriter.format)
        guard totals.root == tree.root.hex, totals.messages == digests.count else { throw ManifestMalformed() }
        guard header.backup_id == result.backup_id, header.organization == result.organization else {
            result.fault = .otherManifest
            return
        }
        named = DigestTable(digests)
    }

    private mutating func check(_ place: ExportPlace, _ next: (() throws -> Data?)?) throws {
        guard let next else { return result.foreign.append(place.name) }
        switch place {
        case .path(let path):
            guard let key = Self.key(ofPath: path), let file = listed.find(key), file.isNew else {
                return result.foreign.append(place.name)
            }
            guard let read = try Self.digest(next, upTo: file.value.size), read.sha256 == file.value.sha256 else {
                return result.damaged.append(place.name)
            }
            prove(place, read)
        case .offset(let offset):
            guard let read = try Self.digest(next, upTo: .max) else { return result.damaged.append(place.name) }
            if listed.find(read.sha256)?.isNew == true { prove(place, read) } else { unlisted.insert(offset) }
        }
    }

    /// Counts a mail that is the list's, unless the manifest does not name it.
    private mutating func prove(_ place: ExportPlace, _ read: (sha256: MailDigest, size: Int64)) {
        guard let message = named.find(read.sha256) else { return result.foreign.append(place.name) }
        guard message.isNew else { return }
        result.messages += 1
        result.bytes = result.bytes.addingReportingOverflow(read.size).partialValue
    }

    /// The SHA-256 of what there is to read; nil where that is damaged, or more than it should be.
    private static func digest(
        _ next: () throws -> Data?,
        upTo size: Int64
    ) throws -> (sha256: MailDigest, size: Int64)? {
        var (digest, count) = (SHA256(), Int64(0))
        do {
            while let piece = try next() {
                digest.update(data: piece)
                count += Int64(piece.count)
                guard count <= size else { return nil }
            }
        } catch is ExportDamage {
            return nil
        }
        return MailDigest(digest.finalize().map { $0 }).map { ($0, count) }
    }

    /// Reads the list once more, for the names of what was not found.
    ///
    /// What stands in an mbox file where the list names another mail was that one.
    private mutating func tellMissing() throws {
        guard let next = try reader.document(.list) else { return }
        var lines = ManifestLines<ExportedFile>(next)
        while let line = try lines.next() {
            guard let sha256 = MailDigest(hex: line.sha256), let key = Self.key(of: line, sha256),
                listed.find(key)?.isNew == true
            else { continue }
            if let offset = line.offset, unlisted.remove(offset) != nil {
                result.damaged.append(ExportPlace.offset(offset).name)
            } else {
                result.missing.append(line.path ?? line.sha256)
            }
        }
    }
}
