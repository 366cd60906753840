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
        /// So many bytes of a section are still to be passed on.
        case streamed(Int)
    }

    private let limits: IMAPLimits
    private var state = State.line(searched: 0)
    /// What has come of the current response and is not parsed yet.
    private var response = ByteBuffer()
    private var kind: Kind?
    private var nesting = IMAPNestingTracker()
    private var fetch: IMAPFetchParser?

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
        guard kind != .status, let announced = IMAPLiteralAnnouncement(endOf: line) else {
            return try .response(complete(with: line))
        }
        let isStreamable = kind == .fetch && nesting.depth(after: line) == 1 && announced.followsSection
        append(line)
        guard isStreamable else {
            guard let length = announced.length, length <= limits.literalLength,
                response.readableBytes + length <= limits.responseLength
            else { throw IMAPDecodingError(.limitExceeded, "a literal is too long") }
            state = .held(length)
            return nil
        }
        guard let section = try parseFetchSoFar(), let fetch = fetch?.fetch else {
            throw IMAPDecodingError(.invalidSyntax, "a section without a name")
        }
        guard let length = announced.length, length <= limits.messageLength else {
            throw IMAPDecodingError(.limitExceeded, "a message is too long")
        }
        response = ByteBuffer()
        state = .streamed(length)
        return .sectionBegan(section, length: length, fetch: fetch)
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
            nesting = IMAPNestingTracker()
        }
        guard fetch != nil else { return try IMAPResponse(parsing: response, limits: limits) }
        guard try parseFetchSoFar() == nil, let fetch, fetch.isComplete else {
            throw IMAPDecodingError(.invalidSyntax, "a FETCH response does not end")
        }
        return .fetch(fetch.fetch)
    }

    private mutating func parseFetchSoFar() throws -> IMAPSection? {
        var scanner = IMAPScanner(response)
        if fetch == nil {
            scanner.skip()
            scanner.skipSpaces()
            guard let number: UInt32 = scanner.number() else {
                throw IMAPDecodingError(.invalidSyntax, "a FETCH response without a number")
            }
            scanner.skipSpaces()
            _ = scanner.atomBytes()
            fetch = try IMAPFetchParser(sequenceNumber: number, scanner: &scanner, limits: limits)
        }
        return try fetch?.parse(&scanner)
    }

    private static func kind(of line: ByteBuffer) -> Kind {
        var scanner = IMAPScanner(line)
        guard scanner.skip(.asterisk) else { return .status }
        scanner.skipSpaces()
        let first = scanner.atom()
        if UInt32(first) != nil {
            scanner.skipSpaces()
            return scanner.atom().uppercased() == "FETCH" ? .fetch : .data
        }
        return IMAPStatus.Condition(rawValue: first.uppercased()) == nil ? .data : .status
    }
}

extension ByteBuffer {
    fileprivate var isBlank: Bool {
        readableBytesView.allSatisfy { $0 == .cr || $0 == .lf }
    }
}
