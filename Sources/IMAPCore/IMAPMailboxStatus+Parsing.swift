import NIOCore

extension IMAPMailboxStatus {
    /// Beginnings of the list that are tried where a name without quotes holds parentheses.
    private static let attempts = 4

    /// `blurdybloop (MESSAGES 231 UIDNEXT 44292)`; what is not known is passed over.
    init(parsing scanner: inout IMAPScanner) throws(IMAPDecodingError) {
        scanner.skipSpaces()
        switch scanner.peek() {
        case .quote, .openBrace, .tilde:
            let name = try scanner.string()
            self.init(name: IMAPMailboxName(bytes: name.map { Array($0.readableBytesView) } ?? []))
            try parseList(&scanner)
        default:
            let start = scanner
            for _ in 0..<Self.attempts {
                guard scanner.skipToList() else { break }
                var status = IMAPMailboxStatus(name: IMAPMailboxName(bytes: start.bytes(upTo: scanner).droppingSpaces))
                var rest = scanner
                do {
                    try status.parseList(&rest)
                } catch { continue }
                guard !status.name.bytes.isEmpty else { break }
                self = status
                return
            }
            throw IMAPDecodingError(.invalidSyntax, "a mailbox's status has no list")
        }
    }

    private mutating func parseList(_ scanner: inout IMAPScanner) throws(IMAPDecodingError) {
        scanner.skipSpaces()
        try scanner.expect(.open)
        while true {
            scanner.skipSpaces()
            if scanner.skip(.close) { break }
            let name = scanner.atom().uppercased()
            guard !name.isEmpty else { throw IMAPDecodingError(.invalidSyntax, "a status item without a name") }
            try parseValue(of: name, &scanner)
        }
        scanner.skipSpaces()
        guard scanner.isAtEnd else { throw IMAPDecodingError(.invalidSyntax, "a mailbox's status does not end") }
    }

    private mutating func parseValue(of name: String, _ scanner: inout IMAPScanner) throws(IMAPDecodingError) {
        switch name {
        case "MESSAGES": messages = try scanner.wrappedNumber()
        case "UIDNEXT": uidNext = try scanner.wrappedNumber().positive
        case "UIDVALIDITY": uidValidity = try scanner.wrappedNumber().positive
        case "SIZE": size = try scanner.wrappedNumber()
        case "MAILBOXID": mailboxID = try scanner.wrappedString().map { String(buffer: $0) }
        default: try scanner.skipValue()
        }
    }
}

extension [UInt8] {
    fileprivate var droppingSpaces: [UInt8] {
        let end = lastIndex { $0 != .space }.map { $0 + 1 } ?? startIndex
        return Array(self[..<end])
    }
}

extension Optional where Wrapped: UnsignedInteger {
    /// The number, where it is one that identifies something; zero does not.
    var positive: Wrapped? { self == 0 ? nil : self }
}
