/// How a frame's bytes were made.
enum FrameCodec: UInt8 {
    /// As they are, where compression does not shrink them.
    case raw = 0
    case zstd = 1
    /// With the segment's dictionary.
    case zstdDictionary = 2
}

/// The beginning of a frame: `codec[1] zero[3] content-length[4] sealed-length[4]`.
struct FrameHead {
    static let length = 12

    let codec: FrameCodec
    let contentLength: Int
    let sealedLength: Int

    var encoded: [UInt8] {
        var bytes = [codec.rawValue, 0, 0, 0]
        bytes.append(littleEndian: UInt32(clamping: contentLength))
        bytes.append(littleEndian: UInt32(clamping: sealedLength))
        return bytes
    }
}

extension FrameHead {
    /// Reads a head; nil where the bytes are none.
    init?(_ bytes: some RandomAccessCollection<UInt8>) {
        guard bytes.count == Self.length, let first = bytes.first, let codec = FrameCodec(rawValue: first),
            bytes.dropFirst().prefix(3).allSatisfy({ $0 == 0 }),
            let contentLength = bytes.littleEndianUInt32(at: 4).flatMap(Int.init(exactly:)),
            let sealedLength = bytes.littleEndianUInt32(at: 8).flatMap(Int.init(exactly:)),
            contentLength <= SegmentFormat.frameSize,
            sealedLength >= FrameSealer.overhead,
            sealedLength <= SegmentFormat.frameSize + FrameSealer.overhead
        else { return nil }
        self.init(codec: codec, contentLength: contentLength, sealedLength: sealedLength)
    }
}
