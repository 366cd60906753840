/// A Content-Transfer-Encoding (RFC 2045 section 6).
enum TransferEncoding: Sendable, Hashable {
    case identity
    case base64
    case quotedPrintable
    case uuencode

    /// The encoding of a field's value; nil when it is unknown.
    init?(_ value: some Collection<UInt8>) {
        let name = value.filter { !$0.isWhiteSpace && $0 != ASCII.quote }.prefix { $0 != UInt8(ascii: ";") }
        if name.isEmpty || name.equalsIgnoringCase("7bit") || name.equalsIgnoringCase("8bit")
            || name.equalsIgnoringCase("binary") || name.equalsIgnoringCase("7-bit")
            || name.equalsIgnoringCase("8-bit")
        {
            self = .identity
        } else if name.equalsIgnoringCase("base64") {
            self = .base64
        } else if name.equalsIgnoringCase("quoted-printable") {
            self = .quotedPrintable
        } else if name.equalsIgnoringCase("x-uuencode") || name.equalsIgnoringCase("uuencode")
            || name.equalsIgnoringCase("x-uue") || name.equalsIgnoringCase("x-uu")
        {
            self = .uuencode
        } else {
            return nil
        }
    }

    /// The decoded bytes, and whether any were malformed.
    func decode(_ bytes: ArraySlice<UInt8>) -> (bytes: [UInt8], isMalformed: Bool) {
        switch self {
        case .identity: (Array(bytes), false)
        case .base64: Base64.decode(bytes)
        case .quotedPrintable: QuotedPrintable.decode(bytes)
        case .uuencode: UUEncoding.decode(bytes)
        }
    }

    /// How many bytes `decode` gives and whether any are malformed, without keeping the bytes.
    func measure(_ bytes: ArraySlice<UInt8>) -> (count: Int, isMalformed: Bool) {
        switch self {
        case .identity:
            return (bytes.count, false)
        case .base64: return Base64.measure(bytes)
        case .quotedPrintable: return QuotedPrintable.measure(bytes)
        case .uuencode:
            let decoded = UUEncoding.decode(bytes)
            return (decoded.bytes.count, decoded.isMalformed)
        }
    }
}

/// Base64 as it is found (RFC 2045 section 6.8): foreign characters are skipped, missing padding is no matter, and
/// padding in the middle ends one run and begins another.
enum Base64 {
    private static let skipped: UInt8 = 0xFF
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: skipped, count: 256)
        for (value, character) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8.enumerated() {
            values[Int(character)] = UInt8(truncatingIfNeeded: value)
        }
        return values
    }()

    static func decode(_ bytes: ArraySlice<UInt8>) -> (bytes: [UInt8], isMalformed: Bool) {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count / 4 * 3 + 3)
        let isMalformed = run(bytes) { result.append($0) }
        return (result, isMalformed)
    }

    static func measure(_ bytes: ArraySlice<UInt8>) -> (count: Int, isMalformed: Bool) {
        var count = 0
        let isMalformed = run(bytes) { _ in count += 1 }
        return (count, isMalformed)
    }

    /// How many characters of the alphabet there are.
    static func characterCount(_ bytes: some Sequence<UInt8>) -> Int {
        bytes.reduce(0) { $0 + (values[Int($1)] == skipped ? 0 : 1) }
    }

    @inline(__always)
    private static func run(_ bytes: ArraySlice<UInt8>, emit: (UInt8) -> Void) -> Bool {
        values.withUnsafeBufferPointer { values in
            bytes.withUnsafeBufferPointer { bytes in
                var isMalformed = false
                var bits: UInt32 = 0
                var count = 0
                for byte in bytes {
                    let value = values[Int(byte)]
                    if value == skipped {
                        if byte == UInt8(ascii: "=") {
                            flush(bits, count, emit)
                            count = 0
                            bits = 0
                        } else if !byte.isWhiteSpace {
                            isMalformed = true
                        }
                        continue
                    }
                    bits = bits << 6 | UInt32(value)
                    count += 1
                    if count == 4 {
                        emit(UInt8(truncatingIfNeeded: bits >> 16))
                        emit(UInt8(truncatingIfNeeded: bits >> 8))
                        emit(UInt8(truncatingIfNeeded: bits))
                        count = 0
                        bits = 0
                    }
                }
                flush(bits, count, emit)
                // One character alone is no byte; two or three only lack their padding.
                return isMalformed || count == 1
            }
        }
    }

    @inline(__always)
    private static func flush(_ bits: UInt32, _ count: Int, _ emit: (UInt8) -> Void) {
        if count == 2 { emit(UInt8(truncatingIfNeeded: bits >> 4)) }
        if count == 3 {
            emit(UInt8(truncatingIfNeeded: bits >> 10))
            emit(UInt8(truncatingIfNeeded: bits >> 2))
        }
    }
}

/// Quoted-printable as it is found (RFC 2045 section 6.7): what is no valid escape stands for itself.
enum QuotedPrintable {
    static func decode(_ bytes: ArraySlice<UInt8>) -> (bytes: [UInt8], isMalformed: Bool) {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        let isMalformed = run(bytes) { result.append($0) }
        return (result, isMalformed)
    }

    static func measure(_ bytes: ArraySlice<UInt8>) -> (count: Int, isMalformed: Bool) {
        var count = 0
        let isMalformed = run(bytes) { _ in count += 1 }
        return (count, isMalformed)
    }

    @inline(__always)
    private static func run(_ bytes: ArraySlice<UInt8>, emit: (UInt8) -> Void) -> Bool {
        bytes.withUnsafeBufferPointer { bytes in
            var isMalformed = false
            var index = 0
            while index < bytes.count {
                let byte = bytes[index]
                index += 1
                if byte == UInt8(ascii: "=") {
                    // A soft line break, with the blanks that transport may have added before its line end.
                    var next = index
                    while next < bytes.count, bytes[next].isBlank { next += 1 }
                    if next < bytes.count, bytes[next] == ASCII.carriageReturn { next += 1 }
                    if next >= bytes.count {
                        index = next
                    } else if bytes[next] == ASCII.lineFeed {
                        index = next + 1
                    } else if index + 1 < bytes.count, let high = bytes[index].hexadecimalValue,
                        let low = bytes[index + 1].hexadecimalValue
                    {
                        emit(high << 4 | low)
                        index += 2
                    } else {
                        isMalformed = true
                        emit(byte)
                    }
                } else if byte.isBlank {
                    // Blanks at the end of a line were added in transport.
                    var next = index
                    while next < bytes.count, bytes[next].isBlank { next += 1 }
                    let isLineEnd =
                        next >= bytes.count || bytes[next] == ASCII.lineFeed
                        || (bytes[next] == ASCII.carriageReturn && next + 1 < bytes.count
                            && bytes[next + 1] == ASCII.lineFeed)
                    if !isLineEnd { for blank in bytes[(index - 1)..<next] { emit(blank) } }
                    index = next
                } else {
                    emit(byte)
                }
            }
            return isMalformed
        }
    }
}
