import NIOCore

/// `{123}` at the end of a line: so many bytes follow it (RFC 9051, 4.3).
struct IMAPLiteralAnnouncement {
    /// Nil where the number is too large for this machine.
    let length: Int?
    /// The section of a message that follows, where a section's name stands before.
    let section: IMAPSection?
    /// Where the announcement begins in the line.
    let start: Int

    /// - Parameter isFetch: in a `FETCH` response whatever looks like an announcement is one; in others bare names may
    ///   end in braces.
    init?(endOf line: ByteBuffer, isFetch: Bool) {
        var rest = line.readableBytesView[...]
        guard rest.popLast() == .lf else { return nil }
        if rest.last == .cr { rest.removeLast() }
        guard rest.popLast() == .closeBrace else { return nil }
        if rest.last == .plus { rest.removeLast() }
        let digitsEnd = rest.endIndex
        while let byte = rest.last, (0x30...0x39).contains(byte) { rest.removeLast() }
        let digits = line.getSlice(at: rest.endIndex, length: digitsEnd - rest.endIndex) ?? ByteBuffer()
        guard digits.readableBytes > 0, rest.popLast() == .openBrace else { return nil }
        if rest.last == .tilde { rest.removeLast() }
        guard let before = rest.last, isFetch || before == .space || before == .open || before == .closeBracket else {
            return nil
        }
        let value: UInt64? = IMAPScanner.number(digits)
        self.length = value.flatMap { Int(exactly: $0) }
        self.start = rest.endIndex - line.readerIndex
        self.section = isFetch ? IMAPSection(nameAtEndOf: rest) : nil
    }
}

extension IMAPSection {
    /// The section whose name ends a text: `… BODY[HEADER.FIELDS (FROM)]`, `(RFC822`.
    fileprivate init?(nameAtEndOf text: ByteBufferView) {
        var rest = text
        while rest.last == .space { rest.removeLast() }
        var isPartial = false
        if rest.last == UInt8(ascii: ">"), let start = rest.lastIndex(of: UInt8(ascii: "<")) {
            rest = rest[..<start]
            isPartial = true
        }
        guard rest.last == .closeBracket else {
            guard !isPartial else { return nil }
            self.init(item: Self.word(atEndOf: rest))
            return
        }
        let inside = rest.dropLast()
        var searched = inside
        while let bracket = searched.lastIndex(of: .openBracket) {
            var before = searched[..<bracket]
            while before.last == .space { before.removeLast() }
            let item = Self.word(atEndOf: before)
            if let section = IMAPSection(
                item: item,
                part: inside[inside.index(after: bracket)...],
                isPartial: isPartial
            ) {
                self = section
                return
            }
            searched = searched[..<bracket]
        }
        return nil
    }

    /// The last letters, digits and dots, in capitals; no more than any name of an item has.
    private static func word(atEndOf text: ByteBufferView) -> String {
        var start = text.endIndex
        while start > text.startIndex, text.endIndex - start < 20, text[start - 1].isOfItemName { start -= 1 }
        return String(decoding: text[start...], as: UTF8.self).uppercased()
    }

    /// Nil where an item is no section of a message.
    init?(item: String) {
        switch item {
        case "RFC822", "RFC822.PEEK": self = .message
        case "RFC822.HEADER": self = .header
        case "RFC822.TEXT": self = .other
        default: return nil
        }
    }

    /// Nil where an item with brackets is no section of a message.
    init?(item: String, part: some Collection<UInt8>, isPartial: Bool) {
        switch item {
        case "BODY", "BODY.PEEK", "RFC822", "RFC822.PEEK":
            let part = String(decoding: part.prefix(7).drop { $0 == .space }, as: UTF8.self).uppercased()
            self = isPartial ? .other : part.isEmpty ? .message : part.hasPrefix("HEADER") ? .header : .other
        case "BINARY", "BINARY.PEEK": self = .other
        default: return nil
        }
    }
}

extension UInt8 {
    fileprivate var isOfItemName: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "-"): true
        default: false
        }
    }
}
