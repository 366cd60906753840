import Crypto
package import Foundation

/// A public key of Ed25519 (RFC 8032), which proves what a data directory has signed.
///
/// Its text is the usual one: a PEM block of SubjectPublicKeyInfo (RFC 8410), as OpenSSL and others read it.
package struct PublicKey: Sendable, Equatable {
    /// 32 bytes.
    package let raw: Data

    /// What stands before the key in SubjectPublicKeyInfo (RFC 8410, section 4).
    private static let prefix = Data([0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00])
    private static let begin = "-----BEGIN PUBLIC KEY-----"
    private static let end = "-----END PUBLIC KEY-----"

    package init(_ signer: Signer) {
        raw = Data(signer.publicKey)
    }

    /// The key in a block of base64 (DER); nil where it holds something else.
    private init?(base64 text: String) {
        guard let der = Data(base64Encoded: text), der.starts(with: Self.prefix), der.count == Self.prefix.count + 32
        else { return nil }
        raw = Data(der.dropFirst(Self.prefix.count))
    }

    private var der: Data { Self.prefix + raw }

    /// The PEM block, with a line end.
    package var pem: String { "\(Self.begin)\n\(der.base64EncodedString())\n\(Self.end)\n" }

    /// SHA-256 of the SubjectPublicKeyInfo (DER), in hexadecimal digits: short enough to compare, or to read out.
    package var fingerprint: String {
        SHA256.hash(data: der).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// All keys of a text: its PEM blocks, whatever stands around them.
    ///
    /// - Returns: none where a block is no key of Ed25519.
    package static func all(inPEM text: String) -> [PublicKey] {
        var keys: [PublicKey] = []
        var block: String?
        for line in text.split(whereSeparator: \.isNewline).map({ $0.trimmingCharacters(in: .whitespaces) }) {
            if line == begin {
                block = ""
            } else if line == end {
                guard let key = block.flatMap(PublicKey.init(base64:)) else { return [] }
                keys.append(key)
                block = nil
            } else {
                block?.append(line)
            }
        }
        return keys
    }

    /// Whether `signature` was made over `bytes` by the owner of this key.
    package func isValid(_ signature: Data, for bytes: Data) -> Bool {
        Signer.isValid(signature, for: bytes, publicKey: raw)
    }
}
