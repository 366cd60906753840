import NIOCore

extension IMAPResponse {
    /// Reads one whole response, literals in place.
    ///
    /// Answers that do not matter become ``other(name:)``, and those that are broken ``unparsed(_:)``.
    init(parsing line: ByteBuffer, limits: IMAPLimits) {
        var scanner = IMAPScanner(line)
        do {
            self = try Self.response(&scanner, limits: limits)
        } catch {
            self = .unparsed(line)
        }
    }

    private static func response(
        _ scanner: inout IMAPScanner,
        limits: IMAPLimits
    ) throws(IMAPDecodingError) -> IMAPResponse {
        switch scanner.peek() {
        case .plus:
            scanner.skip()
            _ = scanner.skip(.space)
            return .continuation(text: scanner.text())
        case .asterisk:
            scanner.skip()
            return try untagged(&scanner, limits: limits)
        default:
            let tag = scanner.atom()
            scanner.skipSpaces()
            let condition = condition(&scanner)
            guard !tag.isEmpty, let condition, condition == .ok || condition == .no || condition == .bad else {
                throw IMAPDecodingError(.invalidSyntax, "a line is neither data nor the end of a command")
            }
            return .tagged(tag: tag, IMAPStatus(condition, parsing: &scanner))
        }
    }

    private static func untagged(
        _ scanner: inout IMAPScanner,
        limits: IMAPLimits
    ) throws(IMAPDecodingError) -> IMAPResponse {
        var ahead = scanner
        if var parser = IMAPFetchParser(parsing: &ahead, limits: limits) { return try fetch(&parser, &ahead) }
        scanner.skipSpaces()
        var status = scanner
        if let condition = condition(&status) { return .status(IMAPStatus(condition, parsing: &status)) }
        let first = scanner.atom()
        if let number = UInt32(first) {
            scanner.skipSpaces()
            let name = scanner.atom().uppercased()
            return name == "EXISTS" ? .exists(number) : .other(name: name)
        }
        let name = first.uppercased()
        switch name {
        case "": throw IMAPDecodingError(.invalidSyntax, "a response without a name")
        case "CAPABILITY": return .capability(words(scanner.text()))
        case "LIST", "XLIST": return try .list(IMAPListEntry(parsing: &scanner))
        case "NAMESPACE": return try .namespace(IMAPNamespaces(parsing: &scanner))
        case "STATUS": return try .mailboxStatus(IMAPMailboxStatus(parsing: &scanner))
        case "VANISHED": return try vanished(&scanner)
        case "SEARCH": return try .search(searchNumbers(&scanner))
        case "ESEARCH": return try .search(extendedSearch(&scanner))
        default: return .other(name: name)
        }
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

    /// `OK` and the like, also where the code follows without a space.
    private static func condition(_ scanner: inout IMAPScanner) -> IMAPStatus.Condition? {
        IMAPStatus.Condition(rawValue: String(buffer: scanner.atomBytes(stoppingAt: .openBracket)).uppercased())
    }

    /// What of a response can be read, where it tells whose it is.
    private static func fetch(
        _ parser: inout IMAPFetchParser,
        _ scanner: inout IMAPScanner
    ) throws(IMAPDecodingError) -> IMAPResponse {
        do throws(IMAPDecodingError) {
            try parser.parse(&scanner)
            guard parser.isComplete else {
                throw IMAPDecodingError(.invalidSyntax, "a FETCH response does not end")
            }
        } catch {
            guard parser.fetch.uid != nil else { throw error }
        }
        return .fetch(parser.fetch)
    }

    static func words(_ text: String) -> [String] {
        text.uppercased().split(separator: " ").map(String.init)
    }

    /// `2 5 6 (MODSEQ 917162500)` (RFC 7162, 3.1.5).
    private static func searchNumbers(_ scanner: inout IMAPScanner) throws(IMAPDecodingError) -> IMAPUIDSet {
        var ranges: [ClosedRange<UInt32>] = []
        scanner.skipSpaces()
        while let byte = scanner.peek(), byte != .open {
            guard let number: UInt32 = scanner.number() else {
                throw IMAPDecodingError(.invalidSyntax, "a search result is no list of numbers")
            }
            if let last = ranges.last, last.contains(number &- 1), number > 0 {
                ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, number)
            } else {
                ranges.append(number...number)
            }
            scanner.skipSpaces()
        }
        return IMAPUIDSet(ranges: ranges)
    }

    /// `(TAG "a") UID COUNT 3 ALL 4:18,21` (RFC 9051, 7.3.4).
    private static func extendedSearch(_ scanner: inout IMAPScanner) throws(IMAPDecodingError) -> IMAPUIDSet {
        scanner.skipSpaces()
        if scanner.peek() == .open { try scanner.skipValue() }
        var isEmpty = true
        while true {
            scanner.skipSpaces()
            if scanner.isAtEnd {
                guard isEmpty else {
                    throw IMAPDecodingError(.invalidSyntax, "a search result does not say what is found")
                }
                return IMAPUIDSet()
            }
            let name = scanner.atom().uppercased()
            scanner.skipSpaces()
            switch name {
            case "": throw IMAPDecodingError(.invalidSyntax, "a search result cannot be read")
            case "UID": continue
            case "ALL":
                guard let text = try scanner.string(), let set = IMAPUIDSet(parsing: text) else {
                    throw IMAPDecodingError(.invalidSyntax, "a search result is no set of numbers")
                }
                return set
            case "COUNT": isEmpty = try scanner.wrappedNumber(UInt64.self) == 0 && isEmpty
            case "MODSEQ": try scanner.skipValue()
            default:
                isEmpty = false
                try scanner.skipValue()
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
