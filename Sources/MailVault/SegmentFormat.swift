import Crypto

/// The layout of segments; all numbers are little-endian.
///
/// A segment is a header (`SegmentHeader`) and entries, of which the first may be a dictionary. An entry is a header
/// (`EntryHeader`) and frames of at most 1 MiB of content each, at least one. A frame is a head (`FrameHead`) and its sealed
/// bytes. Version 1 knew neither recipes nor dictionaries.
enum SegmentFormat {
    static let version: UInt8 = 2
    static let versions: ClosedRange<UInt8> = 1...2
    /// How much content a frame holds at most, which bounds the memory that any content takes.
    static let frameSize = 1 << 20
    /// The bytes of an entry's header and of a frame, at most.
    static let largestFrame = EntryHeader.length + FrameHead.length + frameSize + FrameSealer.overhead

    /// The checksum of headers: not against tampering, which the seals find, but to tell headers from other bytes
    /// without opening anything.
    static func checksum(_ bytes: some Collection<UInt8>) -> [UInt8] {
        Array(SHA256.hash(data: Array(bytes)).prefix(8))
    }
}

extension [UInt8] {
    mutating func append(littleEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}

extension Collection<UInt8> {
    /// Reads a number of eight bytes; nil where it is negative, or bytes lack.
    func littleEndianInt64(at offset: Int) -> Int64? {
        let bytes = dropFirst(offset).prefix(8)
        guard bytes.count == 8 else { return nil }
        return Int64(exactly: bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    /// Reads a number of four bytes; nil where bytes lack.
    func littleEndianUInt32(at offset: Int) -> UInt32? {
        let bytes = dropFirst(offset).prefix(4)
        guard bytes.count == 4 else { return nil }
        return bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
}
