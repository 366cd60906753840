import CGMime

/// One address without its name (addr-spec, RFC 5322 section 3.4.1), read by GMime.
///
/// GMime is given one at a time, strictly, in angle brackets: leniently, it would cut an address short at the first
/// character that it does not like, which is another address.
enum AddressSpecification {
    private static let at = UInt8(ascii: "@")
    private static let dot = UInt8(ascii: ".")
    /// Keeps GMime from decoding A-labels, which are shown as they were written: U+FDD3.
    private static let labelMark: [UInt8] = [0xEF, 0xB7, 0x93]
    private static let label = Array("xn--".utf8)
    private static let maximumColons = 16

    /// The address; nil when this is not exactly one, with a domain.
    static func read(_ text: ArraySlice<UInt8>) -> EmailAddress? {
        if let at = plainAt(text) { return address(local: text[..<at], domain: text[(at + 1)...]) }
        guard text.contains(at), let specification = prepared(text) else { return nil }
        guard let list = internet_address_list_parse(GMime.strictOptions, specification) else { return nil }
        defer { mailkeep_gmime_free_addresses(list) }
        guard internet_address_list_length(list) == 1 else { return nil }
        var split: Int32 = -1
        guard let found = mailkeep_gmime_address(list, &split) else { return nil }
        var bytes = GMime.bytes(found)
        if bytes.contains(labelMark[0]) { bytes = bytes.replacing(labelMark, with: []) }
        guard split > 0, let at = bytes.lastIndex(of: at), at > 0 else { return nil }
        return address(local: bytes[..<at], domain: bytes[(at + 1)...])
    }

    /// Where the `@` is in words of ASCII letters, digits, `-`, `_` and `+` with single dots between them, which most
    /// addresses are: these can be read in one way only.
    private static func plainAt(_ text: ArraySlice<UInt8>) -> Int? {
        var found: Int?
        // Whether a word has begun.
        var isInWord = false
        for (index, byte) in zip(text.indices, text) {
            switch byte {
            case _ where byte.isLetter || byte.isDigit: isInWord = true
            case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "+"):
                guard found == nil || byte == UInt8(ascii: "-") else { return nil }
                isInWord = true
            case dot where isInWord: isInWord = false
            case at where isInWord && found == nil:
                found = index
                isInWord = false
            default: return nil
            }
        }
        return isInWord ? found : nil
    }

    /// What stands where an address should be, to be shown; nil for nothing.
    static func placeholder(_ text: ArraySlice<UInt8>) -> EmailAddress? {
        let bytes = text.trimmed
        guard bytes.first != at, bytes.last != at else { return nil }
        let shown = bytes.utf8Text.onOneLine
        return shown.isEmpty ? nil : EmailAddress(displayName: nil, address: shown, normalized: nil)
    }

    /// The text in angle brackets as a C string, with what mailers do to it undone.
    private static func prepared(_ text: ArraySlice<UInt8>) -> [CChar]? {
        var text = text.trimmed
        if text.count > 7, text.prefix(7).equalsIgnoringCase("mailto:") { text = text.dropFirst(7) }
        while let first = text.first, first == text.last, text.count > 2,
            first == UInt8(ascii: "'") || first == UInt8(ascii: "`")
        {
            text = text.dropFirst().dropLast()
        }
        // GMime recurses into groups; no address has so many colons, not even one with an IPv6 literal.
        guard let split = text.lastIndex(of: at), !text.contains(0xEF) || !text.contains(labelMark),
            text.count(where: { $0 == UInt8(ascii: ":") }) <= maximumColons
        else { return nil }
        let local = text[..<split]
        // Carriers' addresses such as `a..b@` and `a.@` need quotes to GMime.
        let isPlain = local.allSatisfy { !NormalizedAddress.needsQuoting($0) }
        let isIrregular = local.first == dot || local.last == dot || hasPair(of: dot, in: local)
        var result: [UInt8] = [UInt8(ascii: "<")]
        if isPlain, isIrregular { result += [ASCII.quote] + local + [ASCII.quote] } else { result += local }
        result += text[split...]
        if hasPair(of: UInt8(ascii: "-"), in: text) { result = result.replacing(label, with: labelMark + label) }
        return (result + [UInt8(ascii: ">"), 0]).map { CChar(bitPattern: $0) }
    }

    private static func hasPair(of byte: UInt8, in text: ArraySlice<UInt8>) -> Bool {
        zip(text, text.dropFirst()).contains { $0 == byte && $1 == byte }
    }

    private static func address(local: ArraySlice<UInt8>, domain: ArraySlice<UInt8>) -> EmailAddress {
        let isQuoted = local.contains(ASCII.quote)
        var content: [UInt8] = []
        var isEscaped = false
        for byte in local {
            if isQuoted, !isEscaped, byte == ASCII.backslash || byte == ASCII.quote {
                isEscaped = byte == ASCII.backslash
                continue
            }
            isEscaped = false
            content.append(byte)
        }
        return EmailAddress(
            displayName: nil,
            address: (NormalizedAddress.quotedIfNeeded(content.utf8Text) + "@" + domain.utf8Text).onOneLine,
            normalized: NormalizedAddress(local: content[...], isQuoted: isQuoted, domain: domain)
        )
    }
}
