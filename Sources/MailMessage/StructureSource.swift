import CGMime

/// The lines of a message as GMime is given them to find its parts, and only for that.
///
/// GMime's parser copies each header field three times over, puts names of charsets of any length on the stack, ends
/// values at a NUL, drops a part without a header, and makes objects of any number of parts. So fields that say nothing
/// about structure are made unreadable to it, those that do are bounded, and headers without an end get one.
struct StructureSource {
    /// The longest field that is read whole, in bytes.
    private static let maximumFieldLength = 16_384

    /// What GMime reads.
    private(set) var bytes: [UInt8] = []
    private(set) var diagnostics = DiagnosticList()
    /// Where bytes were added that the message lacks.
    private var insertions: [Int] = []
    private let raw: [UInt8]
    private let bodyStart: Int
    private let end: Int
    private var isInHeader = false
    /// Whether the header that is being read has no lines yet.
    private var isEmpty = false
    /// Which fields it has already.
    private var fields: Set<Int> = []
    private var endOfFields: Int?
    /// How much of a field that is read may still follow; nil in a field that is not.
    private var remaining: Int?
    private var markers = 0

    /// - Parameter header: those of the whole message that tell its structure, each one line.
    init(header: [[UInt8]], body: Range<Int>, of raw: [UInt8]) {
        self.raw = raw
        bodyStart = body.lowerBound
        end = body.upperBound
        bytes.reserveCapacity(body.count + 1024)
        for field in header { bytes += field.prefix(Self.maximumFieldLength) + [ASCII.lineFeed] }
        bytes.append(ASCII.lineFeed)
        let headerLength = bytes.count
        insertions.reserveCapacity(16)
        var start = body.lowerBound
        while start < body.upperBound {
            let next = raw.lineFeed(in: start..<body.upperBound).map { $0 + 1 } ?? body.upperBound
            take(raw[start..<next])
            start = next
        }
        shift = bodyStart - headerLength
        if bytes.contains(0) { for index in bytes.indices where bytes[index] == 0 { bytes[index] = 1 } }
    }

    private var shift = 0

    /// Where the body of a part is in the message; of a multipart without parts, all that is in it.
    func body(
        of object: UnsafeMutablePointer<GMimeObject>,
        diagnostics: inout DiagnosticList
    ) -> Range<Int> {
        var start: Int64 = 0
        var end: Int64 = 0
        if mailkeep_gmime_content(object, &start, &end) != 0 {
            if isAdded(Int(start) - 1) { diagnostics.add(.missingHeader) }
            return range(Int(start), Int(end))
        }
        guard mailkeep_gmime_is_multipart(object) != 0 else {
            diagnostics.add(.unterminatedHeader)
            return bodyStart..<bodyStart
        }
        // GMime keeps it as text with LF only, but not where it was.
        guard let prologue = mailkeep_gmime_prologue(object) else { return bodyStart..<bodyStart }
        let first = contentStart(of: object)
        var last = first
        for _ in 0..<strlen(prologue) where last < bytes.count {
            if bytes[last] == ASCII.carriageReturn, last + 1 < bytes.count, bytes[last + 1] == ASCII.lineFeed {
                last += 1
            }
            last += 1
        }
        return range(first, last)
    }

    /// All of a multipart up to the end of the last part in it.
    func whole(_ multipart: UnsafeMutablePointer<GMimeObject>) -> Range<Int> {
        var last = multipart
        while mailkeep_gmime_is_multipart(last) != 0, mailkeep_gmime_child_count(last) > 0,
            let child = mailkeep_gmime_child(last, mailkeep_gmime_child_count(last) - 1)
        {
            last = child
        }
        var start: Int64 = 0
        var end: Int64 = 0
        let hasContent = mailkeep_gmime_content(last, &start, &end) != 0
        return range(contentStart(of: multipart), hasContent ? Int(end) : contentStart(of: last))
    }

    /// Where the header of a part ends in `bytes`.
    private func contentStart(of object: UnsafeMutablePointer<GMimeObject>) -> Int {
        var first = max(0, Int(mailkeep_gmime_last_field(object)))
        var isLineStart = false
        while first < bytes.count {
            let byte = bytes[first]
            first += 1
            if byte == ASCII.lineFeed {
                if isLineStart { break }
                isLineStart = true
            } else if byte != ASCII.carriageReturn {
                isLineStart = false
            }
        }
        return first
    }

    /// The range in the message of a range of `bytes`, without the line end that belongs to the boundary behind it.
    ///
    /// GMime takes that line end to be as long as the boundary's own, and would cut a character where they differ.
    private func range(_ first: Int, _ last: Int) -> Range<Int> {
        let start = place(of: first)
        let boundary = (last..<min(last + 3, bytes.count)).first { offset in
            bytes[offset...].starts(with: "--".utf8) && offset > 0 && bytes[offset - 1] == ASCII.lineFeed
        }
        var end = place(of: boundary ?? last)
        if boundary != nil, end > start, raw[end - 1] == ASCII.lineFeed {
            end -= 1
            if end > start, raw[end - 1] == ASCII.carriageReturn { end -= 1 }
        }
        return start..<max(start, end)
    }

    /// The place in the message of a place in `bytes`.
    private func place(of offset: Int) -> Int {
        min(max(bodyStart, offset - addedCount(before: offset) + shift), end)
    }

    private func isAdded(_ offset: Int) -> Bool {
        let index = addedCount(before: offset)
        return index < insertions.count && insertions[index] == offset
    }

    private func addedCount(before offset: Int) -> Int {
        var low = 0
        var high = insertions.count
        while low < high {
            let middle = (low + high) / 2
            if insertions[middle] < offset { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func take(_ line: ArraySlice<UInt8>) {
        if line.starts(with: "--".utf8) {
            markers += 1
            guard markers <= MIMETree.maximumParts else {
                diagnostics.add(.tooManyParts)
                return append(unreadable: line)
            }
            // GMime leaves out a part of nothing, and the numbers of those after it would be wrong.
            if isInHeader, isEmpty { addLineEnd() }
            isInHeader = true
            isEmpty = true
            endOfFields = nil
            fields.removeAll(keepingCapacity: true)
            remaining = nil
            return append(line)
        }
        guard isInHeader else { return append(line) }
        guard let first = line.first, !line.elementsEqual("\n".utf8), !line.elementsEqual("\r\n".utf8) else {
            isInHeader = false
            bytes += line
            return
        }
        isEmpty = false
        if first.isBlank {
            guard let remaining else { return append(unreadable: line) }
            append(line, upTo: remaining)
        } else if let name = HeaderScanner.name(of: line) {
            guard isStructural(name) else {
                remaining = nil
                return append(unreadable: line)
            }
            append(line, upTo: Self.maximumFieldLength)
        } else if line.endIndex <= endOfFields(after: line) {
            remaining = nil
            append(unreadable: line)
        } else {
            addLineEnd()
            isInHeader = false
            append(line)
        }
    }

    /// Looks ahead, once for a header, for the last field about structure; lines before it that are none do not end it.
    private mutating func endOfFields(after line: ArraySlice<UInt8>) -> Int {
        if let known = endOfFields { return known }
        var last = 0
        var start = line.endIndex
        while start < end {
            let next = raw.lineFeed(in: start..<end).map { $0 + 1 } ?? end
            let line = raw[start..<next]
            if line.trimmed.isEmpty || line.starts(with: "--".utf8) { break }
            if let name = HeaderScanner.name(of: line), name.prefix(8).equalsIgnoringCase("content-") { last = next }
            start = next
        }
        endOfFields = last
        return last
    }

    private mutating func addLineEnd() {
        insertions.append(bytes.count)
        bytes.append(ASCII.lineFeed)
    }

    /// GMime reads by pieces of 4096 bytes, and would find a boundary where one begins inside a long line.
    private mutating func append(_ line: ArraySlice<UInt8>) {
        bytes += line.prefix(1024)
        if line.count > 1024 { bytes += line.dropFirst(1024).map { $0 == UInt8(ascii: "-") ? 1 : $0 } }
    }

    /// Whether a field tells of the structure; of several of one name the first counts.
    private mutating func isStructural(_ name: ArraySlice<UInt8>) -> Bool {
        guard let index = Self.names.firstIndex(where: { name.equalsIgnoringCase($0) }) else { return false }
        if index == 0, fields.contains(index) { diagnostics.add(.repeatedField) }
        return fields.insert(index).inserted
    }

    private static let names: [StaticString] = [
        "content-type", "content-disposition", "content-transfer-encoding", "content-id",
    ]

    private mutating func append(_ line: ArraySlice<UInt8>, upTo limit: Int) {
        bytes += line.prefix(limit)
        bytes += line.dropFirst(limit).map { $0.isWhiteSpace ? $0 : ASCII.space }
        remaining = max(0, limit - line.count)
    }

    /// A control character at its beginning makes a line no field and no boundary.
    private mutating func append(unreadable line: ArraySlice<UInt8>) {
        bytes.append(1)
        bytes += line.dropFirst()
    }
}
