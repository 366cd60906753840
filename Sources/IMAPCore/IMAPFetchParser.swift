import NIOCore

/// Reads one `FETCH` response in as many pieces as its streamed literals cut it into.
struct IMAPFetchParser {
    private(set) var fetch: IMAPFetch
    private let limits: IMAPLimits
    /// Whether the list's closing parenthesis has been read.
    private(set) var isComplete = false
    /// Whether the opening one has, or is not looked for.
    var isOpen = false

    init(sequenceNumber: UInt32, limits: IMAPLimits) {
        self.fetch = IMAPFetch(sequenceNumber: sequenceNumber)
        self.limits = limits
    }

    /// Begins after the asterisk; nil where it is no `FETCH`, nor the `UIDFETCH` of a server that numbers messages by
    /// their identifiers alone (RFC 9586).
    init?(parsing scanner: inout IMAPScanner, limits: IMAPLimits) {
        scanner.skipSpaces()
        let digits = scanner.atomBytes()
        guard digits.readableBytes > 0, digits.readableBytesView.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        let number: UInt32? = IMAPScanner.number(digits)
        scanner.skipSpaces()
        let isUID: Bool
        switch scanner.atom().uppercased() {
        case "FETCH": isUID = false
        case "UIDFETCH": isUID = true
        default: return nil
        }
        self.init(sequenceNumber: isUID ? 0 : number ?? 0, limits: limits)
        if isUID { fetch.uid = number.positive }
    }

    /// Reads items until the list or the piece ends, or the name of a section whose value is not part of the piece.
    ///
    /// What was read before an error stays.
    ///
    /// - Parameter isAfterSection: whether a section's bytes come before. What follows them must make sense: otherwise
    ///   the section's length was not true, and its bytes are not the message.
    mutating func parse(_ scanner: inout IMAPScanner, isAfterSection: Bool = false) throws(IMAPDecodingError) {
        if !isOpen {
            scanner.skipSpaces()
            try scanner.expect(.open)
            isOpen = true
        }
        while true {
            scanner.skipSpaces()
            if scanner.isAtEnd { return }
            if scanner.skip(.close) {
                isComplete = true
                return
            }
            let name = String(buffer: scanner.itemName()).uppercased()
            guard !name.isEmpty else { throw IMAPDecodingError(.invalidSyntax, "an item without a name") }
            guard !isAfterSection || Self.isKnown(name) else {
                throw IMAPDecodingError(.invalidSyntax, "a section is longer than was said")
            }
            if let section = try section(named: name, &scanner) {
                scanner.skipSpaces()
                if scanner.isAtEnd { return }
                let bytes = try scanner.string()
                if fetch.sections.count < limits.sections {
                    fetch.sections.append(.init(section: section, bytes: bytes))
                }
            } else {
                try parseValue(of: name, &scanner)
            }
        }
    }

    private mutating func parseValue(of name: String, _ scanner: inout IMAPScanner) throws(IMAPDecodingError) {
        scanner.skipSpaces()
        guard !scanner.isAtEnd, scanner.peek() != .close else {
            throw IMAPDecodingError(.invalidSyntax, "an item without a value")
        }
        switch name {
        case "UID": fetch.uid = try scanner.wrappedNumber().positive
        case "RFC822.SIZE": fetch.size = try scanner.wrappedNumber()
        case "INTERNALDATE":
            fetch.internalDate = try scanner.wrappedString().flatMap { IMAPDate.milliseconds(String(buffer: $0)) }
        case "FLAGS":
            let start = scanner
            try scanner.skipValue()
            fetch.flags = Self.flags(start.bytes(upTo: scanner))
        case "X-GM-MSGID": fetch.gmailMessageID = try scanner.wrappedNumber()
        case "EMAILID": fetch.emailID = try scanner.wrappedString().map { String(buffer: $0) }
        default: try scanner.skipValue()
        }
    }

    /// The atoms of a list without lists in it; nil where it is none, or longer than any message's.
    private static func flags(_ list: some BidirectionalCollection<UInt8>) -> [String]? {
        guard list.first == .open, list.last == .close, list.count <= 4096 else { return nil }
        let inside = list.dropFirst().dropLast()
        guard !inside.contains(where: { $0 == .open || $0 == .close || $0 == .quote }) else { return nil }
        return inside.split(separator: .space).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether there is such an item (RFC 9051, 7.5.2 and its extensions).
    private static func isKnown(_ name: String) -> Bool {
        switch name {
        case "UID", "FLAGS", "INTERNALDATE", "ENVELOPE", "BODYSTRUCTURE", "MODSEQ", "EMAILID", "THREADID", "SAVEDATE",
            "PREVIEW", "ANNOTATION":
            true
        default: ["BODY", "BINARY", "RFC822", "X-"].contains { name.hasPrefix($0) }
        }
    }

    /// The section that an item is, with the scanner behind its name; nil where it is none.
    private func section(
        named name: String,
        _ scanner: inout IMAPScanner
    ) throws(IMAPDecodingError) -> IMAPSection? {
        var ahead = scanner
        if IMAPSection(item: name, part: [], isPartial: false) != nil { ahead.skipSpaces() }
        guard ahead.skip(.openBracket) else { return IMAPSection(item: name) }
        scanner = ahead
        let start = scanner
        while let byte = scanner.peek(), byte != .closeBracket {
            if byte == .quote { _ = try scanner.string() } else { scanner.skip() }
        }
        let part = start.bytes(upTo: scanner)
        try scanner.expect(.closeBracket)
        let isPartial = scanner.peek() == UInt8(ascii: "<")
        if isPartial { _ = scanner.atomBytes() }
        return IMAPSection(item: name, part: part, isPartial: isPartial) ?? .other
    }
}

extension IMAPScanner {
    /// The name of an item, which a value may follow without a space.
    fileprivate mutating func itemName() -> ByteBuffer {
        var name = self
        let bytes = name.atomBytes(stoppingAt: .openBracket, or: .quote)
        guard let brace = bytes.readableBytesView.firstIndex(of: .openBrace) else {
            self = name
            return bytes
        }
        for _ in bytes.readerIndex..<brace { skip() }
        return bytes.getSlice(at: bytes.readerIndex, length: brace - bytes.readerIndex) ?? bytes
    }
}
