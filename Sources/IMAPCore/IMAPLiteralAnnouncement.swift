import NIOCore

/// `{123}` at the end of a line: so many bytes follow it (RFC 9051, 4.3).
struct IMAPLiteralAnnouncement {
    /// Nil where the number is too large for this machine.
    let length: Int?
    /// Whether what stands before it ends like a section's name: `BODY[]`, `BODY[]<0>`, `RFC822.HEADER`.
    let followsSection: Bool

    init?(endOf line: ByteBuffer) {
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
        guard let before = rest.last, before == .space || before == .open || before == .closeBracket else { return nil }
        let value: UInt64? = IMAPScanner.number(digits)
        self.length = value.flatMap { Int(exactly: $0) }
        while rest.last == .space { rest.removeLast() }
        let word = rest.suffix(13)
        self.followsSection =
            rest.last == .closeBracket || rest.last == UInt8(ascii: ">")
            || String(decoding: word, as: UTF8.self).uppercased().contains("RFC822")
    }
}

/// How deep in parentheses a response stands after the lines seen so far, quoted strings left out.
struct IMAPNestingTracker {
    private var depth = 0

    mutating func depth(after line: ByteBuffer) -> Int {
        var isQuoted = false
        var isEscaped = false
        for byte in line.readableBytesView {
            if isEscaped {
                isEscaped = false
            } else if isQuoted {
                if byte == .backslash { isEscaped = true } else if byte == .quote { isQuoted = false }
            } else if byte == .quote {
                isQuoted = true
            } else if byte == .open {
                depth &+= 1
            } else if byte == .close {
                depth &-= 1
            }
        }
        return depth
    }
}
