/// The ASCII characters that mail syntax is made of.
enum ASCII {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let escape: UInt8 = 0x1B
    static let space: UInt8 = 0x20
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
}

extension UInt8 {
    /// Space, tab, CR or LF.
    var isWhiteSpace: Bool {
        self == ASCII.space || self == ASCII.tab || self == ASCII.carriageReturn || self == ASCII.lineFeed
    }

    /// Space or tab.
    var isBlank: Bool { self == ASCII.space || self == ASCII.tab }

    /// A C0 control character or DEL.
    var isControl: Bool { self < 0x20 || self == 0x7F }

    /// An ASCII letter.
    var isLetter: Bool { (self | 0x20) >= 0x61 && (self | 0x20) <= 0x7A }

    /// An ASCII digit.
    var isDigit: Bool { self >= 0x30 && self <= 0x39 }

    /// The lower-case form of an ASCII letter, anything else unchanged.
    var lowercased: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }

    /// The value of a hexadecimal digit.
    var hexadecimalValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }
}

extension Collection where Element == UInt8 {
    /// Whether these bytes are `text` (given in lower case) but for the case of ASCII letters.
    func equalsIgnoringCase(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { expected in
            zip(self, expected).allSatisfy { $0.lowercased == $1 }
        }
    }

    /// The text of these bytes as UTF-8, invalid sequences replaced.
    var utf8Text: String { String(decoding: self, as: UTF8.self) }
}

extension BidirectionalCollection where Element == UInt8, SubSequence: BidirectionalCollection<UInt8> {
    /// These bytes without white space at either end.
    var trimmed: SubSequence {
        guard let first = firstIndex(where: { !$0.isWhiteSpace }), let last = lastIndex(where: { !$0.isWhiteSpace })
        else { return self[endIndex...] }
        return self[first...last]
    }
}
