import NIOCore

/// Reads one `FETCH` response in as many pieces as its streamed literals cut it into.
struct IMAPFetchParser {
    private(set) var fetch: IMAPFetch
    private let limits: IMAPLimits
    /// Whether the list's closing parenthesis has been read.
    private(set) var isComplete = false

    /// Begins after the response's name, at the opening parenthesis.
    init(sequenceNumber: UInt32, scanner: inout IMAPScanner, limits: IMAPLimits) throws(IMAPDecodingError) {
        self.fetch = IMAPFetch(sequenceNumber: sequenceNumber)
        self.limits = limits
        scanner.skipSpaces()
        try scanner.expect(.open)
    }

    /// Reads items until the list or the piece ends.
    ///
    /// - Returns: the section whose literal follows, where the piece ends with the announcement of one.
    mutating func parse(_ scanner: inout IMAPScanner) throws(IMAPDecodingError) -> IMAPSection? {
        while true {
            scanner.skipSpaces()
            guard let byte = scanner.peek() else { return nil }
            if byte == .close {
                scanner.skip()
                isComplete = true
                return nil
            }
            let name = String(buffer: scanner.atomBytes(stoppingAt: .openBracket)).uppercased()
            let isSection = scanner.peek() == .openBracket
            if name.isEmpty && !isSection { throw IMAPDecodingError(.invalidSyntax, "an item without a name") }
            if isSection || name.hasPrefix("RFC822") && name != "RFC822.SIZE" {
                let section = try section(named: name, &scanner)
                scanner.skipSpaces()
                if scanner.isAtStreamedLiteral { return section }
                let bytes = try scanner.string()
                if fetch.sections.count < limits.sections {
                    fetch.sections.append(.init(section: section, bytes: bytes))
                }
            } else {
                scanner.skipSpaces()
                try parseValue(of: name, &scanner)
            }
        }
    }

    private mutating func parseValue(of name: String, _ scanner: inout IMAPScanner) throws(IMAPDecodingError) {
        switch name {
        case "UID": fetch.uid = try scanner.wrappedNumber().positive
        case "RFC822.SIZE": fetch.size = try scanner.wrappedNumber()
        case "MODSEQ": fetch.modSeq = try scanner.wrappedNumber().positive
        case "X-GM-MSGID": fetch.gmailMessageID = try scanner.wrappedNumber()
        case "EMAILID": fetch.emailID = try scanner.wrappedString().map { String(buffer: $0) }
        case "THREADID": fetch.threadID = try scanner.wrappedString().map { String(buffer: $0) }
        case "INTERNALDATE":
            fetch.internalDate = try scanner.string().flatMap { IMAPDate.milliseconds(String(buffer: $0)) }
        default: try scanner.skipValue()
        }
    }

    private func section(named name: String, _ scanner: inout IMAPScanner) throws(IMAPDecodingError) -> IMAPSection {
        guard scanner.skip(.openBracket) else {
            return name == "RFC822" ? .message : name == "RFC822.HEADER" ? .header : .other
        }
        let part = String(buffer: scanner.atomBytes(stoppingAt: .closeBracket)).uppercased()
        while let byte = scanner.peek(), byte != .closeBracket {
            if byte == .quote { _ = try scanner.string() } else { scanner.skip() }
        }
        try scanner.expect(.closeBracket)
        if scanner.peek() == UInt8(ascii: "<") {
            _ = scanner.atomBytes()
            return .other
        }
        if part.isEmpty { return .message }
        return part.hasPrefix("HEADER") ? .header : .other
    }
}

extension IMAPScanner {
    /// Whether a literal is announced and its bytes are not part of the piece.
    var isAtStreamedLiteral: Bool {
        guard let byte = peek(), byte == .openBrace || byte == .tilde else { return false }
        var rest = self
        _ = rest.atomBytes()
        return rest.isAtEnd && rest.buffer.readableBytes <= 2
    }
}
