import Crypto
package import FoundationEssentials

/// Seals bytes under one purpose's key with AES-256-GCM.
///
/// Sealed bytes are a version byte, a random nonce of 12 bytes, the ciphertext and the tag of 16: 29 bytes more than
/// what they hold.
package struct Sealer: Sendable, Redacted {
    /// By how many bytes sealed bytes are longer than what they hold.
    package static let overhead = 29

    private static let version: UInt8 = 1
    private let key: SymmetricKey

    init(key: SymmetricKey) {
        self.key = key
    }

    /// Seals `bytes`, bound to `context`: they open only under the same one.
    ///
    /// The context says where the bytes belong (`"mailbox.credentials:17"`), so that they cannot be moved elsewhere.
    package func seal(_ bytes: some DataProtocol, context: String) throws(KeyError) -> Data {
        try seal(bytes, authenticating: Array(context.utf8))
    }

    /// Opens what `seal(_:context:)` made; throws `notAuthentic` when one bit, the key or the context differs.
    package func open(_ sealed: some DataProtocol, context: String) throws(KeyError) -> Data {
        try open(sealed, authenticating: Array(context.utf8))
    }

    /// Seals `bytes`, bound to a context made of bytes.
    package func seal(
        _ bytes: some DataProtocol,
        authenticating context: some DataProtocol
    ) throws(KeyError) -> Data {
        var sealed = Data(capacity: bytes.count + Self.overhead)
        sealed.append(Self.version)
        sealed.append(try combined(bytes, context))
        return sealed
    }

    /// Seals `bytes`, bound to a context made of bytes, and appends them to what `sealed` holds.
    package func seal(
        _ bytes: some DataProtocol,
        authenticating context: some DataProtocol,
        to sealed: inout [UInt8]
    ) throws(KeyError) {
        let combined = try combined(bytes, context)
        sealed.append(Self.version)
        sealed.append(contentsOf: combined)
    }

    private func combined(
        _ bytes: some DataProtocol,
        _ context: some DataProtocol
    ) throws(KeyError) -> Data {
        guard let combined = try? AES.GCM.seal(bytes, using: key, authenticating: context).combined else {
            throw KeyError(.notAuthentic, "Sealing failed.")
        }
        return combined
    }

    /// Opens what `seal(_:authenticating:)` made; throws `notAuthentic` as `open(_:context:)` does.
    package func open(
        _ sealed: some DataProtocol,
        authenticating context: some DataProtocol
    ) throws(KeyError) -> Data {
        guard let version = sealed.first, sealed.count >= Self.overhead else {
            throw KeyError(.notAuthentic, "The sealed bytes are too short.")
        }
        guard version == Self.version else {
            throw KeyError(.newerFormat, "The bytes were sealed in the unknown format \(version).")
        }
        do {
            return try AES.GCM.open(.init(combined: sealed.dropFirst()), using: key, authenticating: context)
        } catch {
            throw KeyError(.notAuthentic, "The sealed bytes were changed, or belong to another key or place.")
        }
    }
}
