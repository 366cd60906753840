import Crypto

/// Names mail addresses by keyed hashes, so that unread mail can be found again without keeping anything readable.
package struct AddressHasher: Sendable, Redacted {
    /// The version of the rules by which addresses are normalised; hashes of different versions never meet.
    package static let normalizationVersion: UInt8 = 1

    private let key: SymmetricKey

    init(key: SymmetricKey) {
        self.key = key
    }

    /// The hash of a normalised address: 16 bytes of HMAC-SHA-256.
    package func hash(_ normalizedAddress: String) -> [UInt8] {
        var code = HMAC<SHA256>(key: key)
        code.update(data: [Self.normalizationVersion])
        code.update(data: Array(normalizedAddress.utf8))
        return Array(code.finalize().prefix(16))
    }
}
