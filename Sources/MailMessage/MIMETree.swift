/// The parts of a message, in the order in which they stand (RFC 2046 section 5.1).
///
/// One pass over the lines, without recursion. Parts are ranges of the message's bytes. A message within the message
/// is one part; what is in it is not looked at.
struct MIMETree: Sendable {
    /// How deep multiparts may be nested.
    static let maximumDepth = 100
    /// How many parts are read.
    static let maximumParts = 50_000

    /// The whole message first; a part always after the multipart it is in.
    private(set) var parts: [MIMEPart] = []
    private(set) var diagnostics = DiagnosticList()

    private var boundaries = BoundaryTable()
    /// The multiparts that are open, outermost first.
    private var open: [Int] = []
    /// The part whose end is still to come, unless it is a multipart.
    private var leaf: Int?

    /// Reads the structure of a whole message.
    init(_ bytes: [UInt8]) {
        var position = add(HeaderScanner(message: bytes))
        while !open.isEmpty, let line = boundaries.next(in: bytes, from: position) {
            closeLeaf(at: line.contentEnd)
            while open.count > line.level + 1 {
                diagnostics.add(.unclosedMultipart)
                closeMultipart(at: line.contentEnd)
            }
            position = line.next
            if line.isClosing {
                closeMultipart(at: line.contentEnd)
            } else if parts.count >= Self.maximumParts {
                diagnostics.add(.tooManyParts)
                open.removeAll()
            } else {
                position = add(HeaderScanner(bytes, range: line.next..<bytes.count))
            }
        }
        closeLeaf(at: bytes.count)
        while !open.isEmpty {
            diagnostics.add(.unclosedMultipart)
            closeMultipart(at: bytes.count)
        }
    }

    /// The path of a part as IMAP numbers them (RFC 9051 section 6.4.5): `1.2` is the second part of the first.
    func path(of index: Int) -> String {
        var ordinals: [String] = []
        var current: Int? = index
        while let part = current, let parent = parts[part].parent {
            ordinals.append(String(parts[part].ordinal))
            current = parent
        }
        return ordinals.isEmpty ? "1" : ordinals.reversed().joined(separator: ".")
    }

    /// The charset that a multipart around a part names, though it has no text of its own.
    func outerCharset(of index: Int) -> Charset? {
        var current = parts[index].parent
        while let part = current {
            if let charset = parts[part].charset { return charset }
            current = parts[part].parent
        }
        return nil
    }

    /// Reads a part's header, opens it, and gives where its body begins.
    private mutating func add(_ scanner: HeaderScanner) -> Int {
        var scanner = scanner
        let parent = open.last
        let table = boundaries
        var part = MIMEPart(
            parent: parent,
            ordinal: parent.map { parts[$0].children.count + 1 } ?? 1,
            defaultType: parent.map { parts[$0].contentType } == "multipart/digest" ? "message/rfc822" : "text/plain",
            scanning: &scanner,
            diagnostics: &diagnostics
        ) { table.match($0) != nil }
        if parent != nil { diagnostics.add(scanner.diagnostics) }
        if part.isMultipart, open.count >= Self.maximumDepth {
            diagnostics.add(.nestedTooDeep)
            part.boundary = nil
        }
        let index = parts.count
        if let parent { parts[parent].children.append(index) }
        if let boundary = part.boundary {
            boundaries.push(boundary, level: open.count)
            open.append(index)
        } else {
            leaf = index
        }
        parts.append(part)
        return part.body.lowerBound
    }

    private mutating func closeLeaf(at end: Int) {
        guard let index = leaf else { return }
        let start = parts[index].body.lowerBound
        parts[index].body = start..<max(start, end)
        leaf = nil
    }

    private mutating func closeMultipart(at end: Int) {
        guard let index = open.popLast(), let boundary = parts[index].boundary else { return }
        boundaries.pop(boundary)
        let start = parts[index].body.lowerBound
        parts[index].body = start..<max(start, end)
        guard parts[index].children.isEmpty else { return }
        diagnostics.add(.emptyMultipart)
        parts[index].boundary = nil
        parts[index].contentType = "text/plain"
    }
}

/// The boundaries of the multiparts that are open.
struct BoundaryTable {
    /// RFC 2046 allows 70 octets.
    static let maximumLength = 250

    /// The levels at which each boundary is open; an inner multipart may repeat an outer one's.
    private var levels: [ArraySlice<UInt8>: [Int]] = [:]

    /// A line that is a boundary.
    struct Line {
        let level: Int
        let isClosing: Bool
        /// The end of what stands before it, without the line end that belongs to the boundary.
        let contentEnd: Int
        /// The beginning of the line after it.
        let next: Int
    }

    mutating func push(_ boundary: [UInt8], level: Int) { levels[boundary[...], default: []].append(level) }

    mutating func pop(_ boundary: [UInt8]) {
        levels[boundary[...]]?.removeLast()
        if levels[boundary[...]]?.isEmpty == true { levels[boundary[...]] = nil }
    }

    /// The multipart that a line belongs to, if it is a boundary.
    func match(_ line: ArraySlice<UInt8>) -> (level: Int, isClosing: Bool)? {
        guard line.starts(with: "--".utf8) else { return nil }
        // At most so many blanks are trimmed, so that no long line is gone through for each of many.
        guard line.count <= 4 * Self.maximumLength, let last = line.lastIndex(where: { !$0.isWhiteSpace }) else {
            return nil
        }
        let name = line[...last].dropFirst(2)
        if let level = levels[name]?.last { return (level, false) }
        guard name.suffix(2).elementsEqual("--".utf8), let level = levels[name.dropLast(2)]?.last else { return nil }
        return (level, true)
    }

    /// The next boundary at or after the line that begins at `position`.
    func next(in bytes: [UInt8], from position: Int) -> Line? {
        var start = position
        while start < bytes.count {
            let feed = bytes.lineFeed(in: start..<bytes.count)
            let end = feed ?? bytes.count
            if bytes[start] == UInt8(ascii: "-"), let match = match(bytes[start..<end]) {
                var contentEnd = start
                if contentEnd > position, bytes[contentEnd - 1] == ASCII.lineFeed { contentEnd -= 1 }
                if contentEnd > position, bytes[contentEnd - 1] == ASCII.carriageReturn { contentEnd -= 1 }
                return Line(
                    level: match.level,
                    isClosing: match.isClosing,
                    contentEnd: contentEnd,
                    next: min(end + 1, bytes.count)
                )
            }
            start = end + 1
        }
        return nil
    }
}
