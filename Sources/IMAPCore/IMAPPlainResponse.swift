package import NIOCore

/// The client's response of SASL's `PLAIN` mechanism in base64 (RFC 4616).
package struct IMAPPlainResponse: Sendable, Equatable {
    private let base64: [UInt8]

    /// Authenticates as `username` and, where given, acts as `authorizeAs`.
    package init(
        username: String,
        password: String,
        authorizeAs: String? = nil
    ) throws(IMAPEncodingError) {
        for text in [username, password, authorizeAs ?? ""] { try text.checkForCommand() }
        let message = [Array((authorizeAs ?? "").utf8), Array(username.utf8), Array(password.utf8)]
        self.base64 = Self.base64(Array(message.joined(separator: [0])))
    }

    /// Appends the response without a line's end.
    package func write(to buffer: inout ByteBuffer) {
        buffer.writeBytes(base64)
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func base64(_ bytes: [UInt8]) -> [UInt8] {
        var encoded: [UInt8] = []
        encoded.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for position in 0..<4 {
                let index = Int(bits >> UInt32(18 - 6 * position) & 0x3F)
                encoded.append(position <= group.count ? alphabet[index] : UInt8(ascii: "="))
            }
        }
        return encoded
    }
}

extension IMAPPlainResponse: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "IMAPPlainResponse(redacted)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension String {
    /// Refuses what no server takes and what would end the command early.
    func checkForCommand() throws(IMAPEncodingError) {
        try Array(utf8).checkForCommand()
    }
}

extension [UInt8] {
    func checkForCommand() throws(IMAPEncodingError) {
        guard count <= 4096 else { throw IMAPEncodingError(.tooLong) }
        guard !contains(where: { $0 == 0 || $0 == .cr || $0 == .lf }) else {
            throw IMAPEncodingError(.forbiddenCharacter)
        }
    }
}
