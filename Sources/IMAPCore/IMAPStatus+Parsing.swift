import NIOCore

extension IMAPStatus {
    /// Reads `[CODE …] text` after the condition; what is no code is text.
    init(_ condition: Condition, parsing scanner: inout IMAPScanner) {
        scanner.skipSpaces()
        let text = scanner.text()
        guard let (code, rest) = IMAPResponseCode.parse(text) else {
            self.init(condition, text: text)
            return
        }
        self.init(condition, code: code, text: rest)
    }
}

extension IMAPResponseCode {
    static func parse(_ text: String) -> (IMAPResponseCode, rest: String)? {
        let bytes = text.utf8
        guard bytes.first == .openBracket, let end = closingBracket(bytes) else { return nil }
        let inside = bytes[bytes.index(after: bytes.startIndex)..<end]
        let nameEnd = inside.firstIndex(of: .space) ?? inside.endIndex
        let name = String(Substring(inside[..<nameEnd])).uppercased()
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 > .space && $0 != .quote && $0 != .open && $0 < 0x7F }) else {
            return nil
        }
        let arguments = String(Substring(inside[nameEnd...])).trimmingSpaces
        let rest = String(Substring(bytes[bytes.index(after: end)...])).trimmingSpaces
        return (IMAPResponseCode(name: name, arguments: arguments), rest)
    }

    private init(name: String, arguments: String) {
        self = Self.known(name, arguments) ?? .other(name: name, arguments: arguments)
    }

    private static func known(_ name: String, _ arguments: String) -> IMAPResponseCode? {
        switch name {
        case "CAPABILITY": .capability(IMAPResponse.words(arguments))
        case "UIDVALIDITY": number(arguments).map { .uidValidity($0) }
        case "UIDNEXT": number(arguments).map { .uidNext($0) }
        case "HIGHESTMODSEQ": number(arguments).map { .highestModSeq($0) }
        case "MESSAGELIMIT": messageLimit(arguments)
        case "MAILBOXID": value(arguments).map { .mailboxID(String(buffer: $0)) }
        case "APPENDUID": appendUID(arguments)
        case "THROTTLED": .throttled
        case "OVERQUOTA": .overQuota
        case "LIMIT": .limit
        case "INUSE": .inUse
        case "UNAVAILABLE": .unavailable
        default: nil
        }
    }

    /// `38505 3955:3957`.
    private static func appendUID(_ arguments: String) -> IMAPResponseCode? {
        let words = arguments.split(separator: " ")
        guard words.count == 2, let validity = UInt32(words[0]), validity > 0,
            let uids = IMAPUIDSet(parsing: ByteBuffer(substring: words[1]))
        else { return nil }
        return .appendUID(uidValidity: validity, uids)
    }

    private static func messageLimit(_ arguments: String) -> IMAPResponseCode? {
        let words = arguments.split(separator: " ")
        guard words.count == 2, let uid = UInt32(words[1]), uid > 0 else { return nil }
        return .messageLimit(uid: uid)
    }

    /// A positive number, however it is wrapped.
    private static func number<Number: FixedWidthInteger & UnsignedInteger>(_ arguments: String) -> Number? {
        value(arguments).flatMap { IMAPScanner.number($0) }.positive
    }

    private static func value(_ arguments: String) -> ByteBuffer? {
        var scanner = IMAPScanner(ByteBuffer(string: arguments))
        guard let value = try? scanner.wrappedString(), value.readableBytes > 0 else { return nil }
        scanner.skipSpaces()
        return scanner.isAtEnd ? value : nil
    }

    /// The bracket that ends the code; brackets in quoted strings do not count, unless a string does not end.
    private static func closingBracket(_ bytes: String.UTF8View) -> String.UTF8View.Index? {
        var isQuoted = false
        var isEscaped = false
        for (index, byte) in zip(bytes.indices, bytes) {
            if isEscaped {
                isEscaped = false
            } else if byte == .backslash, isQuoted {
                isEscaped = true
            } else if byte == .quote {
                isQuoted.toggle()
            } else if byte == .closeBracket, !isQuoted {
                return index
            }
        }
        return isQuoted ? bytes.firstIndex(of: .closeBracket) : nil
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        let bytes = utf8.drop { $0 == .space }
        let end = bytes.lastIndex { $0 != .space }.map(bytes.index(after:)) ?? bytes.startIndex
        return String(Substring(bytes[..<end]))
    }
}
