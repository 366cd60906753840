/// One part of a message (RFC 2046): where its body is, and what its header says of it.
struct MIMEPart: Sendable {
    enum Disposition: Sendable {
        case none
        case inline
        case attachment
    }

    /// The multipart it stands in; nil for the whole message.
    let parent: Int?
    /// Its place there, from 1.
    let ordinal: Int
    /// Its body, still encoded; nowhere for a multipart with parts.
    let body: Range<Int>
    /// The parts of a multipart, in their order.
    var children: [Int] = []
    /// Type and subtype in lower case, never with anything else in it.
    var contentType: String
    /// Whether it is a multipart that has parts.
    var isMultipart = false
    private(set) var charset: Charset?
    private(set) var disposition = Disposition.none
    /// The name for display.
    private(set) var fileName: String?
    /// Without angle brackets.
    private(set) var contentID: String?
    private(set) var encoding = TransferEncoding.identity

    var isText: Bool { contentType.hasPrefix("text/") }
    var isMessage: Bool { contentType == "message/rfc822" || contentType == "message/global" }

    /// A message of which nothing is known but its body.
    init(body: Range<Int>) {
        parent = nil
        ordinal = 1
        contentType = "text/plain"
        self.body = body
    }

    /// Reads what the fields of a part say, each given by its name, with its folds.
    init(
        parent: Int?,
        ordinal: Int,
        defaultType: String,
        body: Range<Int>,
        diagnostics: inout DiagnosticList,
        field: (String) -> [UInt8]?
    ) {
        self.parent = parent
        self.ordinal = ordinal
        self.body = body
        let type = field("Content-Type").map { ContentField($0, hint: nil) }
        let charset = type?.charset
        let place = field("Content-Disposition").map { ContentField($0, hint: charset) }
        self.charset = charset
        contentType = type.map { Self.contentType($0.value) } ?? defaultType
        switch place?.value {
        case nil, "": disposition = .none
        case "inline": disposition = .inline
        // An unknown disposition is an attachment (RFC 2183 section 2.8).
        default: disposition = .attachment
        }
        fileName =
            ["filename", "name"].lazy.compactMap { place?[$0].flatMap(FileName.displayName) }.first
            ?? ["name", "filename"].lazy.compactMap { type?[$0].flatMap(FileName.displayName) }.first
        contentID = field("Content-ID").flatMap { MessageIdentifiers.parseSingle($0) }
        if let name = field("Content-Transfer-Encoding") {
            if let known = TransferEncoding(name) {
                encoding = known
            } else {
                diagnostics.add(.unknownTransferEncoding)
            }
        }
    }

    /// The type and subtype at the beginning of a value; text/plain when there is none (RFC 2045 section 5.2).
    private static func contentType(_ value: String) -> String {
        let pieces = value.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard pieces.count == 2 else { return "text/plain" }
        let type = pieces[0].utf8.prefix(while: isTypeCharacter)
        let subtype = pieces[1].utf8.prefix(while: isTypeCharacter)
        guard !type.isEmpty, type.count == pieces[0].utf8.count, !subtype.isEmpty else { return "text/plain" }
        return Array(type).utf8Text + "/" + Array(subtype).utf8Text
    }

    private static func isTypeCharacter(_ byte: UInt8) -> Bool {
        byte.isLetter || byte.isDigit || "!#$&^_.+-".utf8.contains(byte)
    }
}
