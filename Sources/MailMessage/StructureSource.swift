import CGMime

/// A message as GMime is given it to find its parts, and only for that.
///
/// GMime drops a part of which the header is missing or broken, ends values at a NUL, puts names of charsets of any
/// length on the stack, and makes an object of every field. So each header is read by `HeaderScanner`, and what tells
/// of structure is written anew, bounded and well formed. Of the bodies only the lines follow that may be boundaries;
/// one short line stands for whatever is between them.
struct StructureSource {
    /// What GMime reads.
    private(set) var bytes: [UInt8] = []
    private(set) var diagnostics = DiagnosticList()

    /// Where what follows a header begins, in `bytes` and in the message, and what was wrong with the header.
    private struct Body {
        let start: Int
        let rawStart: Int
        let diagnostics: DiagnosticList
    }

    /// What begins at a place in `bytes`, and where that is in the message.
    private struct Place {
        let offset: Int
        let raw: Int
    }

    /// Longer lines are no boundaries (RFC 2046 section 5.1.1 allows 70 characters).
    private static let longestMarker = 1024

    private let raw: [UInt8]
    private var bodies: [Body] = []
    /// Ascending; the last one is the end.
    private var places: [Place] = []

    /// - Parameters:
    ///   - header: the fields of the whole message that tell of its structure.
    ///   - start: where its body begins.
    init(header: StructureFields, bodyStart start: Int, of raw: [UInt8]) {
        self.raw = raw
        beginBody(at: start, after: header, DiagnosticList())
        var start = start
        var markers = 0
        while start < raw.count {
            let marker = raw[start...].lineStart(with: "--") ?? raw.count
            if marker > start {
                places.append(Place(offset: bytes.count, raw: start))
                bytes += "x\n".utf8
            }
            guard marker < raw.count else { break }
            markers += 1
            guard markers <= MIMETree.maximumParts else {
                diagnostics.add(.tooManyParts)
                break
            }
            let next = raw.lineFeed(in: marker..<raw.count).map { $0 + 1 } ?? raw.count
            places.append(Place(offset: bytes.count, raw: marker))
            bytes += raw[marker..<next].prefix(Self.longestMarker).map { $0 == 0 ? 1 : $0 }
            if next - marker > Self.longestMarker { bytes.append(ASCII.lineFeed) }
            // Any boundary, or none, as in front of a signature: then this is not used.
            var scanner = HeaderScanner(raw, range: next..<raw.count, endsAtMarkers: true)
            var fields = StructureFields()
            while let field = scanner.next() { fields.take(field, scanner) }
            start = scanner.position
            beginBody(at: start, after: fields, scanner.diagnostics)
        }
        places.append(Place(offset: bytes.count, raw: raw.count))
    }

    private mutating func beginBody(at start: Int, after fields: StructureFields, _ diagnostics: DiagnosticList) {
        var diagnostics = diagnostics
        if fields.isTypeRepeated { diagnostics.add(.repeatedField) }
        bytes += fields.bytes.map { $0 == 0 ? 1 : $0 }
        bytes.append(ASCII.lineFeed)
        bodies.append(Body(start: bytes.count, rawStart: start, diagnostics: diagnostics))
        places.append(Place(offset: bytes.count, raw: start))
    }

    // MARK: Parts

    /// Where the body of a part is in the message, and what was wrong with its header.
    ///
    /// Of a multipart without parts, all that is in it.
    func body(of object: UnsafeMutablePointer<GMimeObject>) -> (range: Range<Int>, diagnostics: DiagnosticList) {
        var start: Int64 = 0
        var end: Int64 = 0
        if mailkeep_gmime_content(object, &start, &end) != 0 {
            return (range(Int(start), Int(end)), self.body(at: Int(start)).diagnostics)
        }
        let body = self.body(after: object)
        // GMime keeps it as text with LF only, but not where it was.
        var last = body.start
        let length = mailkeep_gmime_prologue(object).map { strlen($0) } ?? 0
        for _ in 0..<length where last < bytes.count {
            if bytes[last] == ASCII.carriageReturn, last + 1 < bytes.count, bytes[last + 1] == ASCII.lineFeed {
                last += 1
            }
            last += 1
        }
        return (range(body.start, last), body.diagnostics)
    }

    /// All of a multipart up to the end of the last part in it.
    func whole(_ multipart: UnsafeMutablePointer<GMimeObject>) -> Range<Int> {
        var last = multipart
        while mailkeep_gmime_is_multipart(last) != 0, mailkeep_gmime_child_count(last) > 0,
            let child = mailkeep_gmime_child(last, mailkeep_gmime_child_count(last) - 1)
        {
            last = child
        }
        let start = body(after: multipart).rawStart
        return start..<max(start, body(of: last).range.upperBound)
    }

    /// The range in the message of a range of `bytes`, without the line end that belongs to the boundary behind it.
    ///
    /// GMime takes that line end to be as long as the boundary's own, and would cut a character where they differ.
    private func range(_ first: Int, _ last: Int) -> Range<Int> {
        let start = place(of: first)
        let last = min(max(0, last), bytes.count)
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

    /// The place in the message of one in `bytes`; of one inside what stands for something, where that ends.
    private func place(of offset: Int) -> Int {
        var (low, high) = (0, places.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if places[middle].offset < offset { low = middle + 1 } else { high = middle }
        }
        return places[low].raw
    }

    /// What follows the header of a part.
    private func body(after object: UnsafeMutablePointer<GMimeObject>) -> Body {
        let field = max(0, Int(mailkeep_gmime_last_field(object)))
        return bodies[min(firstBody(after: field), bodies.count - 1)]
    }

    private func body(at offset: Int) -> Body { bodies[max(0, firstBody(after: offset) - 1)] }

    private func firstBody(after offset: Int) -> Int {
        var low = 0
        var high = bodies.count
        while low < high {
            let middle = (low + high) / 2
            if bodies[middle].start <= offset { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
