import NIOCore

extension IMAPResponse {
    /// Reads one whole response, literals in place.
    ///
    /// Answers that do not matter or that are broken in ways that do no harm become ``other(name:)``.
    init(parsing line: ByteBuffer, limits: IMAPLimits) throws(IMAPDecodingError) {
        var scanner = IMAPScanner(line)
        switch scanner.peek() {
        case .plus:
            scanner.skip()
            _ = scanner.skip(.space)
            self = .continuation(text: scanner.text())
        case .asterisk:
            scanner.skip()
            scanner.skipSpaces()
            self = try Self.untagged(&scanner, limits: limits)
        default:
            let tag = scanner.atom()
            scanner.skipSpaces()
            guard !tag.isEmpty, let condition = IMAPStatus.Condition(rawValue: scanner.atom().uppercased()),
                condition == .ok || condition == .no || condition == .bad
            else { throw IMAPDecodingError(.invalidSyntax, "a line is neither data nor the end of a command") }
            self = .tagged(tag: tag, IMAPStatus(condition, parsing: &scanner))
        }
    }

    private static func untagged(
        _ scanner: inout IMAPScanner,
        limits: IMAPLimits
    ) throws(IMAPDecodingError) -> IMAPResponse {
        let first = scanner.atom()
        if let number = UInt32(first) {
            scanner.skipSpaces()
            let name = scanner.atom().uppercased()
            switch name {
            case "EXISTS": return .exists(number)
            case "FETCH":
                var parser = try IMAPFetchParser(sequenceNumber: number, scanner: &scanner, limits: limits)
                guard try parser.parse(&scanner) == nil, parser.isComplete else {
                    throw IMAPDecodingError(.invalidSyntax, "a FETCH response does not end")
                }
                return .fetch(parser.fetch)
            default: return .other(name: name)
            }
        }
        let name = first.uppercased()
        if let condition = IMAPStatus.Condition(rawValue: name) {
            return .status(IMAPStatus(condition, parsing: &scanner))
        }
        switch name {
        case "CAPABILITY": return .capability(words(scanner.text()))
        case "ENABLED": return .enabled(words(scanner.text()))
        case "LIST", "XLIST": return try .list(IMAPListEntry(parsing: &scanner))
        case "NAMESPACE": return try .namespace(IMAPNamespaces(parsing: &scanner, limits: limits))
        case "STATUS": return try .mailboxStatus(IMAPMailboxStatus(parsing: &scanner))
        case "VANISHED": return try vanished(&scanner)
        case "SEARCH": return .search(searchNumbers(&scanner))
        case "ESEARCH": return try .search(extendedSearch(&scanner))
        default: return .other(name: name)
        }
    }

    static func words(_ text: String) -> [String] {
        text.uppercased().split(separator: " ").map(String.init)
    }

    /// `(EARLIER) 41,43:116`.
    private static func vanished(_ scanner: inout IMAPScanner) throws(IMAPDecodingError) -> IMAPResponse {
        scanner.skipSpaces()
        var isEarlier = false
        if scanner.peek() == .open {
            let word = try scanner.wrappedString()
            isEarlier = word.map { String(buffer: $0).uppercased() } == "EARLIER"
            scanner.skipSpaces()
        }
        guard let set = IMAPUIDSet(parsing: scanner.atomBytes()) else {
            throw IMAPDecodingError(.invalidSyntax, "what vanished is no set of numbers")
        }
        return .vanished(set, isEarlier: isEarlier)
    }

    /// `2 5 6 (MODSEQ 917162500)`: what is no number ends the list.
    private static func searchNumbers(_ scanner: inout IMAPScanner) -> IMAPUIDSet {
        var numbers: [UInt32] = []
        scanner.skipSpaces()
        while let number = scanner.number(UInt32.self) {
            numbers.append(number)
            scanner.skipSpaces()
        }
        return IMAPUIDSet(numbers)
    }

    /// `(TAG "a") UID COUNT 3 ALL 4:18,21` (RFC 9051, 7.3.4).
    private static func extendedSearch(_ scanner: inout IMAPScanner) throws(IMAPDecodingError) -> IMAPUIDSet {
        scanner.skipSpaces()
        if scanner.peek() == .open { try scanner.skipValue() }
        while true {
            scanner.skipSpaces()
            let name = scanner.atom().uppercased()
            scanner.skipSpaces()
            switch name {
            case "UID": continue
            case "ALL":
                guard let set = IMAPUIDSet(parsing: scanner.atomBytes()) else {
                    throw IMAPDecodingError(.invalidSyntax, "a search result is no set of numbers")
                }
                return set
            default:
                if scanner.isAtEnd { return IMAPUIDSet() }
                let left = scanner.buffer.readableBytes
                try scanner.skipValue()
                if scanner.buffer.readableBytes == left {
                    throw IMAPDecodingError(.invalidSyntax, "a search result cannot be read")
                }
            }
        }
    }
}

extension IMAPUIDSet {
    /// `1:3,5`; a range may be written downwards.
    init?(parsing text: ByteBuffer) {
        var ranges: [ClosedRange<UInt32>] = []
        var first: UInt32?
        var number: UInt32?
        for byte in text.readableBytesView {
            switch byte {
            case 0x30...0x39:
                let (tens, isTooLarge) = (number ?? 0).multipliedReportingOverflow(by: 10)
                let (sum, isToo) = tens.addingReportingOverflow(UInt32(byte & 0x0F))
                guard !isTooLarge, !isToo else { return nil }
                number = sum
            case UInt8(ascii: ":"):
                guard first == nil, number != nil else { return nil }
                (first, number) = (number, nil)
            case UInt8(ascii: ","):
                guard let last = number else { return nil }
                ranges.append(min(first ?? last, last)...max(first ?? last, last))
                (first, number) = (nil, nil)
            default: return nil
            }
        }
        guard let last = number else { return nil }
        ranges.append(min(first ?? last, last)...max(first ?? last, last))
        self.init(ranges: ranges)
    }
}

extension IMAPListEntry {
    fileprivate init(parsing scanner: inout IMAPScanner) throws(IMAPDecodingError) {
        var attributes: [String] = []
        scanner.skipSpaces()
        try scanner.expect(.open)
        while true {
            scanner.skipSpaces()
            if scanner.skip(.close) { break }
            let attribute = scanner.atom().uppercased()
            guard !attribute.isEmpty else {
                throw IMAPDecodingError(.invalidSyntax, "a mailbox's attributes do not end")
            }
            attributes.append(attribute)
        }
        scanner.skipSpaces()
        let delimiter = try scanner.string()
        scanner.skipSpaces()
        guard let name = try scanner.mailbox(), name.readableBytes > 0 else {
            throw IMAPDecodingError(.invalidSyntax, "a mailbox without a name")
        }
        self.init(
            attributes: attributes,
            delimiter: delimiter.flatMap { String(buffer: $0).first },
            name: IMAPMailboxName(bytes: Array(name.readableBytesView))
        )
    }
}

extension IMAPScanner {
    /// A mailbox name; unlike other strings a bare `NIL` is a name and parentheses may stand in a bare one.
    fileprivate mutating func mailbox() throws(IMAPDecodingError) -> ByteBuffer? {
        switch peek() {
        case .quote, .openBrace, .tilde: return try string()
        default:
            var name = ByteBuffer()
            while let byte = peek(), byte != .space {
                name.writeInteger(byte)
                skip()
            }
            return name
        }
    }
}

extension IMAPNamespaces {
    fileprivate init(parsing scanner: inout IMAPScanner, limits: IMAPLimits) throws(IMAPDecodingError) {
        let personal = try Self.namespaces(&scanner)
        let otherUsers = try Self.namespaces(&scanner)
        let shared = try Self.namespaces(&scanner)
        self.init(personal: personal, otherUsers: otherUsers, shared: shared)
    }

    /// `(("" "/")("#mh/" "/" "X-PARAM" ("FLAG1")))` or `NIL`.
    private static func namespaces(_ scanner: inout IMAPScanner) throws(IMAPDecodingError) -> [Namespace] {
        var namespaces: [Namespace] = []
        scanner.skipSpaces()
        guard scanner.skip(.open) else {
            _ = try scanner.string()
            return []
        }
        while true {
            scanner.skipSpaces()
            if scanner.skip(.close) { return namespaces }
            try scanner.expect(.open)
            scanner.skipSpaces()
            let prefix = try scanner.string()
            scanner.skipSpaces()
            let delimiter = try scanner.string()
            namespaces.append(
                Namespace(
                    prefix: prefix.map { Array($0.readableBytesView) } ?? [],
                    delimiter: delimiter.flatMap { String(buffer: $0).first }
                )
            )
            scanner.skipSpaces()
            while !scanner.skip(.close) {
                guard !scanner.isAtEnd else {
                    throw IMAPDecodingError(.invalidSyntax, "a namespace does not end")
                }
                try scanner.skipValue()
                scanner.skipSpaces()
            }
        }
    }
}
