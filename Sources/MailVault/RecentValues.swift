/// Values by key, of which at least the last `capacity` are remembered, and at most twice as many.
///
/// Bounded by forgetting the older half, for where it costs no more than a second look to have forgotten.
package struct RecentValues<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let capacity: Int
    private var younger: [Key: Value] = [:]
    private var older: [Key: Value] = [:]

    package init(capacity: Int) {
        self.capacity = capacity
    }

    package subscript(_ key: Key) -> Value? { younger[key] ?? older[key] }

    package mutating func insert(_ key: Key, _ value: Value) {
        if younger.count >= capacity {
            older = younger
            younger = [:]
        }
        younger[key] = value
    }
}
