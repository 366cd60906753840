import Synchronization

/// What several connections share out among themselves, piece by piece.
final class WorkList<Item: Sendable>: Sendable {
    private struct State {
        var items: [Item]
        var isStopped = false
    }

    private let state: Mutex<State>

    /// - Parameter items: in the order in which to take them.
    init(_ items: [Item]) {
        state = Mutex(State(items: items.reversed()))
    }

    /// The next piece, of those that suit where there are any; nil where nothing is left.
    func take(preferring suits: (Item) -> Bool = { _ in false }) -> Item? {
        state.withLock { state in
            guard !state.isStopped else { return nil }
            guard let index = state.items.lastIndex(where: suits) else { return state.items.popLast() }
            return state.items.remove(at: index)
        }
    }

    /// Nothing more is to be taken.
    func stop() {
        state.withLock { $0.isStopped = true }
    }
}
