import CGMime

/// A field with parameters, as Content-Type and Content-Disposition are (RFC 2045 section 5.1, RFC 2183).
///
/// GMime takes it apart and puts RFC 2231 continuations in order; what a value means is decided here. GMime puts a
/// charset's name of any length on the stack, glibc's iconv lacks NEC row 13 of ISO-2022-JP, encoded words must be joined
/// before they are decoded, and Windows paths are no quoted pairs. So all of that is hidden from GMime behind
/// noncharacters.
struct ContentField {
    /// What stands before the first semicolon, in lower case, without white space.
    let value: String
    private var parameters: [(name: String, value: [UInt8])] = []
    private let hint: Charset?

    /// The longest field that is read whole, in bytes.
    static let maximumLength = 16_384
    /// Stands before a percent-encoded section of a value: U+FDD1.
    private static let encodedMark: [UInt8] = [0xEF, 0xB7, 0x91]
    /// Stands before another section of a value by RFC 2231: U+FDD2.
    private static let plainMark: [UInt8] = [0xEF, 0xB7, 0x92]
    /// Stands within the beginning of an encoded word: U+FDD3.
    private static let wordMark: [UInt8] = [0xEF, 0xB7, 0x93]

    init(_ field: [UInt8], hint: Charset?) {
        var bytes = Array(field.prefix(Self.maximumLength))
        // Raw Japanese bytes hold quotes and backslashes of their own: to text first.
        if bytes.contains(where: { $0 >= 0x80 || $0 == ASCII.escape }) {
            bytes = Array(TextDecoder.decode(bytes, declared: nil, hint: hint).text.utf8)
        }
        self.hint = hint
        let separator = bytes.firstIndex(of: UInt8(ascii: ";")) ?? bytes.endIndex
        value =
            bytes[..<separator].prefix { $0 != UInt8(ascii: "(") }.prefix(256)
            .filter { !$0.isWhiteSpace && !$0.isControl && $0 != ASCII.quote }.map(\.lowercased).utf8Text
        let rest = bytes[separator...].dropFirst()
        guard rest.contains(UInt8(ascii: "=")) else { return }
        let text = Self.marked(rest).map { CChar(bitPattern: $0) } + [0]
        guard let list = g_mime_param_list_parse(GMime.options, text) else { return }
        defer { mailkeep_gmime_free_parameters(list) }
        for index in 0..<g_mime_param_list_length(list) {
            guard let parameter = g_mime_param_list_get_parameter_at(list, index),
                let name = g_mime_param_get_name(parameter), let value = g_mime_param_get_value(parameter)
            else { continue }
            var bytes = GMime.bytes(value)
            if bytes.contains(Self.wordMark[0]) { bytes = bytes.replacing(Self.wordMark, with: []) }
            parameters.append((String(cString: name).lowercased(), bytes))
        }
    }

    /// The value of a parameter, decoded; a value by RFC 2231 goes before a plain one.
    subscript(name: String) -> String? { text(name, hint: hint) }

    /// The encoding that the charset parameter names.
    var charset: Charset? { text("charset", hint: nil).flatMap { Charset(label: $0.utf8) } }

    private func text(_ name: String, hint: Charset?) -> String? {
        let values = parameters.lazy.filter { $0.name == name }.map(\.value)
        if let extended = values.first(where: { $0.starts(with: Self.encodedMark) || $0.starts(with: Self.plainMark) })
        {
            return Self.extended(extended, hint: hint)
        }
        return values.first.map { EncodedWords.decode($0, hint: hint) }
    }

    /// A value by RFC 2231: its sections joined as bytes before they are decoded, as they split characters.
    private static func extended(_ value: [UInt8], hint: Charset?) -> String {
        var charset: Charset?
        var bytes: [UInt8] = []
        var rest = value[...]
        while !rest.isEmpty {
            let isEncoded = rest.starts(with: encodedMark)
            rest = rest.dropFirst(encodedMark.count)
            var section = rest[..<(rest.indices.first { isMark(rest[$0...]) } ?? rest.endIndex)]
            rest = rest[section.endIndex...]
            if bytes.isEmpty, charset == nil, isEncoded, let language = section.firstIndex(of: apostrophe),
                let text = section[(language + 1)...].firstIndex(of: apostrophe)
            {
                charset = Charset(label: section[..<language])
                section = section[(text + 1)...]
            }
            bytes += isEncoded ? percentDecoded(section) : Array(section)
        }
        if charset == nil, EncodedWords.mayOccur(in: bytes) { return EncodedWords.decode(bytes, hint: hint) }
        return TextDecoder.decode(bytes, declared: charset, hint: hint).text
    }

    private static let apostrophe = UInt8(ascii: "'")

    private static func isMark(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.starts(with: encodedMark) || bytes.starts(with: plainMark) || bytes.starts(with: wordMark)
    }

    private static func percentDecoded(_ value: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var rest = value
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let high = rest[rest.startIndex].hexadecimalValue,
                let low = rest[rest.startIndex + 1].hexadecimalValue
            {
                result.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                result.append(byte)
            }
        }
        return result
    }

    // MARK: What GMime reads

    /// Parameters with everything in them hidden that GMime must not decode.
    ///
    /// `name*=value` and `name*0*=value` become `name*0=` and a mark, so that GMime only joins sections.
    private static func marked(_ parameters: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(parameters.count + 32)
        var isQuoted = false
        var rest = parameters
        while let byte = rest.first {
            if byte == 0 || isMark(rest) {
                rest = rest.dropFirst(byte == 0 ? 1 : wordMark.count)
                continue
            }
            if byte == UInt8(ascii: "*"), !isQuoted, let section = Section(rest) {
                result += "*\(section.number)=".utf8
                rest = rest[section.valueStart...]
                if rest.first == ASCII.quote {
                    isQuoted = true
                    result.append(ASCII.quote)
                    rest = rest.dropFirst()
                }
                result += section.isEncoded ? encodedMark : plainMark
                continue
            }
            rest = rest.dropFirst()
            result.append(byte)
            if byte == UInt8(ascii: "="), rest.first == UInt8(ascii: "?") {
                result += wordMark
            } else if byte == ASCII.backslash, isQuoted {
                // A backslash before anything else than these stands in a Windows path.
                let isPair = rest.first == ASCII.quote || rest.first == ASCII.backslash
                result.append(isPair ? rest.removeFirst() : byte)
            } else if byte == ASCII.quote {
                isQuoted.toggle()
                // Words that belong to it behind its quotes, as in `"=?…?=" =?…?=`.
                let next = rest.drop { $0.isWhiteSpace || $0 == ASCII.quote }
                if !isQuoted, result.dropLast().suffix(2).elementsEqual("?=".utf8), next.starts(with: "=?".utf8) {
                    result[result.count - 1] = ASCII.space
                    isQuoted = true
                    rest = next
                }
            }
        }
        return result
    }

    /// The `*`, `*1` or `*1*` before the `=` of a parameter by RFC 2231.
    private struct Section {
        let number: String
        let isEncoded: Bool
        let valueStart: Int

        init?(_ bytes: ArraySlice<UInt8>) {
            var rest = bytes.dropFirst()
            let digits = rest.prefix { $0.isDigit }
            rest = rest[digits.endIndex...]
            let isStarred = rest.first == UInt8(ascii: "*") && !digits.isEmpty
            if isStarred { rest = rest.dropFirst() }
            rest = rest.drop(while: \.isWhiteSpace)
            guard rest.first == UInt8(ascii: "="), digits.count < 6 else { return nil }
            number = digits.isEmpty ? "0" : digits.utf8Text
            isEncoded = digits.isEmpty || isStarred
            valueStart = rest.dropFirst().drop(while: \.isWhiteSpace).startIndex
        }
    }
}
