/// The beginning of an entry.
///
/// `magic[4] version[1] kind[1] zero[2] content-length[8] frames-length[8] id[32] salt[16] checksum[8]`
struct EntryHeader: Equatable {
    /// What the frames hold.
    enum Kind: UInt8 {
        /// Bytes as they are: a part of contents, or a whole content as version 1 wrote it.
        case bytes = 0
        /// How a content is put together (`Recipe`).
        case recipe = 1
        /// What the compression of the segment's other entries begins from (`SegmentDictionary`).
        case dictionary = 2
    }

    static let length = 80
    static let magic = Array("MKVE".utf8)
    /// A header and one frame of nothing.
    static let minimumEntryLength = Int64(length + FrameHead.length) + Int64(FrameSealer.overhead)

    var version = SegmentFormat.version
    let kind: Kind
    let id: VaultEntryID
    /// How many bytes the content has; of a recipe, what is put together by it.
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
        bytes += [version, kind.rawValue, 0, 0]
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
            let version = bytes.dropFirst(4).first, SegmentFormat.versions ~= version,
            let kind = bytes.dropFirst(5).first.flatMap(Kind.init),
            let contentLength = bytes.littleEndianInt64(at: 8),
            let framesLength = bytes.littleEndianInt64(at: 16),
            // Far beyond any message, and small enough for all sums with offsets.
            contentLength < 1 << 48, framesLength < 1 << 48,
            framesLength >= Self.minimumEntryLength - Int64(Self.length),
            let id = VaultEntryID(bytes: bytes.dropFirst(24).prefix(32))
        else { return nil }
        self.init(
            version: version,
            kind: kind,
            id: id,
            contentLength: contentLength,
            framesLength: framesLength,
            salt: Array(bytes.dropFirst(56).prefix(16))
        )
    }
}
