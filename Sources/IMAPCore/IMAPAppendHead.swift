package import NIOCore

/// What `APPEND` says of a message before its bytes (RFC 9051, 6.3.12).
package struct IMAPAppendHead: Sendable, Equatable {
    /// With their backslash, where they have one; `\Recent` is the server's own to give.
    package var flags: [String]
    /// In milliseconds since 1970; nil leaves it to the server, as does a date beyond the years 1 to 9999.
    package var internalDate: Int64?
    /// Bytes of the message.
    package var size: Int

    package init(flags: [String], internalDate: Int64?, size: Int) {
        self.flags = flags
        self.internalDate = internalDate
        self.size = size
    }
}

extension IMAPCommandEncoder {
    /// ` (\Seen) "01-Jan-2026 10:00:00 +0000" {12+}`, with the end of the line.
    ///
    /// - Parameter isSynchronizing: whether the server is asked before the bytes, which it is with `+`.
    /// - Throws: ``IMAPEncodingError`` where a flag is none.
    package func encode(
        _ head: IMAPAppendHead,
        isSynchronizing: Bool
    ) throws(IMAPEncodingError) -> ByteBuffer {
        guard head.flags.allSatisfy(Self.isFlag) else { throw IMAPEncodingError(.forbiddenCharacter) }
        var buffer = ByteBuffer()
        if !head.flags.isEmpty { buffer.writeString(" (\(head.flags.joined(separator: " ")))") }
        if let date = head.internalDate.flatMap(IMAPDate.text) { buffer.writeString(" \"\(date)\"") }
        buffer.writeString(" {\(head.size)\(isSynchronizing ? "" : "+")}\r\n")
        return buffer
    }

    /// An atom, with a backslash before it or without (RFC 9051, 9: flag).
    private static func isFlag(_ flag: String) -> Bool {
        let name = flag.utf8.drop { $0 == .backslash }
        return flag.utf8.count <= name.count + 1 && !name.isEmpty && name.count <= 128
            && name.allSatisfy { (0x21...0x7E).contains($0) && !"(){%*\"\\]".utf8.contains($0) }
    }
}
