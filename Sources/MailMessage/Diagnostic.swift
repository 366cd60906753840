/// Something about a message that is not as it should be, and was read as well as could be.
///
/// Holds no text of the message, so that it can be logged.
package struct Diagnostic: Sendable, Hashable {
    /// What was found.
    package enum Code: String, Sendable, Hashable, CaseIterable {
        /// Lines in the header that are no header fields were skipped.
        case malformedHeader
        /// There is no header at all; everything was taken for the body.
        case missingHeader
        /// The header has no end before the next boundary or the end of the message.
        case unterminatedHeader
        /// A field that may stand once (RFC 5322 section 3.6) stands several times.
        case repeatedField
        /// The date cannot be read or cannot be.
        case invalidDate
        /// A field of addresses holds something without an address.
        case invalidAddress
        /// A multipart names no usable boundary; it was taken for one text.
        case missingBoundary
        /// A multipart has no closing boundary.
        case unclosedMultipart
        /// A multipart has no parts.
        case emptyMultipart
        /// More nested than `MIMETree.maximumDepth`; what is deeper stays one attachment.
        case nestedTooDeep
        /// More boundaries than `MIMETree.maximumParts`; what follows stays in the last part.
        case tooManyParts
        /// The transfer encoding is not known; the bytes were left as they are.
        case unknownTransferEncoding
        /// Base64, quoted-printable or uuencode with characters that do not belong there.
        case malformedTransferEncoding
        /// The charset is not named or unknown, and was detected.
        case unknownCharset
        /// The text is not in the charset that is named; another one was detected.
        case wrongCharset
        /// Some characters could not be read.
        case undecodableText
        /// A text is longer than `Message.maximumTextSize`; its end was left out.
        case truncatedText
        /// A fragment of a message (RFC 2046 section 5.2.2).
        case partialMessage
        /// A body that is elsewhere (RFC 2046 section 5.2.3); it is never fetched.
        case externalBody
        /// A file in uuencode inside a text.
        case uuencodedFile
    }

    /// What was found.
    package let code: Code
    /// The part it was found in as in `Attachment.path`; nil for the message as a whole.
    package let part: String?

    package init(_ code: Code, part: String? = nil) {
        self.code = code
        self.part = part
    }
}

/// Diagnostics in the order of their finding, each once, and never more than a few.
struct DiagnosticList: Sendable {
    private static let maximum = 64
    private(set) var all: [Diagnostic] = []

    mutating func add(_ code: Diagnostic.Code, part: @autoclosure () -> String? = nil) {
        guard all.count < Self.maximum else { return }
        let diagnostic = Diagnostic(code, part: part())
        if !all.contains(diagnostic) { all.append(diagnostic) }
    }

    mutating func add(_ other: DiagnosticList) {
        for diagnostic in other.all { add(diagnostic.code, part: diagnostic.part) }
    }
}
