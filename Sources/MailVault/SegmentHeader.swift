import MailkeepKeys

/// The beginning of a segment: which one it is, and whether it was sealed under these keys.
///
/// `magic[4] version[1] zero[3] number[8] seal-of-nothing[29] checksum[8]`
enum SegmentHeader {
    static let length = 53
    private static let magic = Array("MKVS".utf8)

    enum Verdict {
        case valid
        case damaged
        case wrongKey
        case newerFormat
    }

    static func make(number: Int64, sealer: Sealer) throws -> [UInt8] {
        var bytes = magic + [SegmentFormat.version, 0, 0, 0]
        bytes.append(littleEndian: number)
        bytes += try sealer.seal([UInt8](), authenticating: bytes)
        return bytes + SegmentFormat.checksum(bytes)
    }

    static func check(_ bytes: [UInt8], number: Int64, sealer: Sealer) -> Verdict {
        guard bytes.count == length, bytes.starts(with: magic),
            SegmentFormat.checksum(bytes.dropLast(8)).elementsEqual(bytes.suffix(8))
        else { return .damaged }
        guard SegmentFormat.versions ~= bytes[4] else { return .newerFormat }
        guard bytes.littleEndianInt64(at: 8) == number else { return .damaged }
        let seal = bytes[16..<45]
        guard (try? sealer.open(seal, authenticating: bytes[..<16])) != nil else { return .wrongKey }
        return .valid
    }
}
