/// Makes readable text of HTML, for people and for search.
///
/// Not a sanitiser: HTML is shown in its own cage.
/// One pass without a tree, so that any input takes linear time and no nesting matters.
struct HTMLText {
    private let bytes: [UInt8]
    private var index = 0
    private var result: [UInt8] = []
    /// Line ends to write before the next text.
    private var pendingLines = 0
    private var pendingSpace = false
    private var preformatted = 0
    /// Whether a tag has ended somewhere when quotes in it are minded.
    private var mindsQuotes = true

    /// The text of an HTML document, with lines ended by LF.
    static func render(_ html: String) -> String {
        var renderer = HTMLText(bytes: Array(html.utf8))
        renderer.run()
        return renderer.result.utf8Text
    }

    /// The charset that a document names in its first bytes (a `meta` element).
    static func charset(in bytes: [UInt8]) -> Charset? {
        let head = bytes.prefix(2048).map(\.lowercased)
        var rest = head[...]
        while let start = rest.firstIndex(of: UInt8(ascii: "c")) {
            rest = rest[start...]
            guard rest.starts(with: "charset".utf8) else {
                rest = rest.dropFirst()
                continue
            }
            let value = rest.dropFirst(7).drop(while: \.isWhiteSpace)
            rest = rest.dropFirst(7)
            guard value.first == UInt8(ascii: "=") else { continue }
            let label = value.dropFirst().drop { $0.isWhiteSpace || $0 == ASCII.quote || $0 == UInt8(ascii: "'") }
                .prefix { $0.isLetter || $0.isDigit || "-_:.+".utf8.contains($0) }
            // A document that can be read so far is in no UTF-16.
            if let charset = Charset(label: label) { return charset.family == .wide ? .utf8 : charset }
        }
        return nil
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func run() {
        result.reserveCapacity(bytes.count / 2)
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "<"): takeMarkup()
            case UInt8(ascii: "&"): takeReference()
            default:
                write(bytes[index])
                index += 1
            }
        }
        while result.last?.isWhiteSpace == true { result.removeLast() }
        if !result.isEmpty { result.append(ASCII.lineFeed) }
    }

    // MARK: Text

    private mutating func write(_ byte: UInt8) {
        if byte.isWhiteSpace {
            if preformatted == 0 {
                pendingSpace = true
            } else if byte == ASCII.lineFeed {
                pendingLines += 1
            } else if byte != ASCII.carriageReturn {
                flushLines()
                result.append(byte)
            }
            return
        }
        if byte.isControl { return }
        flushLines()
        if pendingSpace, let last = result.last, !last.isWhiteSpace { result.append(ASCII.space) }
        pendingSpace = false
        result.append(byte)
    }

    private mutating func write(_ text: String) {
        for byte in text.utf8 { write(byte) }
    }

    private mutating func flushLines() {
        guard pendingLines > 0 else { return }
        while result.last == ASCII.space { result.removeLast() }
        if !result.isEmpty {
            result.append(
                contentsOf: repeatElement(ASCII.lineFeed, count: preformatted > 0 ? pendingLines : min(pendingLines, 2))
            )
        }
        pendingLines = 0
        pendingSpace = false
    }

    private mutating func breakLine(atLeast lines: Int) {
        pendingLines = max(pendingLines, lines)
        pendingSpace = false
    }

    /// `&name;`, `&#123;` or `&#x7B;`; anything else is text.
    private mutating func takeReference() {
        let start = index + 1
        let limit = min(bytes.count, start + 32)
        var end = start
        while end < limit, bytes[end].isLetter || bytes[end].isDigit || bytes[end] == UInt8(ascii: "#") { end += 1 }
        let name = bytes[start..<end]
        guard let text = HTMLReferences.text(of: name) else {
            write(bytes[index])
            index += 1
            return
        }
        index = end < bytes.count && bytes[end] == UInt8(ascii: ";") ? end + 1 : end
        if text == "\u{A0}" {
            // Blanks that do not break are blanks to a reader.
            write(ASCII.space)
        } else {
            write(text)
        }
    }

    // MARK: Markup

    private mutating func takeMarkup() {
        guard index + 1 < bytes.count else {
            write(bytes[index])
            index += 1
            return
        }
        let next = bytes[index + 1]
        if next == UInt8(ascii: "!"), bytes[index...].starts(with: "<!--".utf8) {
            skip(past: "-->", from: index + 4)
        } else if next == UInt8(ascii: "!") || next == UInt8(ascii: "?") {
            skip(past: ">", from: index + 2)
        } else if next == UInt8(ascii: "/"), index + 2 < bytes.count, bytes[index + 2].isLetter {
            takeTag(nameStart: index + 2, isEnd: true)
        } else if next.isLetter {
            takeTag(nameStart: index + 1, isEnd: false)
        } else {
            write(bytes[index])
            index += 1
        }
    }

    private mutating func takeTag(nameStart: Int, isEnd: Bool) {
        var nameEnd = nameStart
        while nameEnd < bytes.count, bytes[nameEnd].isLetter || bytes[nameEnd].isDigit { nameEnd += 1 }
        let name = bytes[nameStart..<nameEnd].prefix(16).map(\.lowercased).utf8Text
        let end = tagEnd(from: nameEnd)
        let attributes = nameEnd..<max(nameEnd, min(end, bytes.count) - 1)
        index = end
        switch name {
        case "script", "style", "title", "noframes", "template", "textarea", "object":
            if !isEnd, name != "object" { skipContent(of: name) }
        case "br":
            pendingLines += 1
            pendingSpace = false
        case "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "blockquote", "table", "pre", "hr":
            if name == "pre" { preformatted = max(0, preformatted + (isEnd ? -1 : 1)) }
            breakLine(atLeast: 2)
        case "div", "tr", "dt", "dd", "section", "article", "header", "footer", "address", "center", "form", "main",
            "nav", "aside", "figure", "figcaption", "fieldset", "body", "html", "head", "caption", "thead", "tbody",
            "option", "details", "summary":
            breakLine(atLeast: 1)
        case "li":
            breakLine(atLeast: 1)
            if !isEnd {
                write("-")
                pendingSpace = true
            }
        case "td", "th": pendingSpace = true
        case "img" where !isEnd:
            if let text = alternativeText(attributes) {
                pendingSpace = true
                write(text)
                pendingSpace = true
            }
        default: break
        }
    }

    /// Where the text goes on after a tag; quotes in its attributes may hold a `>`.
    private mutating func tagEnd(from start: Int) -> Int {
        if mindsQuotes {
            var quote: UInt8?
            var position = start
            while position < bytes.count {
                let byte = bytes[position]
                position += 1
                if let open = quote {
                    if byte == open { quote = nil }
                } else if byte == UInt8(ascii: ">") {
                    return position
                } else if byte == ASCII.quote || byte == UInt8(ascii: "'"),
                    bytes[..<(position - 1)].last(where: { !$0.isWhiteSpace }) == UInt8(ascii: "=")
                {
                    quote = byte
                }
            }
            // A quote that nobody closed would swallow the rest.
            mindsQuotes = false
        }
        return bytes[start...].firstIndex(of: UInt8(ascii: ">")).map { $0 + 1 } ?? bytes.count
    }

    private mutating func skip(past end: String, from start: Int) {
        let marker = Array(end.utf8)
        var position = start
        while position + marker.count <= bytes.count {
            if bytes[position] == marker[0], bytes[position...].starts(with: marker) {
                index = position + marker.count
                return
            }
            position += 1
        }
        index = bytes.count
    }

    /// Skips everything up to the end tag of an element whose content is no text.
    private mutating func skipContent(of name: String) {
        let marker = Array("</\(name)".utf8)
        var position = index
        while position + marker.count <= bytes.count {
            if bytes[position] == marker[0],
                bytes[position..<(position + marker.count)].elementsEqual(marker, by: { $0.lowercased == $1 })
            {
                index = position
                return
            }
            position += 1
        }
        index = bytes.count
    }

    /// The `alt` of an image.
    private func alternativeText(_ attributes: Range<Int>) -> String? {
        let part = bytes[attributes].prefix(4096)
        var position = part.startIndex
        while position + 4 < part.endIndex {
            defer { position += 1 }
            guard position == part.startIndex || part[position - 1].isWhiteSpace,
                part[position..<(position + 3)].equalsIgnoringCase("alt"), part[position + 3] == UInt8(ascii: "=")
            else { continue }
            let quote = part[position + 4]
            guard quote == ASCII.quote || quote == UInt8(ascii: "'") else {
                return part[(position + 4)...].prefix { !$0.isWhiteSpace }.utf8Text
            }
            return HTMLReferences.replaced(in: part[(position + 5)...].prefix { $0 != quote })
        }
        return nil
    }
}
