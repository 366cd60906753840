/// Reads the addresses of a field (RFC 5322 section 3.4), as they are found.
///
/// Takes what a reader would: groups, routes, comments, semicolons and blanks between addresses, quotes and brackets
/// that nobody closed. What stands beside an address in angle brackets is its name, and an address in it is none.
struct AddressParser {
    /// A piece of an address or of a name.
    struct Word {
        var bytes: [UInt8]
        var isQuoted = false
        /// White space stands before it.
        var isSpaced: Bool
    }

    private enum Scope {
        case field
        /// Within angle brackets.
        case brackets
        /// Text that was quoted or encoded as a whole: nothing in it is decoded once more.
        case decoded
    }

    private let bytes: [UInt8]
    private let hint: Charset?
    private let scope: Scope
    private var index = 0
    private var hasClosingQuote = true
    private var hasClosingParenthesis = true
    private var scannedForWords = 0

    // The address at hand, up to the next comma.
    private var words: [Word] = []
    private var comment: [UInt8]?
    private var isSpaced = false
    private var hasAddress = false
    private var hasBrackets = false
    private var placeholder: EmailAddress?

    private var addresses: [EmailAddress] = []

    /// The addresses of a field's value, in their order.
    ///
    /// - Parameter hint: the charset of raw bytes that are not ASCII, if the message says one.
    static func parse(_ value: [UInt8], hint: Charset? = nil) -> [EmailAddress] {
        parse(value, hint: hint, scope: .field)
    }

    private static func parse(_ value: [UInt8], hint: Charset?, scope: Scope) -> [EmailAddress] {
        var bytes = value
        // Raw Japanese bytes hold quotes, commas and brackets of their own: to text first.
        if value.contains(where: { $0 >= 0x80 || $0 == ASCII.escape }) {
            bytes = Array(TextDecoder.decode(value, declared: nil, hint: hint).text.utf8)
        }
        var parser = AddressParser(bytes: bytes, hint: hint, scope: scope)
        parser.run()
        return parser.addresses
    }

    private init(bytes: [UInt8], hint: Charset?, scope: Scope) {
        self.bytes = bytes
        self.hint = hint
        self.scope = scope
    }

    private mutating func run() {
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case _ where byte.isWhiteSpace:
                isSpaced = true
                index += 1
            case UInt8(ascii: ","), UInt8(ascii: ";"):
                finishAddress()
                index += 1
            case UInt8(ascii: ":"):
                // What stands before was the name of a group.
                words.removeAll()
                isSpaced = true
                index += 1
            case ASCII.quote: takeQuoted()
            case UInt8(ascii: "("): takeComment()
            case UInt8(ascii: "<"): takeBrackets()
            case UInt8(ascii: ">"), UInt8(ascii: ")"): index += 1
            default: takeWord()
            }
        }
        finishAddress()
    }

    // MARK: Pieces

    private mutating func add(_ bytes: [UInt8], isQuoted: Bool) {
        words.append(Word(bytes: bytes, isQuoted: isQuoted, isSpaced: isSpaced))
        isSpaced = false
    }

    private mutating func takeQuoted() {
        guard hasClosingQuote, let end = closingQuote(from: index + 1) else {
            hasClosingQuote = false
            index += 1
            return
        }
        add(Self.unescaped(bytes[(index + 1)..<end]), isQuoted: true)
        index = end + 1
    }

    private mutating func takeComment() {
        guard hasClosingParenthesis, let end = closingParenthesis(from: index) else {
            hasClosingParenthesis = false
            index += 1
            return
        }
        comment = Self.unescaped(bytes[(index + 1)..<end])
        index = end + 1
    }

    private mutating func takeBrackets() {
        let start = index + 1
        var end = start
        while end < bytes.count {
            let byte = bytes[end]
            if byte == UInt8(ascii: ">") || byte == UInt8(ascii: "<") { break }
            if byte == ASCII.quote, hasClosingQuote {
                if let quoteEnd = closingQuote(from: end + 1) { end = quoteEnd } else { hasClosingQuote = false }
            }
            end += 1
        }
        if end >= bytes.count {
            // Nobody closed it: up to the next address.
            end = start
            while end < bytes.count, bytes[end] != UInt8(ascii: ","), bytes[end] != UInt8(ascii: ";") { end += 1 }
        }
        index = end < bytes.count && bytes[end] == UInt8(ascii: ">") ? end + 1 : end
        takeBracketed(bytes[start..<end])
    }

    private mutating func takeBracketed(_ content: ArraySlice<UInt8>) {
        hasBrackets = true
        let found = bracketed(content)
        let name = displayName(words)
        for address in found where address.address.utf8.contains(UInt8(ascii: "@")) {
            addresses.append(
                EmailAddress(displayName: name, address: address.address, normalized: address.normalized)
            )
            hasAddress = true
            words.removeAll()
        }
        if !hasAddress, let first = found.first {
            placeholder = EmailAddress(displayName: name, address: first.address, normalized: nil)
        }
        isSpaced = true
    }

    private mutating func takeWord() {
        if let end = EncodedWords.wordEnd(in: bytes, at: index, scanned: &scannedForWords) {
            add(Array(bytes[index..<end]), isQuoted: false)
            index = end
            return
        }
        var word: [UInt8] = []
        while index < bytes.count {
            let byte = bytes[index]
            if byte.isWhiteSpace || Self.isDelimiter(byte) { break }
            if byte == UInt8(ascii: "["), let literal = addressLiteral(after: word) {
                word += bytes[index..<literal]
                index = literal
                continue
            }
            if byte == ASCII.backslash, index + 1 < bytes.count, !bytes[index + 1].isWhiteSpace { index += 1 }
            word.append(bytes[index])
            index += 1
        }
        add(word, isQuoted: false)
    }

    private static func isDelimiter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"), ASCII.quote, UInt8(ascii: "("),
            UInt8(ascii: ")"), UInt8(ascii: "<"), UInt8(ascii: ">"):
            true
        default: false
        }
    }

    /// The end of an address literal that begins at `index`, when it stands where a domain does.
    private func addressLiteral(after word: [UInt8]) -> Int? {
        guard (word.isEmpty ? words.last?.bytes.last : word.last) == UInt8(ascii: "@") else { return nil }
        return bytes[index...].prefix(256).firstIndex(of: UInt8(ascii: "]")).map { $0 + 1 }
    }

    private func closingQuote(from start: Int) -> Int? {
        var position = start
        while position < bytes.count {
            if bytes[position] == ASCII.quote { return position }
            position += bytes[position] == ASCII.backslash ? 2 : 1
        }
        return nil
    }

    private func closingParenthesis(from start: Int) -> Int? {
        var depth = 0
        var position = start
        while position < bytes.count {
            switch bytes[position] {
            case ASCII.backslash: position += 1
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"):
                depth -= 1
                if depth == 0 { return position }
            default: break
            }
            position += 1
        }
        return nil
    }

    private static func unescaped(_ content: ArraySlice<UInt8>) -> [UInt8] {
        guard content.contains(ASCII.backslash) else { return Array(content) }
        var result: [UInt8] = []
        var isEscaped = false
        for byte in content {
            if byte == ASCII.backslash, !isEscaped {
                isEscaped = true
                continue
            }
            result.append(byte)
            isEscaped = false
        }
        return result
    }

    // MARK: Addresses

    private mutating func finishAddress() {
        defer {
            words.removeAll(keepingCapacity: true)
            comment = nil
            isSpaced = false
            hasAddress = false
            hasBrackets = false
            placeholder = nil
        }
        if hasAddress {
            nameLastByComment()
            return
        }
        let candidates = AddressWords.joined(words)
        let isAddress = { (word: Word) in
            !word.isQuoted && word.bytes.contains(UInt8(ascii: "@")) && !Self.isEncoded(word)
        }
        if candidates.contains(where: isAddress) {
            // Blanks between them, or a name without brackets after it.
            var name: [Word] = []
            for candidate in candidates {
                if isAddress(candidate), let address = AddressWords.address(candidate, name: displayName(name)) {
                    addresses.append(address)
                    name.removeAll()
                } else {
                    name.append(candidate)
                }
            }
            nameLastByComment()
            return
        }
        if scope == .field, !hasBrackets, let hidden = hiddenAddresses(), !hidden.isEmpty {
            addresses += hidden
        } else if let placeholder {
            addresses.append(placeholder)
        } else if candidates.count == 1, let only = candidates.first, !only.isQuoted, !Self.isEncoded(only) {
            let text = only.bytes.utf8Text.onOneLine
            if !text.isEmpty { addresses.append(EmailAddress(displayName: nil, address: text, normalized: nil)) }
        }
    }

    /// The addresses of a mailbox that was quoted or encoded as a whole, so that nothing else can be its address.
    private func hiddenAddresses() -> [EmailAddress]? {
        guard words.contains(where: { $0.isQuoted || Self.isEncoded($0) }), words.count <= 100 else { return nil }
        let text = EncodedWords.decode(Self.text(of: words), hint: hint)
        guard text.utf8.contains(UInt8(ascii: "@")) else { return nil }
        return Self.parse(Array(text.utf8), hint: nil, scope: .decoded).filter { $0.normalized != nil }
    }

    /// The addresses within angle brackets.
    private func bracketed(_ content: ArraySlice<UInt8>) -> [EmailAddress] {
        var content = content.trimmed
        // A route (RFC 5322 section 4.4): `@relay,@relay:`.
        if content.first == UInt8(ascii: "@"), let colon = content.firstIndex(of: UInt8(ascii: ":")) {
            content = content[(colon + 1)...]
        }
        let isDecoded = scope == .decoded
        let found = Self.parse(Array(content), hint: hint, scope: isDecoded ? .decoded : .brackets)
        guard found.isEmpty, !isDecoded, EncodedWords.mayOccur(in: content) else { return found }
        return Self.parse(Array(EncodedWords.decode(content, hint: hint).utf8), hint: nil, scope: .decoded)
    }

    private mutating func nameLastByComment() {
        guard let comment, let last = addresses.last, last.displayName == nil else { return }
        let name = EncodedWords.decode(comment, hint: hint).onOneLine
        guard !name.isEmpty else { return }
        addresses[addresses.count - 1] = EmailAddress(
            displayName: name,
            address: last.address,
            normalized: last.normalized
        )
    }

    private static func isEncoded(_ word: Word) -> Bool {
        word.bytes.count > 6 && word.bytes.starts(with: "=?".utf8) && word.bytes.suffix(2).elementsEqual("?=".utf8)
    }

    private static func text(of words: [Word]) -> [UInt8] {
        var text: [UInt8] = []
        for word in words {
            if word.isSpaced, !text.isEmpty { text.append(ASCII.space) }
            text += word.bytes
        }
        return text
    }

    private func displayName(_ words: [Word]) -> String? {
        guard !words.isEmpty else { return nil }
        let name = EncodedWords.decode(Self.text(of: words), hint: hint).onOneLine
        return name.isEmpty ? nil : name
    }
}
