/// The entries that were appended last, which the database may not know yet.
///
/// Bounded by forgetting the older half: what is forgotten and comes again is stored twice, and nothing worse.
struct RecentEntries {
    private static let capacity = 4096
    private var younger: [VaultEntryID: VaultLocation] = [:]
    private var older: [VaultEntryID: VaultLocation] = [:]

    subscript(_ id: VaultEntryID) -> VaultLocation? { younger[id] ?? older[id] }

    mutating func insert(_ id: VaultEntryID, at location: VaultLocation) {
        if younger.count >= Self.capacity {
            older = younger
            younger = [:]
        }
        younger[id] = location
    }
}
