package import NIOCore

/// What a client says within `AUTHENTICATE`, in base64 (RFC 9051, 6.2.2).
package struct IMAPAuthenticationResponse: Sendable, Equatable {
    private let base64: [UInt8]

    package init(_ bytes: [UInt8]) {
        base64 = Self.base64(bytes)
    }

    /// Bytes of the response as it is sent.
    package var count: Int { base64.count }

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

extension IMAPAuthenticationResponse: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "IMAPAuthenticationResponse(redacted)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
