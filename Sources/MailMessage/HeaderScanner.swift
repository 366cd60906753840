#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// One field of a header: where its name and value are.
struct HeaderField {
    /// The name without white space.
    let name: Range<Int>
    /// What stands after the colon, folds included.
    let value: Range<Int>
}

/// Walks through the lines of bytes that a message is in, and through the fields of its headers (RFC 5322 section 2.2).
///
/// Lenient: fields folded inside their names, blanks before the colon, and lines between fields that are no fields.
struct HeaderScanner {
    let bytes: [UInt8]
    /// Where the next line begins; behind the header once `next` gave nil.
    private(set) var position: Int
    private(set) var diagnostics = DiagnosticList()
    private let end: Int
    /// Where the fields end in a header with lines in it that are no fields.
    private var endOfFields: Int?
    private var hasFields = false

    /// Whether a line that begins with `--` ends the header, as a boundary does.
    private let endsAtMarkers: Bool

    init(_ bytes: [UInt8], range: Range<Int>, endsAtMarkers: Bool = false) {
        self.bytes = bytes
        self.endsAtMarkers = endsAtMarkers
        position = range.lowerBound
        end = range.upperBound
    }

    /// Begins at the header of a whole message, behind a byte order mark, an mbox `From ` line or white space before it.
    init(message bytes: [UInt8]) {
        self.init(bytes, range: 0..<bytes.count)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        if isMailboxLine(position) {
            position = line(at: position).next
            diagnostics.add(.malformedHeader)
        }
        var start = position
        while start < end, bytes[start].isWhiteSpace { start += 1 }
        if start > position, isField(start) {
            position = start
            diagnostics.add(.malformedHeader)
        }
    }

    /// The next field; nil when the header has ended, and its blank line is behind.
    mutating func next() -> HeaderField? {
        while position < end {
            let first = line(at: position)
            if first.content.isEmpty {
                position = first.next
                return nil
            }
            if endsAtMarkers, isMarker(first.content) {
                diagnostics.add(.unterminatedHeader)
                return nil
            }
            let field = logicalLine(from: first)
            if let name = fieldName(field.content) {
                hasFields = true
                position = field.next
                return name
            }
            guard hasFields else {
                diagnostics.add(.missingHeader)
                return nil
            }
            // Either a stray line inside the header, or the body begins without a blank line before it.
            let last = endOfFields ?? endOfFields(from: position)
            endOfFields = last
            diagnostics.add(.malformedHeader)
            guard position < last else { return nil }
            position = field.next
        }
        if hasFields { diagnostics.add(.unterminatedHeader) }
        return nil
    }

    /// The value of a field on one line, without white space around it.
    func value(of field: HeaderField) -> [UInt8] {
        let raw = bytes[field.value].trimmed
        guard raw.contains(ASCII.lineFeed) else { return Array(raw) }
        return raw.filter { $0 != ASCII.lineFeed && $0 != ASCII.carriageReturn }
    }

    /// Whether a field has this name, given in lower case.
    func isNamed(_ name: StaticString, _ field: HeaderField) -> Bool {
        bytes[field.name].equalsIgnoringCase(name)
    }

    /// A line's content without its line end, and where the next line begins.
    func line(at start: Int) -> (content: Range<Int>, next: Int) {
        guard let feed = bytes.lineFeed(in: start..<end) else { return (start..<end, end) }
        let hasReturn = feed > start && bytes[feed - 1] == ASCII.carriageReturn
        return (start..<(hasReturn ? feed - 1 : feed), feed + 1)
    }

    /// A line with the lines that continue it.
    private func logicalLine(from first: (content: Range<Int>, next: Int)) -> (content: Range<Int>, next: Int) {
        var current = first
        while current.next < end, bytes[current.next].isBlank {
            let continuation = line(at: current.next)
            current = (first.content.lowerBound..<continuation.content.upperBound, continuation.next)
        }
        return current
    }

    private func fieldName(_ content: Range<Int>) -> HeaderField? {
        var index = content.lowerBound
        while index < content.upperBound, bytes[index] > 0x20, bytes[index] < 0x7F, bytes[index] != UInt8(ascii: ":") {
            index += 1
        }
        let name = content.lowerBound..<index
        while index < content.upperBound, bytes[index].isWhiteSpace { index += 1 }
        guard !name.isEmpty, index < content.upperBound, bytes[index] == UInt8(ascii: ":") else { return nil }
        return HeaderField(name: name, value: (index + 1)..<content.upperBound)
    }

    /// Whether a line is what the mbox format puts before a message.
    private func isMailboxLine(_ start: Int) -> Bool {
        let rest = bytes[start...]
        return (rest.starts(with: "From ".utf8) || rest.starts(with: ">From ".utf8)) && !isField(start)
    }

    private func isMarker(_ line: Range<Int>) -> Bool { bytes[line].starts(with: "--".utf8) }

    private func isField(_ start: Int) -> Bool {
        start < end && fieldName(line(at: start).content) != nil
    }

    /// Looks ahead, once for a header, for the last line before the next blank one that belongs to the header.
    ///
    /// That is a well-known field; or the very last line, when all of them have a colon as fields of odd names do.
    private func endOfFields(from start: Int) -> Int {
        var last = start
        var current = start
        var isAllFields = true
        while current < end {
            let line = logicalLine(from: line(at: current))
            if line.content.isEmpty || endsAtMarkers && isMarker(line.content) { break }
            if let field = fieldName(line.content), Self.isWellKnown(bytes[field.name]) { last = line.next }
            if !bytes[line.content].contains(UInt8(ascii: ":")) { isAllFields = false }
            current = line.next
        }
        return isAllFields ? current : last
    }

    private static let wellKnownNames: [StaticString] = [
        "from", "to", "cc", "bcc", "sender", "reply-to", "subject", "date", "message-id", "in-reply-to", "references",
        "mime-version", "content-type", "content-transfer-encoding", "content-disposition", "content-id", "received",
        "return-path", "delivered-to", "dkim-signature",
    ]

    private static func isWellKnown(_ name: ArraySlice<UInt8>) -> Bool {
        wellKnownNames.contains { name.equalsIgnoringCase($0) }
    }
}

extension [UInt8] {
    /// The position of the first line feed in a range.
    func lineFeed(in range: Range<Int>) -> Int? {
        withUnsafeBytes { buffer in
            let part = UnsafeRawBufferPointer(rebasing: buffer[range])
            guard let start = part.baseAddress,
                let found = memchr(start, Int32(ASCII.lineFeed), part.count)
            else { return nil }
            return range.lowerBound + (UnsafeRawPointer(found) - start)
        }
    }
}

extension ArraySlice<UInt8> {
    /// Where the first line begins that begins with a text; the bytes themselves begin a line.
    func lineStart(with text: StaticString) -> Int? {
        withUnsafeBytes { bytes in
            var start = 0
            while bytes.count - start >= text.utf8CodeUnitCount, let base = bytes.baseAddress {
                if memcmp(base + start, text.utf8Start, text.utf8CodeUnitCount) == 0 { return startIndex + start }
                guard let feed = memchr(base + start, Int32(ASCII.lineFeed), bytes.count - start) else { return nil }
                start = UnsafeRawPointer(feed) - base + 1
            }
            return nil
        }
    }
}
