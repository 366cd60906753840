import NIOCore

extension IMAPListEntry {
    /// `(\HasNoChildren) "/" "Sent Mail"`, also without attributes, without a delimiter, or with a bare name of several
    /// words.
    init(parsing scanner: inout IMAPScanner) throws(IMAPDecodingError) {
        let attributes = try Self.attributes(&scanner)
        scanner.skipSpaces()
        let start = scanner
        let isQuoted = scanner.peek() == .quote || scanner.peek() == .openBrace
        var delimiter = try scanner.delimiter()
        scanner.skipSpaces()
        let isLast = scanner.isAtEnd || scanner.peek() == .open
        if let text = delimiter, text.readableBytes > 1, isLast || !isQuoted {
            scanner = start
            delimiter = nil
        }
        let name = try scanner.mailbox()
        guard !name.isEmpty else { throw IMAPDecodingError(.invalidSyntax, "a mailbox without a name") }
        self.init(
            attributes: attributes,
            delimiter: delimiter.flatMap { String(buffer: $0).first },
            name: IMAPMailboxName(bytes: name)
        )
    }

    private static func attributes(_ scanner: inout IMAPScanner) throws(IMAPDecodingError) -> [String] {
        var attributes: [String] = []
        scanner.skipSpaces()
        guard scanner.skip(.open) else { return [] }
        while true {
            scanner.skipSpaces()
            if scanner.skip(.close) { return attributes }
            let attribute = scanner.atom().uppercased()
            guard !attribute.isEmpty else {
                throw IMAPDecodingError(.invalidSyntax, "a mailbox's attributes do not end")
            }
            attributes.append(attribute)
        }
    }
}

extension IMAPScanner {
    /// A string of one character, of which servers leave a backslash without another one before it.
    fileprivate mutating func delimiter() throws(IMAPDecodingError) -> ByteBuffer? {
        let bare = Array("\"\\\" ".utf8)
        if buffer.readableBytesView.starts(with: bare) {
            for _ in 0..<(bare.count - 1) { skip() }
            return ByteBuffer(integer: UInt8.backslash)
        }
        return try string()
    }

    /// A mailbox name; unlike other strings a bare `NIL` is a name, and spaces and parentheses may stand in a bare one.
    fileprivate mutating func mailbox() throws(IMAPDecodingError) -> [UInt8] {
        switch peek() {
        case .quote:
            let start = self
            if let name = try string() {
                skipSpaces()
                if isAtEnd || peek() == .open { return Array(name.readableBytesView) }
            }
            // A quote within the name that should have been escaped.
            self = start
            let line = line()
            guard let end = line.readableBytesView.lastIndex(of: .quote), end > line.readerIndex else { return [] }
            return Array(line.readableBytesView[(line.readerIndex + 1)..<end])
        case .openBrace,
            .tilde where isLiteral8:
            return try string().map { Array($0.readableBytesView) } ?? []
        default:
            // What may follow are the extended items of RFC 5258.
            let line = line()
            var name = line.readableBytesView[...]
            if let end = name.firstIndex(of: .open), name[..<end].last == .space,
                name[end...].starts(with: Array("(\"".utf8))
            {
                name = name[..<end]
            }
            while name.last == .space { name.removeLast() }
            return Array(name)
        }
    }
}
