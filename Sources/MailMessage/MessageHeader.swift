/// What the header of a message says (RFC 5322 section 3.6).
///
/// Any bytes give a header. Nothing of the body is looked at, so that it can be made of a header alone.
package struct MessageHeader: Sendable {
    /// The authors, of all From fields there are.
    package private(set) var from: [EmailAddress] = []
    /// Who sent it for the authors.
    package private(set) var sender: [EmailAddress] = []
    package private(set) var replyTo: [EmailAddress] = []
    package private(set) var to: [EmailAddress] = []
    package private(set) var cc: [EmailAddress] = []
    package private(set) var bcc: [EmailAddress] = []
    /// The subject on one line, decoded; empty when there is none.
    package private(set) var subject = ""
    /// When it says it was written, in milliseconds since 1970 UTC; nil when it does not say, or nonsense.
    package private(set) var date: Int64?
    /// The Message-ID without angle brackets.
    ///
    /// A hint only: different messages carry the same.
    package private(set) var messageID: String?
    /// The Message-IDs that this message answers, without angle brackets.
    package private(set) var inReplyTo: [String] = []
    /// The Message-IDs of its thread, oldest first, without angle brackets; they may name the message itself.
    package private(set) var references: [String] = []
    /// The Authentication-Results fields (RFC 8601) on one line each, the topmost first.
    ///
    /// Only the topmost, of the mailbox's own server, can be trusted.
    package private(set) var authenticationResults: [String] = []
    /// What was wrong with it.
    package var diagnostics: [Diagnostic] { findings.all }

    private var findings = DiagnosticList()

    /// Reads the header at the beginning of these bytes, which may go on with the body.
    package init(parsing header: some Collection<UInt8>) {
        var scanner = HeaderScanner(message: Message.bytes(of: header))
        var structure = StructureFields()
        self.init(scanning: &scanner, structure: &structure)
    }

    /// Reads the header at the scanner's position, and leaves it at the body.
    ///
    /// - Parameter structure: gets the fields that tell how the body is put together.
    init(scanning scanner: inout HeaderScanner, structure: inout StructureFields) {
        var fields = Fields()
        while let field = scanner.next() { fields.take(field, scanner) }
        findings.add(scanner.diagnostics)
        // Raw bytes are mostly in the charset of the body.
        let hint = fields.contentType.flatMap { ContentField($0, hint: nil).charset }
        structure = fields.structure
        for (field, value) in fields.addresses {
            let addresses = AddressParser.parse(value, hint: hint)
            if addresses.isEmpty
                ? value.contains(UInt8(ascii: "@")) : addresses.contains(where: { $0.normalized == nil })
            {
                findings.add(.invalidAddress)
            }
            switch field {
            case .from: from += addresses
            case .sender: sender += addresses
            case .replyTo: replyTo += addresses
            case .to: to += addresses
            case .cc: cc += addresses
            case .bcc: bcc += addresses
            }
        }
        if fields.isRepeated { findings.add(.repeatedField) }
        if let value = fields.subject { subject = EncodedWords.decode(value, hint: hint).onOneLine }
        date = fields.dates.lazy.compactMap { MailDate.parse($0) }.first
        if date == nil, !fields.dates.isEmpty { findings.add(.invalidDate) }
        messageID = fields.messageID.flatMap { MessageIdentifiers.parseSingle($0) }
        inReplyTo = fields.inReplyTo.flatMap { MessageIdentifiers.parse($0) }
        references = fields.references.flatMap { MessageIdentifiers.parse($0) }
        authenticationResults = fields.authenticationResults.map { EncodedWords.decode($0, hint: hint).onOneLine }
    }

    private enum AddressField {
        case from
        case sender
        case replyTo
        case to
        case cc
        case bcc
    }

    /// The values of the fields that matter, raw.
    private struct Fields {
        var addresses: [(AddressField, [UInt8])] = []
        var subject: [UInt8]?
        var dates: [[UInt8]] = []
        var messageID: [UInt8]?
        var inReplyTo: [[UInt8]] = []
        var references: [[UInt8]] = []
        var authenticationResults: [[UInt8]] = []
        var contentType: [UInt8]?
        var structure = StructureFields()
        var isRepeated = false

        mutating func take(_ field: HeaderField, _ scanner: HeaderScanner) {
            func named(_ name: StaticString) -> Bool { scanner.isNamed(name, field) }
            func addresses(_ kind: AddressField) {
                if self.addresses.contains(where: { $0.0 == kind }) { isRepeated = true }
                self.addresses.append((kind, scanner.value(of: field)))
            }
            structure.take(field, scanner)
            switch field.name.count {
            case 2:
                if named("to") { addresses(.to) } else if named("cc") { addresses(.cc) }
            case 3:
                if named("bcc") { addresses(.bcc) }
            case 4:
                if named("from") { addresses(.from) }
                if named("date"), dates.count < 8 { dates.append(scanner.value(of: field)) }
            case 6:
                if named("sender") { addresses(.sender) }
            case 7:
                if named("subject") {
                    if subject == nil { subject = scanner.value(of: field) } else { isRepeated = true }
                }
            case 8:
                if named("reply-to") { addresses(.replyTo) }
            case 10:
                if named("message-id") {
                    if messageID == nil { messageID = scanner.value(of: field) } else { isRepeated = true }
                } else if named("references") {
                    references.append(scanner.value(of: field))
                }
            case 11:
                if named("in-reply-to") { inReplyTo.append(scanner.value(of: field)) }
            case 12:
                if named("content-type"), contentType == nil { contentType = scanner.value(of: field) }
            case 22:
                if named("authentication-results") { authenticationResults.append(scanner.value(of: field)) }
            default: break
            }
        }
    }
}
