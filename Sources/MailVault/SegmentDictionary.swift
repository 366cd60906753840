import CZstd
import Synchronization

/// What compression begins from: bytes that are frequent in the vault's own mail (RFC 8878, 6).
///
/// Each segment whose entries need one begins with it, so that a segment can be read without the others, and none is lost
/// with a single place. It names what it was trained on, as it may hold words of that.
///
/// Unchecked, as zstd's dictionaries are never changed once they are made.
final class SegmentDictionary: @unchecked Sendable {
    static let size = 110 << 10

    let id: VaultEntryID
    /// What its entries hold.
    let content: [UInt8]
    /// The segment that had it first.
    let trainedIn: Int64
    /// Entries of which it was made.
    let samples: [VaultEntryID]
    let forCompression: OpaquePointer
    let forDecompression: OpaquePointer

    /// Reads the content of a dictionary's entry: `trained-in[8] count[4] sample-id[32]… dictionary`; nil where it is none.
    init?(_ content: [UInt8], id: VaultEntryID) {
        self.content = content
        guard let trainedIn = content.littleEndianInt64(at: 0), let count = content.littleEndianUInt32(at: 8),
            let end = Int(exactly: count).map({ 12 + $0 * VaultEntryID.length }), end < content.count
        else { return nil }
        samples = stride(from: 12, to: end, by: VaultEntryID.length).compactMap {
            VaultEntryID(bytes: content[$0..<$0 + VaultEntryID.length])
        }
        self.id = id
        self.trainedIn = trainedIn
        let (cdict, ddict) = content[end...].withUnsafeBytes { bytes in
            (
                ZSTD_createCDict(bytes.baseAddress, bytes.count, Compressor.level),
                ZSTD_createDDict(bytes.baseAddress, bytes.count)
            )
        }
        guard let cdict, let ddict else {
            ZSTD_freeCDict(cdict)
            ZSTD_freeDDict(ddict)
            return nil
        }
        forCompression = cdict
        forDecompression = ddict
    }

    deinit {
        ZSTD_freeCDict(forCompression)
        ZSTD_freeDDict(forDecompression)
    }

    /// The content of the entry of a dictionary that is trained on samples; nil where there is nothing to learn from them.
    static func train(on samples: DictionarySamples, in segment: Int64) -> [UInt8]? {
        let dictionary = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            let trained = samples.bytes.withUnsafeBytes { bytes in
                ZDICT_trainFromBuffer(
                    buffer.baseAddress,
                    size,
                    bytes.baseAddress,
                    samples.lengths,
                    UInt32(clamping: samples.lengths.count)
                )
            }
            count = ZDICT_isError(trained) == 0 ? trained : 0
        }
        guard !dictionary.isEmpty else { return nil }
        var content: [UInt8] = []
        content.append(littleEndian: segment)
        content.append(littleEndian: UInt32(clamping: samples.ids.count))
        for id in samples.ids { content += id.bytes }
        return content + dictionary
    }
}

/// Mail that a dictionary is to be trained on, as it is stored.
struct DictionarySamples {
    static let wanted = 1000
    private static let longest = 8 << 10

    private(set) var ids: [VaultEntryID] = []
    private(set) var lengths: [Int] = []
    private(set) var bytes: [UInt8] = []

    var isComplete: Bool { ids.count >= Self.wanted }

    mutating func add(_ content: UnsafeRawBufferPointer, of id: VaultEntryID) {
        guard !isComplete else { return }
        let taken = content.prefix(Self.longest)
        ids.append(id)
        lengths.append(taken.count)
        bytes.append(contentsOf: taken)
    }
}
