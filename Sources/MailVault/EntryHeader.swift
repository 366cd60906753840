/// The beginning of an entry.
///
/// `magic[4] version[1] zero[3] content-length[8] frames-length[8] id[32] salt[16] checksum[8]`
struct EntryHeader: Equatable {
    static let length = 80
    static let magic = Array("MKVE".utf8)
    /// A header and one frame of nothing.
    static let minimumEntryLength = Int64(length + FrameHead.length) + Int64(FrameSealer.overhead)

    let id: VaultEntryID
    /// How many bytes the content has.
    let contentLength: Int64
    /// How many bytes the frames take after the header.
    let framesLength: Int64
    /// Random bytes that bind the frames to this entry.
    let salt: [UInt8]

    var entryLength: Int64 { Int64(Self.length) + framesLength }

    /// The header without its checksum.
    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.length)
        bytes += Self.magic
        bytes += [SegmentFormat.version, 0, 0, 0]
        bytes.append(littleEndian: contentLength)
        bytes.append(littleEndian: framesLength)
        bytes += id.bytes
        bytes += salt
        return bytes
    }

    var encodedWithChecksum: [UInt8] {
        let bytes = encoded
        return bytes + SegmentFormat.checksum(bytes)
    }
}

extension EntryHeader {
    /// Reads a header; nil where the bytes are none, or of a version that is not known.
    init?(_ bytes: some RandomAccessCollection<UInt8>) {
        guard bytes.count == Self.length, bytes.starts(with: Self.magic),
            SegmentFormat.checksum(bytes.dropLast(8)).elementsEqual(bytes.suffix(8)),
            bytes.dropFirst(4).first == SegmentFormat.version,
            let contentLength = bytes.littleEndianInt64(at: 8),
            let framesLength = bytes.littleEndianInt64(at: 16),
            // Far beyond any message, and small enough for all sums with offsets.
            contentLength < 1 << 48, framesLength < 1 << 48,
            framesLength >= Self.minimumEntryLength - Int64(Self.length),
            let id = VaultEntryID(bytes: bytes.dropFirst(24).prefix(32))
        else { return nil }
        self.init(
            id: id,
            contentLength: contentLength,
            framesLength: framesLength,
            salt: Array(bytes.dropFirst(56).prefix(16))
        )
    }
}
