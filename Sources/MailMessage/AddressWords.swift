/// Puts the words of an address together.
enum AddressWords {
    private static let at = UInt8(ascii: "@")
    private static let dot = UInt8(ascii: ".")

    /// The words with those joined that belong to one address though blanks or comments stand between them
    /// (RFC 5322 section 4.4): around `@`, and before a dot in the domain.
    static func joined(_ words: [AddressParser.Word]) -> [AddressParser.Word] {
        guard words.contains(where: { $0.bytes.contains(at) && !$0.isQuoted }) else { return words }
        var result: [AddressParser.Word] = []
        var isAfterDot = false
        for word in words {
            if let last = result.last, belongs(word, to: last) || (isAfterDot && !word.isQuoted) {
                // `example . jp`
                isAfterDot = word.bytes == [dot] && last.bytes.contains(at)
                result[result.count - 1] = joining(last, word)
            } else {
                isAfterDot = false
                result.append(word)
            }
        }
        return result
    }

    private static func belongs(_ word: AddressParser.Word, to last: AddressParser.Word) -> Bool {
        // `"first part".second@domain` and its like.
        if word.isQuoted { return !word.isSpaced && last.bytes.last == dot && !last.bytes.contains(at) }
        if last.isQuoted { return word.bytes.first == at || (!word.isSpaced && word.bytes.first == dot) }
        if word.bytes.first == at { return !last.bytes.contains(at) }
        if last.bytes.last == at { return true }
        return last.bytes.contains(at) && word.bytes.first == dot && !word.bytes.contains(at)
    }

    private static func joining(_ first: AddressParser.Word, _ second: AddressParser.Word) -> AddressParser.Word {
        guard first.isQuoted || second.isQuoted else {
            return AddressParser.Word(bytes: first.bytes + second.bytes, isSpaced: first.isSpaced)
        }
        guard !second.isQuoted, let at = second.bytes.firstIndex(of: at) else {
            return AddressParser.Word(bytes: first.bytes + second.bytes, isQuoted: true, isSpaced: first.isSpaced)
        }
        let local = NormalizedAddress.quotedIfNeeded((first.bytes + second.bytes[..<at]).utf8Text)
        return AddressParser.Word(bytes: Array(local.utf8) + second.bytes[at...], isSpaced: first.isSpaced)
    }

    /// The address of a word with an `@` in it; nil when nothing stands before or after that.
    static func address(_ word: AddressParser.Word, name: String?) -> EmailAddress? {
        var bytes = word.bytes[...]
        while let first = bytes.first, let last = bytes.last, bytes.count > 2, first == last,
            first == UInt8(ascii: "'") || first == UInt8(ascii: "`")
        {
            bytes = bytes.dropFirst().dropLast()
        }
        guard bytes.count >= 3, bytes.first != at, bytes.last != at else { return nil }
        let text = bytes.utf8Text
        return EmailAddress(
            displayName: name,
            address: text.onOneLine,
            normalized: NormalizedAddress(text)
        )
    }
}
