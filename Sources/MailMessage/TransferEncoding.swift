import CGMime

/// A Content-Transfer-Encoding (RFC 2045 section 6).
enum TransferEncoding: Sendable, Hashable {
    case identity
    case base64
    case quotedPrintable
    case uuencode

    /// The encoding of a field's value; nil when it is unknown.
    init?(_ value: some Collection<UInt8>) {
        let name = value.filter { !$0.isWhiteSpace && $0 != ASCII.quote }.prefix { $0 != UInt8(ascii: ";") }
        switch g_mime_content_encoding_from_string(name.utf8Text) {
        case GMIME_CONTENT_ENCODING_BASE64: self = .base64
        case GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE: self = .quotedPrintable
        case GMIME_CONTENT_ENCODING_UUENCODE: self = .uuencode
        case GMIME_CONTENT_ENCODING_DEFAULT where !name.isEmpty: return nil
        default: self = .identity
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
}

extension TransferEncoding {
    /// How many bytes `decode` gives, and whether any are malformed; without memory for a large attachment.
    func measure(_ bytes: ArraySlice<UInt8>) -> (count: Int, isMalformed: Bool) {
        switch self {
        case .identity: return (bytes.count, false)
        case .base64: return Base64.measure(bytes)
        case .quotedPrintable, .uuencode:
            let decoded = decode(bytes)
            return (decoded.bytes.count, decoded.isMalformed)
        }
    }
}

/// Base64 as it is found (RFC 2045 section 6.8): foreign characters are skipped and missing padding is no matter.
///
/// GMime stops for good at the first `=`; here padding in the middle ends one run and begins another.
enum Base64 {
    static func decode(_ bytes: ArraySlice<UInt8>) -> (bytes: [UInt8], isMalformed: Bool) {
        var isMalformed = false
        let result = [UInt8](unsafeUninitializedCapacity: bytes.count / 4 * 3 + 6) { buffer, count in
            guard let start = buffer.baseAddress else { return }
            for run in bytes.split(separator: UInt8(ascii: "=")) {
                var state: Int32 = 0
                var saved: UInt32 = 0
                run.withUnsafeBufferPointer { run in
                    count += g_mime_encoding_base64_decode_step(
                        run.baseAddress,
                        run.count,
                        start + count,
                        &state,
                        &saved
                    )
                }
                // One character alone is no byte; two or three only lack their padding.
                if state == 1 { isMalformed = true }
                if state > 1 { count += g_mime_encoding_base64_decode_step("=", 1, start + count, &state, &saved) }
            }
        }
        return (result, isMalformed || measure(bytes).isMalformed)
    }

    static func measure(_ bytes: ArraySlice<UInt8>) -> (count: Int, isMalformed: Bool) {
        bytes.withUnsafeBufferPointer { bytes in
            kinds.withUnsafeBufferPointer { kinds in
                var (count, characters, foreign, lone) = (0, 0, 0, 0)
                for byte in bytes {
                    let kind = kinds[Int(byte)]
                    characters &+= kind & 1
                    foreign |= kind
                    guard kind & padding != 0 else { continue }
                    count &+= characters / 4 * 3 + Swift.max(0, characters % 4 - 1)
                    if characters % 4 == 1 { lone = 1 }
                    characters = 0
                }
                count &+= characters / 4 * 3 + Swift.max(0, characters % 4 - 1)
                if characters % 4 == 1 { lone = 1 }
                return (count, lone != 0 || foreign & Self.foreign != 0)
            }
        }
    }

    /// How many characters of the alphabet there are.
    static func characterCount(_ bytes: some Sequence<UInt8>) -> Int {
        bytes.reduce(0) { $0 + (isCharacter($1) ? 1 : 0) }
    }

    /// Of each byte: 1 a character of the alphabet, 2 padding, 4 what should not be there, 0 white space.
    private static let kinds: [Int] = (0...UInt8.max).map { byte in
        if isCharacter(byte) { return 1 }
        if byte == UInt8(ascii: "=") { return padding }
        return byte.isWhiteSpace ? 0 : foreign
    }

    private static let padding = 2
    private static let foreign = 4

    private static func isCharacter(_ byte: UInt8) -> Bool {
        byte.isLetter || byte.isDigit || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
    }
}

/// Quoted-printable as it is found (RFC 2045 section 6.7): what is no valid escape stands for itself.
enum QuotedPrintable {
    /// GMime keeps the blanks that transport adds at line ends, so they are taken away before.
    static func decode(_ bytes: ArraySlice<UInt8>) -> (bytes: [UInt8], isMalformed: Bool) {
        guard hasBlankAtLineEnd(bytes) else { return unescaped(Array(bytes)) }
        var trimmed: [UInt8] = []
        trimmed.reserveCapacity(bytes.count)
        for line in bytes.split(separator: ASCII.lineFeed, omittingEmptySubsequences: false) {
            let isLast = line.endIndex == bytes.endIndex
            let hasReturn = !isLast && line.last == ASCII.carriageReturn
            let content = hasReturn ? line.dropLast() : line
            trimmed += content.prefix(upTo: content.lastIndex { !$0.isBlank }.map { $0 + 1 } ?? content.startIndex)
            if hasReturn { trimmed.append(ASCII.carriageReturn) }
            if !isLast { trimmed.append(ASCII.lineFeed) }
        }
        return unescaped(trimmed)
    }

    /// The bytes with their escapes decoded, line by line or within an encoded word.
    static func unescaped(_ bytes: [UInt8]) -> (bytes: [UInt8], isMalformed: Bool) {
        let result = [UInt8](unsafeUninitializedCapacity: bytes.count + 4) { buffer, count in
            guard let start = buffer.baseAddress else { return }
            var state: Int32 = 0
            var saved: UInt32 = 0
            count = g_mime_encoding_quoted_decode_step(bytes, bytes.count, start, &state, &saved)
            // GMime holds back an escape that the end cuts, such as `=E`; a soft line break alone means nothing.
            if state == 2, saved != UInt32(ASCII.carriageReturn) {
                buffer[count] = UInt8(ascii: "=")
                buffer[count + 1] = UInt8(truncatingIfNeeded: saved)
                count += 2
            }
        }
        return (result, hasFalseEscape(bytes))
    }

    private static func hasBlankAtLineEnd(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.last?.isBlank != true else { return true }
        return bytes.withUnsafeBufferPointer { bytes in
            var previous: UInt8 = 0
            var beforeReturn: UInt8 = 0
            for byte in bytes {
                if byte == ASCII.lineFeed, previous.isBlank || previous == ASCII.carriageReturn && beforeReturn.isBlank
                {
                    return true
                }
                (beforeReturn, previous) = (previous, byte)
            }
            return false
        }
    }

    private static func hasFalseEscape(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { bytes in
            var index = 0
            while index < bytes.count {
                defer { index += 1 }
                guard bytes[index] == UInt8(ascii: "=") else { continue }
                let code = bytes[(index + 1)..<min(index + 3, bytes.count)]
                let isBreak = code.isEmpty || code.first == ASCII.lineFeed || code.first == ASCII.carriageReturn
                if !isBreak, code.count < 2 || code.contains(where: { $0.hexadecimalValue == nil }) { return true }
            }
            return false
        }
    }
}
