/// ISO-2022-JP as it is sent: RFC 1468 with NEC row 13, half-width katakana (by `ESC ( I`, SO/SI or the eighth bit),
/// JIS X 0212, and sequences that nobody closed.
///
/// ICU's own converter refuses row 13. Here the bytes are moved to EUC-JP, whose converter knows all of it.
enum ISO2022JP {
    private enum Mode {
        case ascii
        case katakana
        case kanji
        case supplementaryKanji
    }

    /// Whether bytes hold an escape sequence that switches to Japanese.
    static func isLikely(_ bytes: some Collection<UInt8>) -> Bool {
        var rest = bytes[...]
        while let escape = rest.firstIndex(of: ASCII.escape) {
            rest = rest[escape...].dropFirst()
            guard let first = rest.first, let second = rest.dropFirst().first else { return false }
            switch (first, second) {
            case (UInt8(ascii: "$"), UInt8(ascii: "@")), (UInt8(ascii: "$"), UInt8(ascii: "B")),
                (UInt8(ascii: "$"), UInt8(ascii: "(")), (UInt8(ascii: "("), UInt8(ascii: "I")),
                (UInt8(ascii: "("), UInt8(ascii: "J")):
                return true
            default: continue
            }
        }
        return false
    }

    /// Reads the bytes; what cannot be read becomes U+FFFD.
    static func read(_ bytes: [UInt8]) -> CharsetConverter.Result? {
        guard let moved = movedToEUC(bytes) else { return CharsetConverter.read(bytes, as: "ISO-2022-JP-2") }
        return CharsetConverter.read(moved, as: Charset.eucJP.converter)
    }

    /// The same text in EUC-JP; nil when it holds character sets of ISO-2022-JP-2 that EUC-JP lacks.
    private static func movedToEUC(_ bytes: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + bytes.count / 4)
        var mode = Mode.ascii
        var isShiftedOut = false
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == ASCII.escape {
                switch escapeSequence(bytes[(index + 1)...].prefix(3)) {
                case .change(let newMode, let length):
                    mode = newMode
                    index += 1 + length
                case .unsupported: return nil
                case nil: index += 1
                }
                continue
            }
            index += 1
            switch byte {
            case 0x0E: isShiftedOut = true
            case 0x0F: isShiftedOut = false
            case ASCII.lineFeed, ASCII.carriageReturn:
                mode = .ascii
                isShiftedOut = false
                result.append(byte)
            case 0x21...0x5F where isShiftedOut || mode == .katakana:
                result.append(0x8E)
                result.append(byte | 0x80)
            case 0x21...0x7E where mode == .kanji || mode == .supplementaryKanji:
                guard index < bytes.count, (0x21...0x7E).contains(bytes[index]) else {
                    result.append(0xFF)
                    continue
                }
                if mode == .supplementaryKanji { result.append(0x8F) }
                result.append(byte | 0x80)
                result.append(bytes[index] | 0x80)
                index += 1
            case 0xA1...0xDF:
                result.append(0x8E)
                result.append(byte)
            case 0x80...: result.append(0xFF)
            default: result.append(byte)
            }
        }
        return result
    }

    private enum EscapeSequence {
        case change(Mode, length: Int)
        case unsupported
    }

    private static func escapeSequence(_ bytes: ArraySlice<UInt8>) -> EscapeSequence? {
        let text = Array(bytes)
        guard text.count >= 2 else { return nil }
        switch (text[0], text[1]) {
        case (UInt8(ascii: "("), UInt8(ascii: "B")), (UInt8(ascii: "("), UInt8(ascii: "J")),
            (UInt8(ascii: "("), UInt8(ascii: "H")):
            return .change(.ascii, length: 2)
        case (UInt8(ascii: "("), UInt8(ascii: "I")): return .change(.katakana, length: 2)
        case (UInt8(ascii: "$"), UInt8(ascii: "@")), (UInt8(ascii: "$"), UInt8(ascii: "B")):
            return .change(.kanji, length: 2)
        case (UInt8(ascii: "$"), UInt8(ascii: "(")):
            guard text.count == 3 else { return nil }
            switch text[2] {
            case UInt8(ascii: "@"), UInt8(ascii: "B"), UInt8(ascii: "O"), UInt8(ascii: "Q"):
                return .change(.kanji, length: 3)
            case UInt8(ascii: "D"): return .change(.supplementaryKanji, length: 3)
            case UInt8(ascii: "C"): return .unsupported
            default: return nil
            }
        case (UInt8(ascii: "$"), UInt8(ascii: "A")), (UInt8(ascii: "."), UInt8(ascii: "A")),
            (UInt8(ascii: "."), UInt8(ascii: "F")):
            return .unsupported
        default: return nil
        }
    }
}
