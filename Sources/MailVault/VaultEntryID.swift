/// Names content in the vault: a keyed hash of its SHA-256, which does not tell which known file it is.
package struct VaultEntryID: Hashable, Sendable {
    /// The 32 bytes.
    package let bytes: [UInt8]

    /// Takes 32 bytes, as the database keeps them; nil for any other number.
    package init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == Self.length else { return nil }
        self.bytes = bytes
    }

    static let length = 32
}
