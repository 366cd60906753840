import Crypto
package import FoundationEssentials

/// Signs for the data directory with Ed25519 (RFC 8032).
package struct Signer: Sendable, Redacted {
    private let key: Curve25519.Signing.PrivateKey

    init(key: Curve25519.Signing.PrivateKey) {
        self.key = key
    }

    /// The public key: 32 raw bytes.
    package var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }

    /// The signature of `bytes`: 64 bytes.
    package func sign(_ bytes: some DataProtocol) throws(KeyError) -> [UInt8] {
        do {
            return Array(try key.signature(for: bytes))
        } catch {
            throw KeyError(.ioFailed, "Signing failed.")
        }
    }

    /// Whether `signature` was made over `bytes` by the owner of `publicKey`; false also where these are malformed.
    package static func isValid(
        _ signature: some DataProtocol,
        for bytes: some DataProtocol,
        publicKey: some ContiguousBytes
    ) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { return false }
        return key.isValidSignature(signature, for: bytes)
    }
}
