/// How a content is put together: the frames of an entry of kind `recipe` hold one step after the other.
///
/// A step is a code, for base64 that begins the characters of a line, the number of bytes (LEB128), and these bytes, or
/// the id of the part that holds them.
enum Recipe {
    struct Step {
        var encoding: ContentSplitter.Encoding
        /// Whether base64 goes on where the step before it stopped, also within a line.
        var isContinued: Bool
        var length: Int
        /// Where the bytes are; nil where they follow.
        var part: VaultEntryID?
    }

    private enum Code: UInt8 {
        case text = 0
        case textPart = 1
        case base64 = 2
        case base64Part = 3
        case base64Continued = 4
        case base64PartContinued = 5
    }

    /// What stands before the bytes of a step, or for them.
    static func encode(_ step: Step) -> [UInt8] {
        var bytes: [UInt8] = []
        switch step.encoding {
        case .text:
            bytes.append((step.part == nil ? Code.text : .textPart).rawValue)
        case .base64(let width) where !step.isContinued:
            bytes.append((step.part == nil ? Code.base64 : .base64Part).rawValue)
            bytes.append(UInt8(clamping: width))
        case .base64:
            bytes.append((step.part == nil ? Code.base64Continued : .base64PartContinued).rawValue)
        }
        var rest = step.length
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
        if let part = step.part { bytes += part.bytes }
        return bytes
    }

    /// Bytes that stand before those of a step at most.
    static let longestHead = 2 + 5 + VaultEntryID.length

    /// Reads what `encode` made, from the start of `bytes`; nil where it is nothing of that kind.
    static func decode(_ bytes: ArraySlice<UInt8>, width current: Int?) -> (step: Step, length: Int)? {
        var rest = bytes
        guard let code = rest.popFirst().flatMap(Code.init) else { return nil }
        let encoding: ContentSplitter.Encoding
        switch code {
        case .text, .textPart: encoding = .text
        case .base64, .base64Part:
            guard let width = rest.popFirst().map(Int.init), width > 0, width % 4 == 0 else { return nil }
            encoding = .base64(width: width)
        case .base64Continued, .base64PartContinued:
            guard let current else { return nil }
            encoding = .base64(width: current)
        }
        var length = 0
        for shift in stride(from: 0, to: 35, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            length |= Int(byte & 0x7F) << shift
            guard byte >= 0x80 else { break }
            guard shift < 28 else { return nil }
        }
        guard length <= SegmentFormat.frameSize else { return nil }
        var part: VaultEntryID?
        if [.textPart, .base64Part, .base64PartContinued].contains(code) {
            part = VaultEntryID(bytes: rest.prefix(VaultEntryID.length))
            guard part != nil else { return nil }
            rest = rest.dropFirst(VaultEntryID.length)
        }
        let isContinued = code == .base64Continued || code == .base64PartContinued
        let step = Step(encoding: encoding, isContinued: isContinued, length: length, part: part)
        return (step, bytes.count - rest.count)
    }
}
