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
    /// Its body, still encoded.
    var body: Range<Int>
    /// The parts of a multipart, in their order.
    var children: [Int] = []
    /// Type and subtype in lower case, never with anything else in it.
    var contentType: String
    var charset: Charset?
    /// The boundary of a multipart that can be read.
    var boundary: [UInt8]?
    var disposition: Disposition
    /// The name for display.
    var fileName: String?
    /// Without angle brackets.
    var contentID: String?
    var encoding: TransferEncoding

    var isMultipart: Bool { boundary != nil }
    var isText: Bool { contentType.hasPrefix("text/") }
    var isMessage: Bool { contentType == "message/rfc822" || contentType == "message/global" }

    /// Reads the header of a part at the scanner's position, and leaves it at the body.
    init(
        parent: Int?,
        ordinal: Int,
        defaultType: String,
        scanning scanner: inout HeaderScanner,
        diagnostics: inout DiagnosticList,
        isBoundary: (ArraySlice<UInt8>) -> Bool
    ) {
        var typeValue: [UInt8]?
        var dispositionValue: [UInt8]?
        var encodingValue: [UInt8]?
        var identifierValue: [UInt8]?
        while let field = scanner.next(isBoundary: isBoundary) {
            switch field.name.count {
            case 10 where scanner.isNamed("content-id", field):
                identifierValue = identifierValue ?? scanner.value(of: field)
            case 12 where scanner.isNamed("content-type", field):
                if typeValue != nil { diagnostics.add(.repeatedField) }
                typeValue = typeValue ?? scanner.value(of: field)
            case 19 where scanner.isNamed("content-disposition", field):
                dispositionValue = dispositionValue ?? scanner.value(of: field)
            case 25 where scanner.isNamed("content-transfer-encoding", field):
                encodingValue = encodingValue ?? scanner.value(of: field)
            default: break
            }
        }
        self.parent = parent
        self.ordinal = ordinal
        body = scanner.position..<scanner.position
        let type = typeValue.map { ContentField($0, hint: nil) }
        let charset = type?.charset
        self.charset = charset
        contentType = type.map { Self.contentType($0.value) } ?? defaultType
        let place = dispositionValue.map { ContentField($0, hint: charset) }
        switch place?.value {
        case nil, "": disposition = .none
        case "inline": disposition = .inline
        // An unknown disposition is an attachment (RFC 2183 section 2.8).
        default: disposition = .attachment
        }
        fileName =
            ["filename", "name"].lazy.compactMap { place?[$0].flatMap(FileName.displayName) }.first
            ?? ["name", "filename"].lazy.compactMap { type?[$0].flatMap(FileName.displayName) }.first
        contentID = identifierValue.flatMap { MessageIdentifiers.parseSingle($0) }
        encoding = .identity
        if let encodingValue {
            if let known = TransferEncoding(encodingValue) {
                encoding = known
            } else {
                diagnostics.add(.unknownTransferEncoding)
            }
        }
        if contentType.hasPrefix("multipart/") {
            let boundary = type?.rawValue("boundary")?[...].trimmed
            if let boundary, !boundary.isEmpty, boundary.count <= BoundaryTable.maximumLength {
                self.boundary = Array(boundary)
            } else {
                diagnostics.add(.missingBoundary)
                contentType = "text/plain"
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
