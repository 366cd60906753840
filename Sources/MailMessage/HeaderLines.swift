/// All fields of a message's header as a person reads them: what names them, and their values decoded on one line.
package struct HeaderLines: Sendable {
    /// One field of the header.
    package struct Line: Sendable, Hashable {
        package let name: String
        package let value: String
    }

    private static let maximumCount = 500
    /// In bytes, before decoding: of one value, and of all.
    private static let maximumValueSize = 16 << 10
    private static let maximumSize = 256 << 10

    /// In the order of the header.
    package let lines: [Line]
    /// Whether fields, or ends of values, were left out because there is too much.
    package let isCut: Bool

    /// Reads the header at the beginning of these bytes, which may go on with the body.
    package init(parsing header: some Collection<UInt8>) {
        var scanner = HeaderScanner(message: Message.bytes(of: header))
        var (lines, size, isCut): ([Line], Int, Bool) = ([], 0, false)
        while let field = scanner.next() {
            guard lines.count < Self.maximumCount, size < Self.maximumSize else {
                isCut = true
                break
            }
            let value = scanner.value(of: field)
            if value.count > Self.maximumValueSize { isCut = true }
            let kept = value.prefix(Self.maximumValueSize)
            size += min(field.name.count, Self.maximumValueSize) + kept.count
            lines.append(
                Line(
                    name: scanner.bytes[field.name].prefix(Self.maximumValueSize).utf8Text,
                    value: EncodedWords.decode(kept).onOneLine
                )
            )
        }
        self.lines = lines
        self.isCut = isCut
    }
}
