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
        var scanner = HeaderScanner(message: Message.bytes(of: header))
        var left = mostFields
        while left > 0, let field = scanner.next() {
            guard scanner.isNamed("received", field) else { continue }
            if let date = date(scanner.value(of: field)) { return date }
            left -= 1
        }
        return nil
    }

    /// What stands behind the last semicolon.
    private static func date(_ field: [UInt8]) -> Int64? {
        guard let semicolon = field.lastIndex(of: UInt8(ascii: ";")) else { return nil }
        return MailDate.parse(field[(semicolon + 1)...])
    }
}
