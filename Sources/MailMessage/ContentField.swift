/// A field with parameters, as Content-Type and Content-Disposition are (RFC 2045 section 5.1, RFC 2183).
///
/// Reads RFC 2231 continuations and charsets, encoded words and raw bytes in values, and values without their quotes.
struct ContentField {
    /// What stands before the first semicolon, in lower case, without white space.
    let value: String
    private var parameters: [String: Parameter] = [:]
    private let hint: Charset?

    /// More parameters than any mailer writes.
    private static let maximumParameters = 1000

    init(_ field: [UInt8], hint: Charset?) {
        var bytes = field
        // Raw Japanese bytes hold quotes and backslashes of their own: to text first.
        if field.contains(where: { $0 >= 0x80 || $0 == ASCII.escape }) {
            bytes = Array(TextDecoder.decode(field, declared: nil, hint: hint).text.utf8)
        }
        self.hint = hint
        let separator = bytes.firstIndex(of: UInt8(ascii: ";")) ?? bytes.endIndex
        let head = bytes[..<separator].prefix { $0 != UInt8(ascii: "(") }
        value =
            head.prefix(256).filter { !$0.isWhiteSpace && !$0.isControl && $0 != ASCII.quote }
            .map(\.lowercased).utf8Text
        var reader = ParameterReader(bytes: bytes, index: separator)
        var count = 0
        while count < Self.maximumParameters, let (name, value) = reader.next() {
            take(name, value)
            count += 1
        }
    }

    /// The value of a parameter, decoded; a value by RFC 2231 goes before a plain one.
    subscript(name: String) -> String? {
        parameters[name]?.text(hint: hint)
    }

    /// The value of a parameter as it stands, which is right for boundaries.
    func rawValue(_ name: String) -> [UInt8]? {
        guard let parameter = parameters[name] else { return nil }
        return parameter.plain ?? parameter.text(hint: nil).map { Array($0.utf8) }
    }

    /// The encoding that the charset parameter names.
    var charset: Charset? {
        parameters["charset"]?.text(hint: nil).flatMap { Charset(label: $0.utf8) }
    }

    private mutating func take(_ name: [UInt8], _ value: [UInt8]) {
        let pieces = name.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
        guard let base = pieces.first, !base.isEmpty, pieces.count <= 3 else { return }
        let key = base.map(\.lowercased).utf8Text
        var parameter = parameters[key] ?? Parameter()
        if pieces.count == 1 {
            if parameter.plain == nil { parameter.plain = value }
        } else if pieces.count == 2, pieces[1].isEmpty {
            parameter.add(Parameter.Section(number: 0, isEncoded: true, value: value))
        } else if let number = Int(pieces[1].utf8Text), (0..<Self.maximumParameters).contains(number) {
            parameter.add(Parameter.Section(number: number, isEncoded: pieces.count == 3, value: value))
        }
        parameters[key] = parameter
    }

    /// One parameter in all the ways it was given.
    private struct Parameter {
        struct Section {
            let number: Int
            let isEncoded: Bool
            let value: [UInt8]
        }

        var plain: [UInt8]?
        private var sections: [Section] = []

        mutating func add(_ section: Section) { sections.append(section) }

        func text(hint: Charset?) -> String? {
            extended(hint: hint) ?? plain.map { EncodedWords.decode($0, hint: hint) }
        }

        /// The value by RFC 2231: its sections in order, joined as bytes before they are decoded.
        private func extended(hint: Charset?) -> String? {
            let ordered = sections.sorted { $0.number < $1.number }
            guard var expected = ordered.first?.number else { return nil }
            var charset: Charset?
            var bytes: [UInt8] = []
            var isFirst = true
            for section in ordered {
                if section.number < expected, !isFirst { continue }
                guard section.number == expected else { break }
                expected += 1
                var value = section.value[...]
                if isFirst, section.isEncoded, let language = value.firstIndex(of: UInt8(ascii: "'")),
                    let text = value[(language + 1)...].firstIndex(of: UInt8(ascii: "'"))
                {
                    charset = Charset(label: value[..<language])
                    value = value[(text + 1)...]
                }
                isFirst = false
                bytes += section.isEncoded ? Self.percentDecoded(value) : value
            }
            if charset == nil, EncodedWords.mayOccur(in: bytes) { return EncodedWords.decode(bytes, hint: hint) }
            return TextDecoder.decode(bytes, declared: charset, hint: hint).text
        }

        private static func percentDecoded(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
            var result: [UInt8] = []
            var index = value.startIndex
            while index < value.endIndex {
                if value[index] == UInt8(ascii: "%"), index + 2 < value.endIndex,
                    let high = value[index + 1].hexadecimalValue, let low = value[index + 2].hexadecimalValue
                {
                    result.append(high << 4 | low)
                    index += 3
                } else {
                    result.append(value[index])
                    index += 1
                }
            }
            return result[...]
        }
    }
}

/// Reads `; name=value` again and again.
private struct ParameterReader {
    let bytes: [UInt8]
    var index: Int

    mutating func next() -> (name: [UInt8], value: [UInt8])? {
        while index < bytes.count {
            skipSeparators()
            let start = index
            while index < bytes.count, bytes[index] != UInt8(ascii: "="), bytes[index] != UInt8(ascii: ";") {
                index += 1
            }
            guard index < bytes.count, bytes[index] == UInt8(ascii: "=") else { continue }
            let name = Array(bytes[start..<index].trimmed)
            index += 1
            while index < bytes.count, bytes[index].isWhiteSpace { index += 1 }
            let value = index < bytes.count && bytes[index] == ASCII.quote ? quotedValue() : plainValue()
            if !name.isEmpty { return (name, value) }
        }
        return nil
    }

    /// Skips white space, semicolons and comments.
    private mutating func skipSeparators() {
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "(") {
                guard let end = bytes[index...].prefix(256).firstIndex(of: UInt8(ascii: ")")) else { return }
                index = end + 1
            } else if bytes[index] == UInt8(ascii: ";") || bytes[index].isWhiteSpace {
                index += 1
            } else {
                return
            }
        }
    }

    private mutating func plainValue() -> [UInt8] {
        let start = index
        while index < bytes.count, bytes[index] != UInt8(ascii: ";") { index += 1 }
        var value = bytes[start..<index].trimmed
        // A comment at the end.
        if value.last == UInt8(ascii: ")"), let open = value.lastIndex(of: UInt8(ascii: "(")), open > start,
            bytes[open - 1].isWhiteSpace, !value.contains(ASCII.quote)
        {
            let uncommented = value[..<open].trimmed
            if !uncommented.isEmpty { value = uncommented }
        }
        return Array(value)
    }

    private mutating func quotedValue() -> [UInt8] {
        index += 1
        var value: [UInt8] = []
        while index < bytes.count, bytes[index] != ASCII.quote {
            // A backslash before anything else than these stands in a Windows path.
            if bytes[index] == ASCII.backslash, index + 1 < bytes.count,
                bytes[index + 1] == ASCII.quote || bytes[index + 1] == ASCII.backslash
            {
                index += 1
            }
            value.append(bytes[index])
            index += 1
        }
        index += 1
        while index < bytes.count, bytes[index] != UInt8(ascii: ";") {
            // Words that belong to it behind its quotes, as in `"=?…?=" "=?…?="`.
            if bytes[index] == UInt8(ascii: "=") || bytes[index].isLetter { break }
            index += 1
        }
        return value
    }
}
