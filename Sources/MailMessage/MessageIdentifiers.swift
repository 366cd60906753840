/// Message identifiers (RFC 5322 section 3.6.4), without their angle brackets.
enum MessageIdentifiers {
    /// The longest identifier that is kept, in bytes.
    private static let maximumLength = 998

    /// All identifiers of a field in angle brackets; of one without any, its words with an `@`.
    static func parse(_ value: [UInt8]) -> [String] {
        var identifiers: [String] = []
        var rest = value[...]
        while let open = rest.firstIndex(of: UInt8(ascii: "<")) {
            rest = rest[(open + 1)...]
            guard let close = rest.firstIndex(where: { $0 == UInt8(ascii: ">") || $0 == UInt8(ascii: "<") }) else {
                append(rest, to: &identifiers)
                return identifiers
            }
            append(rest[..<close], to: &identifiers)
            rest = rest[close...]
        }
        if identifiers.isEmpty, value.count <= maximumLength * 100 {
            for word in value.split(whereSeparator: \.isWhiteSpace) where word.contains(UInt8(ascii: "@")) {
                append(word, to: &identifiers)
            }
        }
        return identifiers
    }

    /// The identifier of a Message-ID field: the first, or whatever stands there.
    static func parseSingle(_ value: [UInt8]) -> String? {
        if let first = parse(value).first { return first }
        var identifiers: [String] = []
        append(value[...], to: &identifiers)
        return identifiers.first
    }

    private static func append(_ content: ArraySlice<UInt8>, to identifiers: inout [String]) {
        let bytes = content.filter { byte in
            !byte.isControl && byte != ASCII.space && byte != UInt8(ascii: "<") && byte != UInt8(ascii: ">")
        }
        guard !bytes.isEmpty, bytes.count <= maximumLength else { return }
        identifiers.append(bytes.utf8Text)
    }
}
