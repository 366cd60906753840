/// One stretch of a segment as a scan found it: an entry that is whole, or damage.
package struct ScannedEntry: Sendable, Equatable {
    /// What was found.
    package enum Finding: Sendable, Equatable {
        /// The entry's content opened, and is what its id names; its SHA-256 is 32 bytes.
        case whole(VaultEntryID, sha256: [UInt8], size: Int64)
        /// The entry announces this content, but it does not open.
        case damagedContent(VaultEntryID)
        /// These bytes are no entry; there may have been several.
        case unreadable
    }

    package let location: VaultLocation
    package let finding: Finding
    /// What the entry is put together of, where it is whole; the same part may be among them several times.
    package let parts: [VaultEntryID]

    package init(location: VaultLocation, finding: Finding, parts: [VaultEntryID] = []) {
        self.location = location
        self.finding = finding
        self.parts = parts
    }

    /// Whether the stretch can't be read as it was written.
    package var isDamaged: Bool {
        if case .whole = finding { false } else { true }
    }
}
