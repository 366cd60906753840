/// Encoded words in header fields (RFC 2047), as they are found.
///
/// Neighbours of one charset are joined as bytes before they are decoded, since characters and escape sequences are
/// split between words. Blanks inside a word, missing ends and a language (RFC 2231) are taken.
enum EncodedWords {
    private static let maximumLabelLength = 80
    /// RFC 2047 allows 75 octets a word; what is sent is often longer, but never this long.
    private static let maximumTextLength = 2048

    /// The text of a field's value that may hold encoded words and raw bytes of any charset.
    static func decode(_ value: some Collection<UInt8>, hint: Charset? = nil) -> String {
        let bytes = Array(value)
        guard bytes.contains(UInt8(ascii: "=")) || !isPrintable(bytes) else { return bytes.utf8Text }
        var text = ""
        var pending = Run()
        var plainStart = 0
        var position = 0
        var scanned = 0
        while let start = bytes[position...].firstWordStart {
            guard let word = word(in: bytes, at: start, scanned: &scanned) else {
                position = start + 2
                continue
            }
            let between = bytes[plainStart..<start]
            let isNeighbour = !pending.isEmpty && between.allSatisfy(\.isWhiteSpace)
            if !isNeighbour {
                text += pending.flush()
                text += plain(between, hint: hint)
            } else if pending.charset != word.charset {
                text += pending.flush()
            }
            pending.add(word)
            plainStart = word.end
            position = word.end
        }
        text += pending.flush()
        text += plain(bytes[plainStart...], hint: hint)
        return text
    }

    /// Whether a value has something that may be an encoded word.
    static func mayOccur(in bytes: some Collection<UInt8>) -> Bool {
        Array(bytes)[...].firstWordStart != nil
    }

    /// Where an encoded word without blanks in it ends, if one begins at `start`.
    static func wordEnd(in bytes: [UInt8], at start: Int, scanned: inout Int) -> Int? {
        guard start + 1 < bytes.count, bytes[start] == UInt8(ascii: "="),
            bytes[start + 1] == UInt8(ascii: "?"), let word = word(in: bytes, at: start, scanned: &scanned),
            word.isClosed, !bytes[start..<word.end].contains(where: \.isWhiteSpace)
        else { return nil }
        return word.end
    }

    private static func isPrintable(_ bytes: [UInt8]) -> Bool {
        bytes.allSatisfy { $0 < 0x80 && ($0 >= 0x20 || $0 == ASCII.tab) }
    }

    private static func plain(_ bytes: ArraySlice<UInt8>, hint: Charset?) -> String {
        if bytes.isEmpty { return "" }
        return TextDecoder.decode(Array(bytes), declared: nil, hint: hint).text
    }

    private struct Word {
        let charset: Charset?
        let isBase64: Bool
        let text: ArraySlice<UInt8>
        let end: Int
        let isClosed: Bool
    }

    /// Words of one charset that stand beside each other.
    private struct Run {
        private(set) var charset: Charset?
        private var words: [Word] = []

        var isEmpty: Bool { words.isEmpty }

        mutating func add(_ word: Word) {
            charset = word.charset
            words.append(word)
        }

        mutating func flush() -> String {
            guard !words.isEmpty else { return "" }
            defer { words.removeAll(keepingCapacity: true) }
            var bytes: [UInt8] = []
            for word in words {
                bytes += word.isBase64 ? Base64.decode(word.text).bytes : EncodedWords.decodeQ(word.text)
            }
            let result = TextDecoder.decode(bytes, declared: charset)
            guard result.diagnostic == .undecodableText, words.count > 1, words.allSatisfy(\.isBase64),
                words.contains(where: { Base64.characterCount($0.text) % 4 != 0 })
            else { return result.text }
            // Some split the base64 itself between words.
            let joined = Base64.decode(words.flatMap(\.text)[...]).bytes
            let rejoined = TextDecoder.decode(joined, declared: charset)
            return rejoined.diagnostic == .undecodableText ? result.text : rejoined.text
        }
    }

    /// The word that begins with the `=?` at `start`; nil when that begins none.
    ///
    /// - Parameter scanned: up to where no end of a word is, so that it is not searched again and again.
    private static func word(in bytes: [UInt8], at start: Int, scanned: inout Int) -> Word? {
        let labelLimit = min(bytes.count, start + 2 + maximumLabelLength)
        guard let labelEnd = bytes[(start + 2)..<labelLimit].firstIndex(of: UInt8(ascii: "?")) else { return nil }
        let label = bytes[(start + 2)..<labelEnd].trimmed
        guard !label.isEmpty, label.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "=") }) else {
            return nil
        }
        var index = labelEnd + 1
        while index < bytes.count, bytes[index].isBlank { index += 1 }
        guard index < bytes.count else { return nil }
        let encoding = bytes[index].lowercased
        index += 1
        while index < bytes.count, bytes[index].isBlank { index += 1 }
        guard encoding == UInt8(ascii: "b") || encoding == UInt8(ascii: "q"), index < bytes.count,
            bytes[index] == UInt8(ascii: "?")
        else { return nil }
        let isBase64 = encoding == UInt8(ascii: "b")
        let textStart = index + 1
        let charset = Charset(label: label)
        switch wordTextEnd(in: bytes, from: textStart, isBase64: isBase64, scanned: &scanned) {
        case .found(let end):
            return Word(
                charset: charset,
                isBase64: isBase64,
                text: bytes[textStart..<end],
                end: end + 2,
                isClosed: true
            )
        case .tooFar: return nil
        case .missing: break
        }
        // The end was cut off: what goes on like the word belongs to it.
        let text = bytes[textStart...].prefix(maximumTextLength)
            .prefix { !$0.isWhiteSpace && $0 != ASCII.quote && $0 < 0x80 }
        guard !text.isEmpty, text.endIndex == bytes.count || bytes[text.endIndex].isWhiteSpace,
            !isBase64 || Base64.characterCount(text) + 2 >= text.count
        else { return nil }
        let isHalfClosed = text.last == UInt8(ascii: "?")
        return Word(
            charset: charset,
            isBase64: isBase64,
            text: isHalfClosed ? text.dropLast() : text,
            end: text.endIndex,
            isClosed: false
        )
    }

    private enum TextEnd {
        case found(Int)
        /// The text ends, or another word begins, before.
        case missing
        case tooFar
    }

    /// Where the `?=` is that ends a word's text.
    private static func wordTextEnd(
        in bytes: [UInt8],
        from start: Int,
        isBase64: Bool,
        scanned: inout Int
    ) -> TextEnd {
        let limit = min(bytes.count, start + maximumTextLength)
        var index = max(start, scanned)
        defer { scanned = max(scanned, index) }
        while index + 1 < limit {
            if bytes[index].isWhiteSpace, bytes[(index + 1)...].starts(with: "=?".utf8) { return .missing }
            guard bytes[index] == UInt8(ascii: "?"), bytes[index + 1] == UInt8(ascii: "=") else {
                index += 1
                continue
            }
            // In Q, `?=3D` is a bare question mark and an escape.
            if !isBase64, index + 3 < bytes.count, bytes[index + 2].hexadecimalValue != nil,
                bytes[index + 3].hexadecimalValue != nil, continuesWord(bytes, from: index + 4)
            {
                index += 2
                continue
            }
            return .found(index)
        }
        return limit < bytes.count ? .tooFar : .missing
    }

    /// Whether another `?=` follows before white space.
    private static func continuesWord(_ bytes: [UInt8], from start: Int) -> Bool {
        let rest = bytes[start...].prefix(maximumLabelLength).prefix { !$0.isWhiteSpace }
        var previous: UInt8 = 0
        for byte in rest {
            if previous == UInt8(ascii: "="), byte == UInt8(ascii: "?") { return false }
            if previous == UInt8(ascii: "?"), byte == UInt8(ascii: "=") { return true }
            previous = byte
        }
        return false
    }

    /// The Q encoding (RFC 2047 section 4.2): quoted-printable with `_` for a space.
    private static func decodeQ(_ text: ArraySlice<UInt8>) -> [UInt8] {
        QuotedPrintable.unescaped(text.map { $0 == UInt8(ascii: "_") ? ASCII.space : $0 }).bytes
    }
}

extension ArraySlice<UInt8> {
    /// Where the next `=?` is.
    fileprivate var firstWordStart: Int? {
        var index = startIndex
        while index + 1 < endIndex {
            if self[index] == UInt8(ascii: "="), self[index + 1] == UInt8(ascii: "?") { return index }
            index += 1
        }
        return nil
    }
}

extension String {
    /// The text on one line: controls are blanks, and a run of them is one.
    var onOneLine: String {
        // Most is so already.
        var previousIsSpace = true
        let isClean = utf8.allSatisfy { byte in
            defer { previousIsSpace = byte == ASCII.space }
            return byte >= 0x20 && byte != 0x7F && byte < 0x80 && !(byte == ASCII.space && previousIsSpace)
        }
        if isClean, utf8.last != ASCII.space { return self }
        return utf8.onOneLine
    }
}

extension Collection<UInt8> {
    /// UTF-8 on one line: white space and control characters (C0, DEL, C1, U+2028, U+2029) become single blanks, and none
    /// stand at either end.
    var onOneLine: String {
        var result: [UInt8] = []
        result.reserveCapacity(count)
        var hasGap = false
        var rest = makeIterator()
        var next = rest.next()
        while let byte = next {
            next = rest.next()
            switch (byte, next) {
            case (...0x20, _), (0x7F, _): hasGap = true
            case (0xC2, .some(0x80...0x9F)):
                hasGap = true
                next = rest.next()
            default:
                if hasGap, !result.isEmpty { result.append(ASCII.space) }
                hasGap = false
                result.append(byte)
                // A line or paragraph separator shows itself with its last byte.
                if byte & 0xFE == 0xA8, result.suffix(3).starts(with: [0xE2, 0x80]) {
                    result.removeLast(3)
                    hasGap = true
                    if result.last == ASCII.space { result.removeLast() }
                }
            }
        }
        return result.utf8Text
    }
}
