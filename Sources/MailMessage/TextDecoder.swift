/// Turns bytes of a mail into text, whatever their charset is said to be.
enum TextDecoder {
    /// A text, and what was doubtful about it.
    struct Result {
        var text: String
        var diagnostic: Diagnostic.Code?
    }

    /// Reads bytes as `declared`; where that cannot be, as what they look like.
    ///
    /// - Parameter hint: the charset that is tried first for bytes that declare none.
    static func decode(_ bytes: [UInt8], declared: Charset?, hint: Charset? = nil) -> Result {
        let traits = Traits(bytes)
        guard let declared, declared.family != .ascii else { return undeclared(bytes, traits, hint: hint) }
        if traits.isPlainASCII, declared.family != .sevenBit, declared.family != .wide {
            return Result(text: bytes.utf8Text)
        }
        switch declared.family {
        case .ascii: return undeclared(bytes, traits, hint: hint)
        case .utf8:
            if !traits.hasHighBytes, traits.hasJapaneseEscape { return japanese(bytes, diagnostic: .wrongCharset) }
            if let text = String(validating: bytes, as: UTF8.self) { return Result(text: withoutMark(text)) }
            return mostlyUTF8(bytes) ?? redetected(bytes, traits, declared: declared)
        case .wide: return wide(bytes, declared: declared)
        case .latin:
            if traits.hasJapaneseEscape, !traits.hasHighBytes { return japanese(bytes, diagnostic: .wrongCharset) }
            if traits.hasHighBytes, let text = String(validating: bytes, as: UTF8.self) {
                return Result(text: withoutMark(text), diagnostic: .wrongCharset)
            }
            return converted(bytes, declared) ?? undeclared(bytes, traits, hint: hint)
        case .iso2022JP:
            if traits.hasHighBytes, !traits.hasJapaneseEscape { return redetected(bytes, traits, declared: declared) }
            return japanese(bytes, diagnostic: nil)
        case .multibyte, .singleByte, .sevenBit:
            if let result = CharsetConverter.read(bytes, as: declared.converter), result.errors == 0,
                !(traits.hasJapaneseEscape && !traits.hasHighBytes && declared.family == .multibyte)
            {
                return Result(text: result.text)
            }
            return redetected(bytes, traits, declared: declared)
        }
    }

    /// What can be told of bytes at one look.
    struct Traits {
        var hasHighBytes = false
        var hasJapaneseEscape = false
        var hasShift = false

        init(_ bytes: [UInt8]) {
            var hasEscape = false
            for byte in bytes {
                if byte >= 0x80 { hasHighBytes = true }
                if byte == ASCII.escape { hasEscape = true }
                if byte == 0x0E { hasShift = true }
            }
            hasJapaneseEscape = hasEscape && ISO2022JP.isLikely(bytes)
        }

        var isPlainASCII: Bool { !hasHighBytes && !hasJapaneseEscape && !hasShift }
    }

    private static func undeclared(_ bytes: [UInt8], _ traits: Traits, hint: Charset?) -> Result {
        if let marked = marked(bytes) { return marked }
        if traits.hasJapaneseEscape, !traits.hasHighBytes { return japanese(bytes, diagnostic: .unknownCharset) }
        if !traits.hasHighBytes { return Result(text: bytes.utf8Text) }
        if let text = String(validating: bytes, as: UTF8.self) {
            return Result(text: text, diagnostic: .unknownCharset)
        }
        if let hint, hint.family == .multibyte || hint.family == .singleByte,
            let result = CharsetConverter.read(bytes, as: hint.converter), result.errors == 0
        {
            return Result(text: result.text, diagnostic: .unknownCharset)
        }
        if traits.hasJapaneseEscape { return japanese(bytes, diagnostic: .unknownCharset) }
        if var result = mostlyUTF8(bytes) {
            result.diagnostic = .undecodableText
            return result
        }
        return converted(bytes, CharsetDetector.detect(bytes), diagnostic: .unknownCharset)
            ?? Result(text: bytes.utf8Text, diagnostic: .undecodableText)
    }

    /// Reads bytes that are not what they were declared to be.
    private static func redetected(_ bytes: [UInt8], _ traits: Traits, declared: Charset) -> Result {
        if let text = String(validating: bytes, as: UTF8.self), traits.hasHighBytes {
            return Result(text: withoutMark(text), diagnostic: .wrongCharset)
        }
        if traits.hasJapaneseEscape { return japanese(bytes, diagnostic: .wrongCharset) }
        let detected = CharsetDetector.detect(bytes)
        if detected != declared, detected != .latin,
            let result = CharsetConverter.read(bytes, as: detected.converter), result.errors == 0
        {
            return Result(text: result.text, diagnostic: .wrongCharset)
        }
        return converted(bytes, declared, diagnostic: .undecodableText)
            ?? converted(bytes, detected, diagnostic: .wrongCharset)
            ?? Result(text: bytes.utf8Text, diagnostic: .undecodableText)
    }

    private static func converted(
        _ bytes: [UInt8],
        _ charset: Charset,
        diagnostic: Diagnostic.Code? = nil
    ) -> Result? {
        CharsetConverter.read(bytes, as: charset.converter).map { result in
            Result(text: result.text, diagnostic: result.errors > 0 ? .undecodableText : diagnostic)
        }
    }

    private static func japanese(_ bytes: [UInt8], diagnostic: Diagnostic.Code?) -> Result {
        guard let result = ISO2022JP.read(bytes) else {
            return Result(text: bytes.utf8Text, diagnostic: .undecodableText)
        }
        return Result(text: result.text, diagnostic: result.errors > 0 ? .undecodableText : diagnostic)
    }

    /// UTF-8 that was cut or damaged in a few places; nil when most of it is not UTF-8.
    private static func mostlyUTF8(_ bytes: [UInt8]) -> Result? {
        let text = bytes.utf8Text
        var errors = 0
        var characters = 0
        for scalar in text.unicodeScalars where scalar.value >= 0x80 {
            if scalar == "\u{FFFD}" { errors += 1 } else { characters += 1 }
        }
        guard characters > 0, errors * 4 <= characters + 3 else { return nil }
        return Result(text: text, diagnostic: .undecodableText)
    }

    /// Text that begins with a byte order mark.
    private static func marked(_ bytes: [UInt8]) -> Result? {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return Result(text: bytes.dropFirst(3).utf8Text) }
        if bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE]) {
            return wide(bytes, declared: .utf16)
        }
        return nil
    }

    /// UTF-16 or UTF-32; without a byte order mark the order that gives fewer odd characters.
    private static func wide(_ bytes: [UInt8], declared: Charset) -> Result {
        let isMarked =
            bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE])
            || bytes.starts(with: [0, 0, 0xFE, 0xFF])
        if !isMarked, !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) {
            return Result(text: withoutMark(text), diagnostic: .wrongCharset)
        }
        var converter = declared.converter
        if isMarked {
            converter = declared.converter.hasPrefix("UTF-32") ? "UTF-32" : "UTF-16"
        } else if declared != .utf16BE {
            // Japanese and Latin text has more zero and 0x30 bytes on its high side.
            var even = 0
            var odd = 0
            for (index, byte) in bytes.prefix(4096).enumerated() where byte == 0 || byte == 0x30 {
                if index % 2 == 0 { even += 1 } else { odd += 1 }
            }
            converter += even > odd ? "BE" : "LE"
        }
        guard let result = CharsetConverter.read(bytes, as: converter) else {
            return Result(text: bytes.utf8Text, diagnostic: .undecodableText)
        }
        return Result(text: withoutMark(result.text), diagnostic: result.errors > 0 ? .undecodableText : nil)
    }

    private static func withoutMark(_ text: String) -> String {
        text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    }
}
