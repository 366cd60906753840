import NIOCore

/// A cursor over the bytes of one response, literals in place; it never reads past their end.
struct IMAPScanner {
    private(set) var buffer: ByteBuffer

    init(_ buffer: ByteBuffer) {
        self.buffer = buffer
    }

    /// The next byte; nil at the end of the line.
    func peek() -> UInt8? {
        byte(at: buffer.readerIndex)
    }

    /// A byte of the line; nil at its end.
    ///
    /// A carriage return that no line feed follows is a byte like others.
    private func byte(at index: Int) -> UInt8? {
        guard let byte = buffer.getInteger(at: index, as: UInt8.self), byte != .lf else { return nil }
        guard byte == .cr else { return byte }
        let next = buffer.getInteger(at: index + 1, as: UInt8.self)
        return next == nil || next == .lf ? nil : byte
    }

    /// Whether only the line's end is left.
    var isAtEnd: Bool { peek() == nil }

    mutating func skip() {
        buffer.moveReaderIndex(forwardBy: min(1, buffer.readableBytes))
    }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        skip()
        return true
    }

    mutating func skipSpaces() {
        while let byte = peek(), byte == .space || byte == .tab { skip() }
    }

    mutating func expect(_ byte: UInt8) throws(IMAPDecodingError) {
        guard skip(byte) else {
            throw IMAPDecodingError(.invalidSyntax, "expected “\(Character(UnicodeScalar(byte)))”")
        }
    }

    /// Bytes up to a space, a parenthesis or the end of the line; possibly none.
    mutating func atomBytes(stoppingAt stop: UInt8? = nil, or otherStop: UInt8? = nil) -> ByteBuffer {
        var end = buffer.readerIndex
        while let byte = byte(at: end), byte != .space, byte != .tab, byte != .open, byte != .close,
            byte != stop, byte != otherStop
        {
            end += 1
        }
        return buffer.readSlice(length: end - buffer.readerIndex) ?? ByteBuffer()
    }

    mutating func atom() -> String { String(buffer: atomBytes()) }

    /// Everything up to the end of the line.
    mutating func text() -> String { String(buffer: line()) }

    /// Everything up to the end of the line.
    mutating func line() -> ByteBuffer {
        var end = buffer.readerIndex
        while byte(at: end) != nil { end += 1 }
        return buffer.readSlice(length: end - buffer.readerIndex) ?? ByteBuffer()
    }

    /// Passes over all up to the next parenthesis that opens after a space; false where there is none.
    mutating func skipToList() -> Bool {
        var end = buffer.readerIndex
        while let byte = byte(at: end) {
            end += 1
            guard byte == .space, self.byte(at: end) == .open else { continue }
            buffer.moveReaderIndex(to: end)
            return true
        }
        return false
    }

    /// What has been read between this place and a later one.
    func bytes(upTo later: IMAPScanner) -> [UInt8] {
        Array(buffer.readableBytesView.prefix(later.buffer.readerIndex - buffer.readerIndex))
    }

    /// An atom that is a number, or nil where it is none or too large.
    mutating func number<Number: FixedWidthInteger & UnsignedInteger>(_ type: Number.Type = Number.self) -> Number? {
        Self.number(atomBytes())
    }

    /// A number in any form: bare, as a string, in parentheses; nil where it is none.
    mutating func wrappedNumber<Number: FixedWidthInteger & UnsignedInteger>(
        _ type: Number.Type = Number.self
    ) throws(IMAPDecodingError) -> Number? {
        try wrappedString().flatMap { Self.number($0) }
    }

    /// A string in any form, or the first of a list of them; nil where there is none.
    mutating func wrappedString() throws(IMAPDecodingError) -> ByteBuffer? {
        skipSpaces()
        guard peek() != .close else { return nil }
        guard skip(.open) else { return try string() }
        skipSpaces()
        let first = peek() == .open || peek() == .close ? nil : try string()
        skipSpaces()
        while !skip(.close) {
            guard !isAtEnd else { throw IMAPDecodingError(.invalidSyntax, "a list does not end") }
            try skipValue()
            skipSpaces()
        }
        return first
    }

    static func number<Number: FixedWidthInteger & UnsignedInteger>(_ digits: ByteBuffer) -> Number? {
        guard digits.readableBytes > 0 else { return nil }
        var value: Number = 0
        for byte in digits.readableBytesView {
            guard (0x30...0x39).contains(byte) else { return nil }
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Number(byte &- 0x30))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    /// A string in any form: quoted, literal, or (where a server is careless) bare; nil where it is `NIL`.
    mutating func string() throws(IMAPDecodingError) -> ByteBuffer? {
        switch peek() {
        case .quote: return try quoted()
        case .openBrace: return try literal()
        case .tilde where isLiteral8: return try literal()
        default:
            let atom = atomBytes()
            return String(buffer: atom).uppercased() == "NIL" ? nil : atom
        }
    }

    var isLiteral8: Bool {
        peek() == .tilde && buffer.getInteger(at: buffer.readerIndex + 1, as: UInt8.self) == .openBrace
    }

    /// A backslash that escapes neither a quote nor itself stands for itself, and where only escaped quotes follow, so
    /// does each: servers write `"C:\"` and mean it.
    private mutating func quoted() throws(IMAPDecodingError) -> ByteBuffer {
        skip()
        let start = self
        var end = buffer.readerIndex
        while let byte = byte(at: end), byte != .quote, byte != .backslash { end += 1 }
        var unescaped = buffer.readSlice(length: end - buffer.readerIndex) ?? ByteBuffer()
        if skip(.quote) { return unescaped }
        while let byte = peek() {
            skip()
            if byte == .quote { return unescaped }
            if byte == .backslash, let escaped = peek(), escaped == .quote || escaped == .backslash {
                skip()
                unescaped.writeInteger(escaped)
            } else {
                unescaped.writeInteger(byte)
            }
        }
        self = start
        end = buffer.readerIndex
        while let byte = byte(at: end), byte != .quote { end += 1 }
        guard byte(at: end) == .quote, let verbatim = buffer.readSlice(length: end - buffer.readerIndex) else {
            throw IMAPDecodingError(.invalidSyntax, "a quoted string does not end")
        }
        skip()
        return verbatim
    }

    private mutating func literal() throws(IMAPDecodingError) -> ByteBuffer {
        _ = skip(.tilde)
        skip()
        var digits = atomBytes(stoppingAt: .closeBrace)
        if digits.readableBytesView.last == UInt8(ascii: "+") {
            digits.moveWriterIndex(to: digits.writerIndex - 1)
        }
        guard let length: UInt32 = Self.number(digits), skip(.closeBrace) else {
            throw IMAPDecodingError(.invalidSyntax, "a literal without a length")
        }
        if buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) == .cr { skip() }
        guard buffer.readInteger(as: UInt8.self) == .lf, let bytes = buffer.readSlice(length: Int(length)) else {
            throw IMAPDecodingError(.invalidSyntax, "a literal is not where it was announced")
        }
        return bytes
    }

    /// Passes over one value of any kind, however its lists are nested, in one pass and without recursion.
    mutating func skipValue() throws(IMAPDecodingError) {
        var depth = 0
        repeat {
            skipSpaces()
            switch peek() {
            case .open:
                skip()
                depth += 1
            case .close where depth > 0:
                skip()
                depth -= 1
            case .close: return
            case nil where depth > 0: throw IMAPDecodingError(.invalidSyntax, "a list does not end")
            case nil: return
            default: _ = try string()
            }
        } while depth > 0
    }
}

extension UInt8 {
    static let cr = UInt8(ascii: "\r")
    static let lf = UInt8(ascii: "\n")
    static let tab = UInt8(ascii: "\t")
    static let space = UInt8(ascii: " ")
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    static let open = UInt8(ascii: "(")
    static let close = UInt8(ascii: ")")
    static let openBracket = UInt8(ascii: "[")
    static let closeBracket = UInt8(ascii: "]")
    static let openBrace = UInt8(ascii: "{")
    static let closeBrace = UInt8(ascii: "}")
    static let tilde = UInt8(ascii: "~")
    static let asterisk = UInt8(ascii: "*")
    static let plus = UInt8(ascii: "+")
}
