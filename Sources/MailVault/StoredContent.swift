/// What became of content that was written to the vault.
package struct StoredContent: Sendable, Hashable {
    package let id: VaultEntryID
    /// The SHA-256 of the raw bytes: 32 bytes.
    package let sha256: [UInt8]
    /// How many raw bytes there are.
    package let size: Int64
    package let location: VaultLocation
    /// Whether the bytes were appended now; false where the vault held them already.
    ///
    /// False does not mean that the database knows them: another writer may have appended them a moment ago.
    package let isNew: Bool

    package init(id: VaultEntryID, sha256: [UInt8], size: Int64, location: VaultLocation, isNew: Bool) {
        self.id = id
        self.sha256 = sha256
        self.size = size
        self.location = location
        self.isNew = isNew
    }
}
