import CGMime

/// The parts of a message, in the order in which they stand (RFC 2046 section 5.1), as GMime finds them.
///
/// Parts are ranges of the message's bytes. A message within the message is one part; what is in it is not looked at.
struct MIMETree: Sendable {
    /// How many boundaries are minded; GMime needs about 2 KB for each part.
    static let maximumParts = 50_000

    /// How deep multiparts may be nested.
    ///
    /// GMime recurses 1024 deep at most, for which 128 KiB of stack are enough.
    static let maximumDepth = 256

    /// The whole message first; a part always after the multipart it is in.
    private(set) var parts: [MIMEPart] = []
    private(set) var diagnostics = DiagnosticList()

    private typealias Object = UnsafeMutablePointer<GMimeObject>

    private struct Place {
        let object: Object
        let parent: Int?
        let ordinal: Int
        let depth: Int
    }

    /// Reads the structure of a whole message.
    ///
    /// - Parameter header: the fields of its header that tell of it.
    init(header: StructureFields, bodyStart: Int, of raw: [UInt8]) {
        let source = StructureSource(header: header, bodyStart: bodyStart, of: raw)
        diagnostics.add(source.diagnostics)
        // GLib ends the process where an array of bytes would be longer than 4 GiB.
        guard source.bytes.count <= Int(Int32.max),
            let root: Object = mailkeep_gmime_structure(GMime.options, source.bytes, source.bytes.count)
        else {
            parts = [MIMEPart(body: bodyStart..<raw.count)]
            return
        }
        defer { mailkeep_gmime_free(root) }
        // Depth first without recursion: a reader of mail must not depend on the stack.
        var pending = [Place(object: root, parent: nil, ordinal: 1, depth: 0)]
        while let place = pending.popLast() {
            let index = parts.count
            add(place, in: source)
            guard parts[index].isMultipart else { continue }
            for child in (0..<mailkeep_gmime_child_count(place.object)).reversed() {
                guard let object = mailkeep_gmime_child(place.object, child) else { continue }
                pending.append(Place(object: object, parent: index, ordinal: Int(child) + 1, depth: place.depth + 1))
            }
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

    private mutating func add(_ place: Place, in source: StructureSource) {
        if let parent = place.parent { parts[parent].children.append(parts.count) }
        let outerType = place.parent.map { parts[$0].contentType }
        let isMultipart = mailkeep_gmime_is_multipart(place.object) != 0
        let isTooDeep = isMultipart && place.depth >= Self.maximumDepth
        let body = source.body(of: place.object)
        diagnostics.add(body.diagnostics)
        var part = MIMEPart(
            parent: place.parent,
            ordinal: place.ordinal,
            defaultType: outerType == "multipart/digest" ? "message/rfc822" : "text/plain",
            body: isTooDeep ? source.whole(place.object) : body.range,
            diagnostics: &diagnostics
        ) { name in
            mailkeep_gmime_field(place.object, name).map { Array(GMime.bytes($0)[...].trimmed) }
        }
        if isTooDeep {
            diagnostics.add(.nestedTooDeep)
        } else if isMultipart {
            part.isMultipart = mailkeep_gmime_child_count(place.object) > 0
            let hasBoundary = mailkeep_gmime_boundary(place.object).map { $0.pointee != 0 } ?? false
            if hasBoundary, mailkeep_gmime_has_end(place.object) == 0 { diagnostics.add(.unclosedMultipart) }
            if !part.isMultipart {
                diagnostics.add(hasBoundary ? .emptyMultipart : .missingBoundary)
                part.contentType = "text/plain"
            }
        }
        parts.append(part)
    }
}
