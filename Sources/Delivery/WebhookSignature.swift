import Crypto
package import Foundation

/// Signs what is sent to a webhook, by the symmetric scheme of Standard Webhooks 1.0.
package struct WebhookSignature: Sendable {
    /// Bytes of a key; the specification asks for 24 to 64.
    package static let keyLength = 32
    private static let prefix = "whsec_"

    private let key: SymmetricKey

    package init(key: Data) {
        self.key = SymmetricKey(data: key)
    }

    /// A new key.
    package static func makeKey() -> Data {
        SymmetricKey(size: SymmetricKeySize(bitCount: keyLength * 8)).withUnsafeBytes { Data($0) }
    }

    /// A key as its receiver is given it.
    package static func secret(of key: Data) -> String { prefix + key.base64EncodedString() }

    /// The headers of an attempt.
    ///
    /// - Parameters:
    ///   - id: the same for every attempt.
    ///   - seconds: when the attempt is made, since 1970 UTC.
    package func headers(id: String, seconds: Int64, body: Data) -> [(name: String, value: String)] {
        let code = HMAC<SHA256>.authenticationCode(for: Data("\(id).\(seconds).".utf8) + body, using: key)
        return [
            ("webhook-id", id), ("webhook-timestamp", "\(seconds)"),
            ("webhook-signature", "v1,\(Data(code).base64EncodedString())"),
        ]
    }
}
