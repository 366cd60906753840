/// Values under SHA-256 keys, each found or not yet, in little more memory than they need.
struct DigestTable<Value> {
    private var rows: [(key: MailDigest, value: Value)]
    private var isFound: [Bool]

    /// Of several rows with the same key one is kept.
    init(_ unsorted: [(key: MailDigest, value: Value)]) {
        rows = unsorted
        rows.sort { $0.key < $1.key }
        var kept = 0
        for index in rows.indices where index == 0 || rows[index].key != rows[kept - 1].key {
            rows[kept] = rows[index]
            kept += 1
        }
        rows.removeSubrange(kept...)
        isFound = Array(repeating: false, count: kept)
    }

    /// How many were never found.
    var missing: Int { isFound.count { !$0 } }

    /// Marks a row as found.
    ///
    /// - Returns: its value, and whether it was found for the first time; nil where there is none.
    mutating func find(_ key: MailDigest) -> (value: Value, isNew: Bool)? {
        var (low, high) = (0, rows.count)
        while low < high {
            let middle = (low + high) / 2
            if rows[middle].key < key { low = middle + 1 } else { high = middle }
        }
        guard low < rows.count, rows[low].key == key else { return nil }
        defer { isFound[low] = true }
        return (rows[low].value, !isFound[low])
    }
}

extension DigestTable<Void> {
    init(_ keys: [MailDigest]) {
        self.init(keys.map { ($0, ()) })
    }
}
