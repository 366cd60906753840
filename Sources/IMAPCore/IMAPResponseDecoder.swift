package import NIOCore

/// Cuts a server's bytes into responses and streamed sections (RFC 9051, 7).
///
/// A pure state machine: what it makes of the bytes does not depend on how they arrive, apart from where a streamed
/// section is cut. It holds at most ``IMAPLimits/responseLength`` bytes and looks at each byte a bounded number of
/// times.
package struct IMAPResponseDecoder: NIOSingleStepByteToMessageDecoder {
    package typealias InboundOut = IMAPFragment

    private enum State {
        /// A line is awaited, of which so many bytes hold no line feed.
        case line(searched: Int)
        /// So many bytes of a literal are still to be added to the response.
        case held(Int)
        /// So many bytes of a literal too long to be held are still to come.
        case passedOver(Int)
        /// So many bytes of a section are still to be passed on.
        case streamed(Int)
    }

    private let limits: IMAPLimits
    private var state = State.line(searched: 0)
    /// What has come of the current response and is not parsed yet.
    private var response = ByteBuffer()
    private var kind: Kind?
    private var fetch: IMAPFetchParser?
    /// Whether a literal was passed over.
    private var isAbridged = false

    /// What matters about a response before it is complete.
    private enum Kind {
        case fetch
        /// Free text, in which braces announce nothing.
        case status
        case data
    }

    package init(limits: IMAPLimits = IMAPLimits()) {
        self.limits = limits
    }

    /// Bytes of the response that is on its way, without what the caller still has in its buffer.
    var heldBytes: Int { response.readableBytes }

    package mutating func decode(buffer: inout ByteBuffer) throws -> IMAPFragment? {
        while true {
            switch state {
            case .line(let searched):
                guard let line = try nextLine(&buffer, searched: searched) else { return nil }
                if let fragment = try process(line) { return fragment }
            case .held(let missing):
                guard var bytes = buffer.readSlice(length: min(missing, buffer.readableBytes)),
                    bytes.readableBytes > 0 || missing == 0
                else { return nil }
                let left = missing - bytes.readableBytes
                response.writeBuffer(&bytes)
                state = left == 0 ? .line(searched: 0) : .held(left)
            case .passedOver(let missing):
                guard missing > 0 else {
                    state = .line(searched: 0)
                    continue
                }
                guard buffer.readableBytes > 0 else { return nil }
                let count = min(missing, buffer.readableBytes)
                buffer.moveReaderIndex(forwardBy: count)
                state = .passedOver(missing - count)
            case .streamed(0):
                state = .line(searched: 0)
                return .sectionEnded
            case .streamed(let missing):
                guard buffer.readableBytes > 0,
                    let bytes = buffer.readSlice(length: min(missing, buffer.readableBytes))
                else { return nil }
                state = .streamed(missing - bytes.readableBytes)
                return .sectionBytes(bytes)
            }
        }
    }

    package mutating func decodeLast(buffer: inout ByteBuffer, seenEOF: Bool) throws -> IMAPFragment? {
        try decode(buffer: &buffer)
    }

    private mutating func nextLine(_ buffer: inout ByteBuffer, searched: Int) throws -> ByteBuffer? {
        let view = buffer.readableBytesView
        guard let end = view[(view.startIndex + searched)...].firstIndex(of: .lf) else {
            state = .line(searched: view.count)
            guard view.count <= limits.lineLength else { throw IMAPDecodingError(.limitExceeded, "a line is too long") }
            return nil
        }
        let length = end - view.startIndex + 1
        guard length <= limits.lineLength, response.readableBytes + length <= limits.responseLength else {
            throw IMAPDecodingError(.limitExceeded, "a response is too long")
        }
        state = .line(searched: 0)
        return buffer.readSlice(length: length)
    }

    private mutating func process(_ line: ByteBuffer) throws -> IMAPFragment? {
        if kind == nil {
            if line.isBlank { return nil }
            kind = Self.kind(of: line)
        }
        guard kind != .status, let literal = IMAPLiteralAnnouncement(endOf: line, isFetch: kind == .fetch) else {
            return try .response(complete(with: line))
        }
        guard let section = literal.section else {
            try hold(literal, after: line)
            return nil
        }
        guard let length = literal.length, length <= limits.messageLength else {
            throw IMAPDecodingError(.limitExceeded, "a message is too long")
        }
        append(line.getSlice(at: line.readerIndex, length: literal.start) ?? line)
        let fetch = try parseBeforeSection()
        response = ByteBuffer()
        state = .streamed(length)
        return .sectionBegan(section, length: length, fetch: fetch)
    }

    /// Holds a literal, or passes over it where it is too long: what is held so long does not matter here.
    private mutating func hold(_ literal: IMAPLiteralAnnouncement, after line: ByteBuffer) throws {
        guard let length = literal.length, length <= limits.messageLength else {
            throw IMAPDecodingError(.limitExceeded, "a literal is too long")
        }
        if length <= limits.literalLength, response.readableBytes + line.readableBytes + length <= limits.responseLength
        {
            append(line)
            state = .held(length)
        } else {
            append(line.getSlice(at: line.readerIndex, length: literal.start) ?? line)
            append(ByteBuffer(string: " NIL"))
            isAbridged = true
            state = .passedOver(length)
        }
    }

    private mutating func append(_ line: ByteBuffer) {
        if response.readableBytes == 0 {
            response = line
        } else {
            response.writeImmutableBuffer(line)
        }
    }

    private mutating func complete(with line: ByteBuffer) throws -> IMAPResponse {
        append(line)
        defer {
            response = ByteBuffer()
            kind = nil
            fetch = nil
            isAbridged = false
        }
        guard var parser = fetch else {
            return isAbridged && kind != .fetch
                ? .unparsed(response) : IMAPResponse(parsing: response, limits: limits)
        }
        var scanner = IMAPScanner(response)
        try parser.parse(&scanner, isAfterSection: true)
        while scanner.skip(.close) || scanner.skip(.space) {}
        guard parser.isComplete, scanner.isAtEnd else {
            throw IMAPDecodingError(.invalidSyntax, "a FETCH response does not end")
        }
        return .fetch(parser.fetch)
    }

    /// What a `FETCH` response says before a section.
    ///
    /// A value that cannot be read hides what stands between it and the section, no more.
    private mutating func parseBeforeSection() throws -> IMAPFetch {
        var scanner = IMAPScanner(response)
        guard fetch != nil else {
            scanner.skip()
            guard var parser = IMAPFetchParser(parsing: &scanner, limits: limits) else {
                throw IMAPDecodingError(.invalidSyntax, "a FETCH response without a number")
            }
            try? parser.parse(&scanner)
            parser.isOpen = true
            fetch = parser
            return parser.fetch
        }
        try fetch?.parse(&scanner, isAfterSection: true)
        return fetch?.fetch ?? IMAPFetch(sequenceNumber: 0)
    }

    private static func kind(of line: ByteBuffer) -> Kind {
        var scanner = IMAPScanner(line)
        guard scanner.skip(.asterisk) else { return .status }
        var ahead = scanner
        if IMAPFetchParser(parsing: &ahead, limits: IMAPLimits()) != nil { return .fetch }
        scanner.skipSpaces()
        let first = String(buffer: scanner.atomBytes(stoppingAt: .openBracket)).uppercased()
        return IMAPStatus.Condition(rawValue: first) == nil ? .data : .status
    }
}

extension ByteBuffer {
    fileprivate var isBlank: Bool {
        readableBytesView.allSatisfy { $0 == .cr || $0 == .lf }
    }
}
