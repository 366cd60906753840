import Crypto
package import Foundation

/// 128 random bits that prove something to whoever has kept their hash: a session, an invitation, a set-up.
package struct SecretToken: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    private static let length = 16
    private let bytes: Data

    /// A new one.
    package init() {
        bytes = SymmetricKey(size: .bits128).withUnsafeBytes { Data($0) }
    }

    /// Reads what `text` wrote; nil where it is none.
    package init?(_ text: String) {
        guard text.utf8.count == 22, let bytes = Data(urlSafeBase64: text), bytes.count == Self.length else {
            return nil
        }
        self.bytes = bytes
    }

    /// As it goes into links and cookies: 22 characters.
    package var text: String { bytes.urlSafeBase64 }

    /// What is kept of it: its SHA-256.
    package var hash: Data { Data(SHA256.hash(data: bytes)) }

    /// A further secret made of it for one use: text that tells nothing of the token itself.
    package func derived(for use: String) -> String {
        Data(HMAC<SHA256>.authenticationCode(for: Data(use.utf8), using: SymmetricKey(data: bytes)))
            .prefix(16).urlSafeBase64
    }

    /// Whether two secrets are the same, in a time that does not depend on where they differ.
    package static func areEqual(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    package var description: String { "SecretToken(redacted)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension Data {
    /// Base64 for addresses and cookies, without padding (RFC 4648 section 5).
    package var urlSafeBase64: String {
        base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// Reads `urlSafeBase64`; nil where it is none.
    package init?(urlSafeBase64 text: String) {
        let standard = text.replacing("-", with: "+").replacing("_", with: "/")
        self.init(base64Encoded: standard + String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4))
    }
}
