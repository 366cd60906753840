/// When a mail came, as the servers wrote into it that handed it on (RFC 5321 section 4.4).
package enum ReceivedDate {
    /// Fields that are looked at; a mail has passed through fewer servers.
    private static let mostFields = 100

    /// The date of the topmost `Received` field that has one, in milliseconds since 1970 UTC; nil where none has.
    ///
    /// Each server puts its own on top, so that the first is the newest, and the only one that the sender did not choose.
    ///
    /// - Parameter header: the header, which may go on with the body.
    package static func newest(in header: some Collection<UInt8>) -> Int64? {
        var field: [UInt8]?
        var left = mostFields
        // The empty line ends the header, and the last field with it.
        for line in Array(header).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            let text = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            if let first = text.first, first.isWhiteSpace {
                field?.append(contentsOf: text)
                continue
            }
            if let date = field.flatMap(date) { return date }
            guard !text.isEmpty, left > 0 else { return nil }
            field = isReceived(text) ? Array(text) : nil
            if field != nil { left -= 1 }
        }
        return field.flatMap(date)
    }

    private static func isReceived(_ line: some Collection<UInt8>) -> Bool {
        let name = line.prefix { $0 != UInt8(ascii: ":") }
        guard name.count < line.count else { return false }
        return name.lazy.filter { !$0.isWhiteSpace }.map(\.lowercased).elementsEqual("received".utf8)
    }

    /// What stands behind the last semicolon.
    private static func date(_ field: [UInt8]) -> Int64? {
        guard let semicolon = field.lastIndex(of: UInt8(ascii: ";")) else { return nil }
        return MailDate.parse(field[(semicolon + 1)...])
    }
}
