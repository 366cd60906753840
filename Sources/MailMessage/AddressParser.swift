/// Reads the addresses of a field (RFC 5322 section 3.4), as they are found.
///
/// The field is cut into mailboxes here, and `AddressSpecification` reads each address through GMime. GMime's own lists
/// lose what follows a semicolon or a name with an `@`, find an address in `victim@bank.example@evil.example`, and
/// recurse without limit into groups. What stands beside an address in angle brackets is its name, and an address in
/// it is none.
struct AddressParser {
    /// A piece of a mailbox, without what delimits it.
    private enum Piece {
        case text(ArraySlice<UInt8>)
        case quoted(ArraySlice<UInt8>)
        case comment(ArraySlice<UInt8>)
        case bracketed(ArraySlice<UInt8>)
        /// An encoded word, which may hold any delimiter.
        case word(ArraySlice<UInt8>)

        /// Whether an address may be here that is not hidden in a name.
        var hasAt: Bool {
            if case .text(let text) = self { text.contains(UInt8(ascii: "@")) } else { false }
        }
    }

    private let bytes: [UInt8]
    private let hint: Charset?
    /// Whether these bytes were encoded themselves, so that nothing in them is decoded again.
    private let isDecoded: Bool
    private var index = 0
    /// The pieces of the mailbox that is being read, and whether white space stands before each.
    private var pieces: [(piece: Piece, isSpaced: Bool)] = []
    private var isSpaced = false
    /// Whether a closing one may still follow; so that none is searched again and again.
    private var hasClosingQuote = true
    private var hasClosingParenthesis = true
    private var scannedForWords = 0

    private var addresses: [EmailAddress] = []

    /// The addresses of a field's value, in their order.
    ///
    /// - Parameter hint: the charset of raw bytes that are not ASCII, if the message says one.
    static func parse(_ value: [UInt8], hint: Charset? = nil) -> [EmailAddress] {
        parse(value, hint: hint, isDecoded: false)
    }

    private static func parse(_ value: [UInt8], hint: Charset?, isDecoded: Bool) -> [EmailAddress] {
        // GMime would end at a NUL; no control character is let through in an address.
        var bytes = value.contains(0) ? value.map { $0 == 0 ? 1 : $0 } : value
        // Raw Japanese bytes hold quotes, commas and brackets of their own: to text first.
        if value.contains(where: { $0 >= 0x80 || $0 == ASCII.escape }) {
            bytes = Array(TextDecoder.decode(value, declared: nil, hint: hint).text.utf8)
        }
        var parser = AddressParser(bytes: bytes, hint: hint, isDecoded: isDecoded)
        parser.run()
        return parser.addresses
    }

    private init(bytes: [UInt8], hint: Charset?, isDecoded: Bool) {
        self.bytes = bytes
        self.hint = hint
        self.isDecoded = isDecoded
    }

    private mutating func run() {
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case _ where byte.isWhiteSpace:
                isSpaced = true
                index += 1
            case UInt8(ascii: ","), UInt8(ascii: ";"):
                finishMailbox()
                index += 1
            case UInt8(ascii: ":"):
                // What stands before was the name of a group.
                pieces.removeAll()
                isSpaced = true
                index += 1
            case ASCII.quote: takeQuoted()
            case UInt8(ascii: "("): takeComment()
            case UInt8(ascii: "<"): takeBrackets()
            case UInt8(ascii: ">"), UInt8(ascii: ")"), ASCII.backslash: index += 1
            default: takeText()
            }
        }
        finishMailbox()
    }

    // MARK: Pieces

    private mutating func add(_ piece: Piece, endingAt end: Int) {
        pieces.append((piece, isSpaced))
        isSpaced = false
        index = end
    }

    private mutating func takeQuoted() {
        guard hasClosingQuote, let end = closingQuote(from: index + 1) else {
            hasClosingQuote = false
            index += 1
            return
        }
        add(.quoted(bytes[(index + 1)..<end]), endingAt: end + 1)
    }

    private mutating func takeComment() {
        guard hasClosingParenthesis, let end = closingParenthesis(from: index) else {
            hasClosingParenthesis = false
            index += 1
            return
        }
        add(.comment(bytes[(index + 1)..<end]), endingAt: end + 1)
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
        let isClosed = end < bytes.count && bytes[end] == UInt8(ascii: ">")
        add(.bracketed(bytes[start..<end]), endingAt: isClosed ? end + 1 : end)
    }

    private mutating func takeText() {
        if let end = EncodedWords.wordEnd(in: bytes, at: index, scanned: &scannedForWords) {
            add(.word(bytes[index..<end]), endingAt: end)
            return
        }
        let start = index
        var end = index
        while end < bytes.count, !bytes[end].isWhiteSpace, !Self.isDelimiter(bytes[end]) {
            let isLiteral = bytes[end] == UInt8(ascii: "[") && end > 0 && bytes[end - 1] == UInt8(ascii: "@")
            let literalEnd = isLiteral ? bytes[end...].prefix(256).firstIndex(of: UInt8(ascii: "]")) : nil
            end = (literalEnd ?? end) + 1
        }
        add(.text(bytes[start..<end]), endingAt: end)
    }

    private static func isDelimiter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"), ASCII.quote, UInt8(ascii: "("),
            UInt8(ascii: ")"), UInt8(ascii: "<"), UInt8(ascii: ">"), ASCII.backslash:
            true
        default: false
        }
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

    // MARK: Mailboxes

    private mutating func finishMailbox() {
        defer {
            pieces.removeAll(keepingCapacity: true)
            isSpaced = false
        }
        guard !pieces.isEmpty else { return }
        let before = addresses.count
        let hasBrackets = pieces.contains { if case .bracketed = $0.piece { true } else { false } }
        let placeholder = hasBrackets ? takeBracketed() : nil
        if addresses.count == before { takeBare(placeholder) }
        guard addresses.count > before, let last = addresses.last, last.displayName == nil else { return }
        let comments = pieces.lazy.compactMap { if case .comment(let text) = $0.piece { text } else { nil } }
        guard let comment = comments.last, let name = decodedName(Self.unescaped(comment)) else { return }
        addresses[addresses.count - 1] = last.named(name)
    }

    /// Takes the addresses in angle brackets; gives what stands there where that is no address.
    private mutating func takeBracketed() -> EmailAddress? {
        var nameStart = 0
        var placeholder: EmailAddress?
        for (position, (piece, _)) in pieces.enumerated() {
            guard case .bracketed(let content) = piece else { continue }
            let name = displayName(pieces[nameStart..<position])
            let found = bracketedAddresses(content)
            for address in found where address.address.utf8.contains(UInt8(ascii: "@")) {
                addresses.append(address.named(nameStart <= position ? name : nil))
                nameStart = position + 1
            }
            if placeholder == nil, let first = found.first { placeholder = first.named(name) }
        }
        return placeholder
    }

    /// The addresses within angle brackets; or what stands there instead.
    private func bracketedAddresses(_ content: ArraySlice<UInt8>) -> [EmailAddress] {
        if !isDecoded, EncodedWords.mayOccur(in: content) {
            let decoded = EncodedWords.decode(content, hint: hint)
            return Self.parse(Array(decoded.utf8), hint: nil, isDecoded: true)
        }
        if let address = AddressSpecification.read(content) { return [address] }
        // Several in one pair of brackets, or none.
        let parts = content.split { $0.isWhiteSpace || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ";") }
        let found = parts.count > 1 ? parts.compactMap { AddressSpecification.read($0) } : []
        return found.isEmpty ? [AddressSpecification.placeholder(content)].compactMap { $0 } : found
    }

    /// An address without brackets, or several with blanks between them, or a name with an address behind.
    private mutating func takeBare(_ placeholder: EmailAddress?) {
        guard pieces.contains(where: { $0.piece.hasAt }) else {
            if let placeholder { addresses.append(placeholder) } else { takeNameOnly() }
            return
        }
        if let address = AddressSpecification.read(Self.source(of: pieces[...])[...]) {
            addresses.append(address)
            return
        }
        let before = addresses.count
        var nameStart = 0
        var start = 0
        var invalid: EmailAddress?
        while start < pieces.count {
            let end = pieces[(start + 1)...].firstIndex { $0.isSpaced } ?? pieces.count
            if pieces[start..<end].contains(where: { $0.piece.hasAt }) {
                let source = Self.source(of: pieces[start..<end])[...]
                if let address = AddressSpecification.read(source) {
                    addresses.append(address.named(displayName(pieces[nameStart..<start])))
                    nameStart = end
                } else if invalid == nil {
                    invalid = AddressSpecification.placeholder(source)
                }
            }
            start = end
        }
        if addresses.count == before, let invalid = placeholder ?? invalid { addresses.append(invalid) }
    }

    /// A mailbox that was quoted or encoded as a whole, so that nothing else can be its address; or no mailbox.
    private mutating func takeNameOnly() {
        guard let name = displayName(pieces[...]) else { return }
        if !isDecoded, name.utf8.contains(UInt8(ascii: "@")), pieces.count <= 100 {
            let hidden = Self.parse(Array(name.utf8), hint: nil, isDecoded: true).filter { $0.normalized != nil }
            if !hidden.isEmpty {
                addresses += hidden
                return
            }
        }
        let names = pieces.filter { if case .comment = $0.piece { false } else { true } }
        guard names.count == 1, case .text(let text)? = names.first?.piece else { return }
        addresses += [AddressSpecification.placeholder(text)].compactMap { $0 }
    }

    // MARK: Text

    /// The pieces as they stand in the field.
    private static func source(of pieces: ArraySlice<(piece: Piece, isSpaced: Bool)>) -> [UInt8] {
        var source: [UInt8] = []
        for (piece, isSpaced) in pieces {
            if isSpaced, !source.isEmpty { source.append(ASCII.space) }
            switch piece {
            case .text(let text), .word(let text): source += text
            case .quoted(let text): source += [ASCII.quote] + text + [ASCII.quote]
            case .comment(let text): source += [UInt8(ascii: "(")] + text + [UInt8(ascii: ")")]
            case .bracketed: break
            }
        }
        return source
    }

    private func displayName(_ pieces: ArraySlice<(piece: Piece, isSpaced: Bool)>) -> String? {
        var name: [UInt8] = []
        for (piece, isSpaced) in pieces {
            if isSpaced, !name.isEmpty { name.append(ASCII.space) }
            switch piece {
            case .text(let text), .word(let text): name += text
            case .quoted(let text): name += Self.unescaped(text)
            case .comment, .bracketed: break
            }
        }
        return name.isEmpty ? nil : decodedName(name)
    }

    private func decodedName(_ name: [UInt8]) -> String? {
        let text = EncodedWords.decode(name, hint: hint).onOneLine
        return text.isEmpty ? nil : text
    }

    private static func unescaped(_ content: ArraySlice<UInt8>) -> [UInt8] {
        guard content.contains(ASCII.backslash) else { return Array(content) }
        var result: [UInt8] = []
        var isEscaped = false
        for byte in content {
            isEscaped = byte == ASCII.backslash && !isEscaped
            if !isEscaped { result.append(byte) }
        }
        return result
    }
}
