import Foundation
import MailVault
import MailkeepKeys
import Synchronization

/// A data directory with keys, in which vaults can be opened one after the other.
final class VaultFixture: Sendable {
    let directory = TemporaryDirectory()
    let keys: KeyRing
    private let index = Mutex<[VaultEntryID: VaultLocation]>([:])

    init() throws {
        keys = try KeyRing.create(in: directory.url)
    }

    func open(
        segmentSize: Int64 = 256 << 20,
        durable: VaultLocation? = nil,
        calls: SystemCalls = .live
    ) throws -> SegmentVault {
        // A program that another test starts holds what was just closed until it is itself.
        let open = {
            try SegmentVault(
                in: self.directory.url,
                keys: self.keys,
                durable: durable,
                segmentSize: segmentSize,
                calls: calls,
                index: { [self] id in index.withLock { $0[id] } }
            )
        }
        for _ in 0..<3000 {
            let vault = Result(catching: open)
            guard case .failure(let error as VaultError) = vault, error.code == .locked else { return try vault.get() }
            usleep(10_000)
        }
        return try open()
    }

    /// Names what was stored in the index of the vaults.
    func name(_ contents: [StoredContent]) {
        index.withLock { index in
            for content in contents {
                index[content.id] = content.location
                for part in content.parts { index[part.id] = part.location }
            }
        }
    }

    /// Takes entries out of the index of the vaults.
    func forget(_ ids: [VaultEntryID]) {
        index.withLock { index in for id in ids { index[id] = nil } }
    }

    /// What the index names in a segment.
    func named(in segment: Int64) -> [VaultEntryID: VaultLocation] {
        index.withLock { $0.filter { $0.value.segment == segment } }
    }

    /// Notes where entries lie now.
    func move(_ entries: [VaultEntryID: VaultLocation]) {
        index.withLock { $0.merge(entries) { _, new in new } }
    }

    /// Bytes of all segments.
    func size() throws -> Int {
        let folder = directory.url.appending(path: "vault")
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: [.fileSizeKey])
            .reduce(0) { try $0 + ($1.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0) }
    }

    /// Stores contents in a vault that is closed afterwards, and names them.
    func fill(_ contents: [[UInt8]], segmentSize: Int64 = 256 << 20) throws -> [StoredContent] {
        let vault = try open(segmentSize: segmentSize)
        let stored = try contents.map { try vault.store($0) }
        try vault.sync()
        name(stored)
        return stored
    }

    func segment(_ number: Int) -> URL {
        let digits = String(number)
        return directory.url.appending(path: "vault/\(String(repeating: "0", count: 8 - digits.count))\(digits).seg")
    }
}

extension Vault {
    func readAll(_ stored: StoredContent) throws -> [UInt8] {
        Array(try readAll(stored.id, at: stored.location, limit: .max))
    }

    func scanned() throws -> [ScannedEntry] {
        var entries: [ScannedEntry] = []
        try scan { entries.append($0) }
        return entries
    }
}

/// Bytes that do not compress, the same for the same seed.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        withUnsafeBytes(of: state) { bytes.append(contentsOf: $0) }
    }
    bytes.removeLast(bytes.count - count)
    return bytes
}

/// Bytes that compress well.
func text(_ count: Int) -> [UInt8] {
    let line = Array("お世話になっております。 The quick brown fox signs the contract.\r\n".utf8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + line.count)
    while bytes.count < count { bytes += line }
    bytes.removeLast(bytes.count - count)
    return bytes
}

/// The same with a line of base64 in every few thousand bytes, so that no piece is worth an entry of its own.
func inOneEntry(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for start in stride(from: 4000, to: bytes.count - 80, by: 4000) {
        bytes.replaceSubrange(start..<start + 80, with: [13, 10] + base64(Array(bytes[start..<start + 57])))
    }
    return bytes
}

/// Lines as mail programs write them.
func base64(_ bytes: [UInt8], width: Int = 76, end: String = "\r\n") -> [UInt8] {
    let text = Array(Data(bytes).base64EncodedString().utf8)
    return stride(from: 0, to: text.count, by: width).flatMap {
        text[$0..<min($0 + width, text.count)] + Array(end.utf8)
    }
}
