/// Finds the text and the attachments in the parts of a message.
struct BodyReader {
    /// How much of an attached message is read for its subject, in bytes.
    private static let maximumNameSource = 1 << 20

    let bytes: [UInt8]
    let tree: MIMETree
    private(set) var text = ""
    private(set) var html: String?
    private(set) var attachments: [Attachment] = []
    private(set) var diagnostics = DiagnosticList()

    /// Where only the beginning is read: bytes of decoded text, and of what they are decoded from.
    private static let beginning = 16 << 10
    private static let beginningSource = 64 << 10

    private let extent: Message.Extent
    /// How many more bytes of text are read.
    private var budget = Message.maximumTextSize
    /// Whether there is a plain form already of what is being read.
    private var hasPlainForm = false
    /// The parts whose text was taken.
    private var taken: Set<Int> = []
    /// The uuencoded files in parts whose text was taken.
    private var files: [Int: [Attachment]] = [:]

    /// A piece of readable text.
    private enum Piece {
        case plain(String)
        case html(String)

        var isBlank: Bool {
            switch self {
            case .plain(let text): text.allSatisfy(\.isWhitespace)
            case .html(let text): text.allSatisfy(\.isWhitespace)
            }
        }
    }

    init(bytes: [UInt8], tree: MIMETree, extent: Message.Extent) {
        self.extent = extent
        self.bytes = bytes
        self.tree = tree
    }

    mutating func read() {
        var pieces = pieces(of: 0)
        if pieces.allSatisfy(\.isBlank), let fallback = fallbackPart() { pieces += [piece(of: fallback)] }
        var markup: [String] = []
        for piece in pieces {
            let content: String
            switch piece {
            case .plain(let plain): content = plain
            case .html(let source):
                markup.append(source)
                // Beside plain text of the same content, HTML is in `alternatives` only.
                content = HTMLText.render(source)
            }
            if !text.isEmpty, !text.utf8.hasSuffix(ASCII.lineFeed) { text += "\n" }
            text += content
        }
        markup += alternatives
        html = markup.isEmpty ? nil : markup.joined(separator: "\n")
        for index in tree.parts.indices where !tree.parts[index].isMultipart { addAttachment(index) }
    }

    /// HTML that says the same as plain text that was taken for the text.
    private var alternatives: [String] = []

    // MARK: Text

    /// The readable text of a part and what is in it; nesting is bounded by `MIMETree.maximumDepth`.
    private mutating func pieces(of index: Int) -> [Piece] {
        let part = tree.parts[index]
        guard part.isMultipart else { return isBody(part) ? [piece(of: index)] : [] }
        if part.contentType == "multipart/alternative" { return alternativePieces(of: part) }
        if part.contentType == "multipart/related" {
            for child in part.children {
                let found = pieces(of: child)
                if !found.isEmpty { return found }
            }
            return []
        }
        return part.children.flatMap { pieces(of: $0) }
    }

    /// Of several forms of one text, the plain one for the text and the last rich one for HTML.
    private mutating func alternativePieces(of part: MIMEPart) -> [Piece] {
        let outer = alternatives
        var plain: [Piece] = []
        var rich: [Piece] = []
        var richAlternatives: [String] = []
        for child in part.children {
            alternatives = []
            let outerHasPlainForm = hasPlainForm
            hasPlainForm = hasPlainForm || !plain.allSatisfy(\.isBlank)
            let found = pieces(of: child)
            hasPlainForm = outerHasPlainForm
            let hasHTML = found.contains { if case .html = $0 { true } else { false } }
            if hasHTML || !alternatives.isEmpty {
                rich = found
                richAlternatives = alternatives
            }
            if !hasHTML, plain.allSatisfy(\.isBlank) { plain = found }
        }
        alternatives = outer
        if plain.allSatisfy(\.isBlank) {
            alternatives += richAlternatives
            return rich.isEmpty ? plain : rich
        }
        alternatives += rich.compactMap { if case .html(let source) = $0 { source } else { nil } } + richAlternatives
        return plain
    }

    private func isBody(_ part: MIMEPart) -> Bool {
        guard part.contentType == "text/plain" || part.contentType == "text/html", part.disposition != .attachment
        else { return false }
        return part.fileName == nil || part.parent == nil
    }

    /// A text to show when no part is a body: the first that is not expressly an attachment.
    private func fallbackPart() -> Int? {
        tree.parts.indices.first { index in
            let part = tree.parts[index]
            return !part.isMultipart && part.isText && part.disposition != .attachment && !taken.contains(index)
        }
    }

    private mutating func piece(of index: Int) -> Piece {
        let part = tree.parts[index]
        taken.insert(index)
        let isHTML = part.contentType == "text/html"
        if extent == .beginning, isHTML, hasPlainForm { return .html("") }
        var (content, isMalformed) = decoded(part, isHTML: isHTML)
        if isMalformed { diagnostics.add(.malformedTransferEncoding, part: tree.path(of: index)) }
        if content.count > budget {
            diagnostics.add(.truncatedText, part: tree.path(of: index))
            content.removeLast(content.count - budget)
        }
        budget -= content.count
        if !isHTML { content = withoutFiles(content, of: index) }
        let declared = part.charset ?? (isHTML ? HTMLText.charset(in: content) : nil)
        let result = TextDecoder.decode(content, declared: declared, hint: tree.outerCharset(of: index))
        if let code = result.diagnostic { diagnostics.add(code, part: tree.path(of: index)) }
        return isHTML ? .html(result.text.readable) : .plain(result.text.readable)
    }

    /// A text as it was before its transfer encoding, or the beginning of it: whole lines, as characters have several bytes.
    private func decoded(_ part: MIMEPart, isHTML: Bool) -> (bytes: [UInt8], isMalformed: Bool) {
        let body = bytes[part.body]
        guard extent == .beginning, body.count > Self.beginningSource,
            // A uuencoded file may begin anywhere in a text.
            isHTML || part.encoding != .base64 && body.lineStart(with: "begin ") == nil
        else {
            let (content, isMalformed) = part.encoding.decode(body)
            guard extent == .beginning, isHTML || content[...].lineStart(with: "begin ") == nil else {
                return (content, isMalformed)
            }
            return (Self.wholeLines(of: content) ?? content, isMalformed)
        }
        let (content, isMalformed) = part.encoding.decode(body.prefix(Self.beginningSource))
        guard let lines = Self.wholeLines(of: content) else { return part.encoding.decode(body) }
        return (lines, isMalformed)
    }

    /// Nil where there is no end of a line.
    private static func wholeLines(of content: [UInt8]) -> [UInt8]? {
        guard content.count > beginning else { return content }
        return content[..<beginning].lastIndex(of: ASCII.lineFeed).map { Array(content[...$0]) }
    }

    /// Takes the uuencoded files out of a text.
    private mutating func withoutFiles(_ content: [UInt8], of index: Int) -> [UInt8] {
        let found = UUEncoding.files(in: content[...])
        guard !found.isEmpty else { return content }
        let part = tree.parts[index]
        let path = tree.path(of: index)
        diagnostics.add(.uuencodedFile, part: path)
        var rest: [UInt8] = []
        var position = 0
        for (number, file) in found.enumerated() {
            rest += content[position..<file.range.lowerBound]
            position = file.range.upperBound
            let name = TextDecoder.decode(Array(file.name), declared: part.charset).text
            files[index, default: []].append(
                Attachment(
                    path: "\(path).\(number + 1)",
                    fileName: FileName.displayName(name),
                    contentType: "application/octet-stream",
                    size: UUEncoding.decode(content[file.range]).bytes.count,
                    contentID: nil,
                    isInline: false,
                    source: Attachment.Source(body: part.body, encoding: part.encoding, file: file.range)
                )
            )
        }
        return rest + content[position...]
    }

    // MARK: Attachments

    private mutating func addAttachment(_ index: Int) {
        let part = tree.parts[index]
        guard !taken.contains(index) || (part.fileName != nil && part.parent != nil) else {
            attachments += files[index] ?? []
            return
        }
        if part.contentType == "message/partial" { diagnostics.add(.partialMessage, part: tree.path(of: index)) }
        if part.contentType == "message/external-body" { diagnostics.add(.externalBody, part: tree.path(of: index)) }
        let (size, isMalformed) = part.encoding.measure(bytes[part.body])
        if isMalformed { diagnostics.add(.malformedTransferEncoding, part: tree.path(of: index)) }
        attachments.append(
            Attachment(
                path: tree.path(of: index),
                fileName: part.fileName ?? (part.isMessage ? messageName(part) : nil),
                contentType: part.contentType,
                size: size,
                contentID: part.contentID,
                isInline: part.disposition == .inline || (part.disposition == .none && part.contentID != nil),
                source: Attachment.Source(body: part.body, encoding: part.encoding)
            )
        )
    }

    /// The name of an attached message: its subject.
    private func messageName(_ part: MIMEPart) -> String? {
        let content = part.encoding.decode(bytes[part.body].prefix(Self.maximumNameSource)).bytes
        let subject = MessageHeader(parsing: content).subject
        return FileName.displayName(title: subject, suffix: ".eml")
    }
}

extension String {
    /// The text with lines ended by LF and without other control characters than tabs.
    fileprivate var readable: String {
        let bytes = Array(utf8)
        guard bytes.contains(where: { $0.isControl && $0 != ASCII.lineFeed && $0 != ASCII.tab }) else { return self }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var previous: UInt8 = 0
        for byte in bytes {
            if byte == ASCII.carriageReturn {
                result.append(ASCII.lineFeed)
            } else if byte == ASCII.lineFeed {
                if previous != ASCII.carriageReturn { result.append(byte) }
            } else if !byte.isControl || byte == ASCII.tab {
                result.append(byte)
            }
            previous = byte
        }
        return result.utf8Text
    }
}

extension String.UTF8View {
    fileprivate func hasSuffix(_ byte: UInt8) -> Bool { last == byte }
}
