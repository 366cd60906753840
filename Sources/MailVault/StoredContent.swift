/// What became of content that was written to the vault.
package struct StoredContent: Sendable, Hashable {
    package let id: VaultEntryID
    /// The SHA-256 of the raw bytes: 32 bytes.
    package let sha256: [UInt8]
    /// How many raw bytes there are.
    package let size: Int64
    package let location: VaultLocation
    /// Whether the index does not name it there yet; false where it was stored before.
    package let isNew: Bool
    /// What it is put together of; the same part may be among them several times.
    package let parts: [StoredPart]

    package init(
        id: VaultEntryID,
        sha256: [UInt8],
        size: Int64,
        location: VaultLocation,
        isNew: Bool,
        parts: [StoredPart] = []
    ) {
        self.id = id
        self.sha256 = sha256
        self.size = size
        self.location = location
        self.isNew = isNew
        self.parts = parts
    }
}

/// An entry that contents are put together of.
package struct StoredPart: Sendable, Hashable {
    package let id: VaultEntryID
    package let location: VaultLocation
    /// Whether the index does not name it there yet.
    package let isNew: Bool
}
