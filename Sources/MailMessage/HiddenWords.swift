/// Encoded words taken out of a field while it is cut into addresses, as they may hold any delimiter.
///
/// In their place stands a noncharacter, the number of the word, and the noncharacter again.
struct HiddenWords {
    /// U+FDD0.
    private static let mark: [UInt8] = [0xEF, 0xB7, 0x90]
    private var words: [ArraySlice<UInt8>] = []

    /// The bytes with their encoded words hidden, and without NULs and noncharacters of their own.
    static func hide(in value: [UInt8]) -> ([UInt8], HiddenWords) {
        var hidden = HiddenWords()
        guard value.contains(where: { $0 == 0 || $0 == mark[0] || $0 == UInt8(ascii: "?") }) else {
            return (value, hidden)
        }
        var result: [UInt8] = []
        result.reserveCapacity(value.count)
        var index = 0
        var scanned = 0
        while index < value.count {
            if let end = EncodedWords.wordEnd(in: value, at: index, scanned: &scanned) {
                result += mark + Array(String(hidden.words.count).utf8) + mark
                hidden.words.append(value[index..<end])
                index = end
            } else if value[index] == mark[0], value[index...].prefix(2).elementsEqual(mark.prefix(2)) {
                // A noncharacter of the field's own, or one of the rare signs beside it.
                let isMark = value[index...].dropFirst(2).first.map { (0x90...0x93).contains($0) } ?? false
                if !isMark { result += value[index..<min(index + 3, value.count)] }
                index += 3
            } else {
                // GMime would end at a NUL; no control character is let through in an address.
                result.append(value[index] == 0 ? 1 : value[index])
                index += 1
            }
        }
        return (result, hidden)
    }

    /// Whether there is one in this part of the field.
    func isIn(_ bytes: ArraySlice<UInt8>) -> Bool {
        !words.isEmpty && bytes.indices.contains { bytes[$0...].starts(with: Self.mark) }
    }

    /// The bytes with their words in place again.
    func restored(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        guard !words.isEmpty else { return Array(bytes) }
        var result: [UInt8] = []
        var rest = bytes
        while let byte = rest.first {
            if byte == Self.mark[0], rest.starts(with: Self.mark) {
                let digits = rest.dropFirst(3).prefix { $0.isDigit }
                if let number = Int(digits.utf8Text), words.indices.contains(number) { result += words[number] }
                rest = rest[digits.endIndex...].dropFirst(3)
            } else {
                result.append(byte)
                rest = rest.dropFirst()
            }
        }
        return result
    }
}
