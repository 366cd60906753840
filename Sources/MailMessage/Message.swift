/// A message, read: what its header says, its text, its attachments.
///
/// Any bytes give a message. What was not as it should be is in `diagnostics`. Everything is a copy of its own except
/// the bytes of the attachments, for which the raw message is kept.
package struct Message: Sendable {
    /// How much text is read, in bytes before decoding its charset.
    package static let maximumTextSize = 8 << 20

    /// What its header says.
    package let header: MessageHeader
    /// The best readable text: plain text as it is, HTML where there is only that, with lines ended by LF.
    package let text: String
    /// The HTML text as it was sent, and not to be trusted; nil when there is none.
    package let html: String?
    /// All parts that are not in `text` or `html`, in their order.
    package let attachments: [Attachment]
    /// What was wrong with the message, its header included.
    package let diagnostics: [Diagnostic]

    private let raw: [UInt8]

    /// How much of a message's text to read.
    package enum Extent: Sendable {
        case whole
        /// The beginning of one form of it, as a list shows it; all attachments are there, and `html` may not be.
        case beginning
    }

    /// Reads a raw message, with CRLF or LF as line ends.
    package init(parsing raw: some Collection<UInt8>, extent: Extent = .whole) {
        let bytes = Self.bytes(of: raw)
        self.raw = bytes
        var findings = DiagnosticList()
        var scanner = HeaderScanner(message: bytes)
        var fields = StructureFields()
        header = MessageHeader(scanning: &scanner, structure: &fields)
        for diagnostic in header.diagnostics { findings.add(diagnostic.code) }
        let tree = MIMETree(header: fields, bodyStart: scanner.position, of: bytes)
        findings.add(tree.diagnostics)
        var reader = BodyReader(bytes: bytes, tree: tree, extent: extent)
        reader.read()
        text = reader.text
        html = reader.html
        attachments = reader.attachments
        findings.add(reader.diagnostics)
        diagnostics = findings.all
    }

    /// The decoded bytes of an attachment of this message.
    package func content(of attachment: Attachment) -> [UInt8] {
        let source = attachment.source
        guard source.body.upperBound <= raw.count else { return [] }
        let decoded = source.encoding.decode(raw[source.body]).bytes
        guard let file = source.file else { return decoded }
        guard file.upperBound <= decoded.count else { return [] }
        return UUEncoding.decode(decoded[file]).bytes
    }

    /// The beginning of the text on one line: about `length` characters, cut at a blank where there is one.
    package func snippet(length: Int = 160) -> String {
        guard length > 0 else { return "" }
        // Long runs of white space are rare, and looked beyond.
        var start = text.utf8.prefix(length &* 4).onOneLine
        if start.count <= length { start = text.utf8.prefix(length &* 4 &+ 4096).onOneLine }
        guard let end = start.index(start.startIndex, offsetBy: length, limitedBy: start.endIndex),
            end < start.endIndex
        else { return start }
        let cut = start[..<end]
        guard let blank = cut.lastIndex(of: " "), cut.distance(from: blank, to: cut.endIndex) < length / 4 else {
            return cut + "…"
        }
        return cut[..<blank] + "…"
    }

    /// Bytes as one array, with line feeds where only carriage returns end lines.
    static func bytes(of raw: some Collection<UInt8>) -> [UInt8] {
        let bytes = Array(raw)
        guard bytes.lineFeed(in: 0..<bytes.count) == nil, bytes.contains(ASCII.carriageReturn) else { return bytes }
        return bytes.map { $0 == ASCII.carriageReturn ? ASCII.lineFeed : $0 }
    }
}
