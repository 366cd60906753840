import Synchronization

/// Lets only a few at a time do something, or one who takes all turns alone; the others wait in the order in which they
/// came.
package final class Turns: Sendable {
    private struct Waiting {
        let id: Int
        let count: Int
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var free: Int
        var next = 0
        var waiting: [Waiting] = []
    }

    private let count: Int
    private let state: Mutex<State>

    package init(_ count: Int) {
        self.count = count
        state = Mutex(State(free: count))
    }

    /// Waits for a turn, and gives it back when `body` has ended.
    ///
    /// - Throws: `CancellationError` when the task is cancelled while it waits.
    package nonisolated(nonsending) func withTurn<Result>(
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try await take(1, as: nextID())
        defer { giveBack(1) }
        return try await body()
    }

    /// Waits until nobody has a turn, and lets nobody have one until `body` has ended.
    ///
    /// - Parameter patience: how long it may wait; whoever comes later waits behind it meanwhile.
    /// - Throws: as `withTurn`, and `TurnsTaken`.
    package nonisolated(nonsending) func alone<Result>(
        atMost patience: Duration,
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        let id = nextID()
        try await withThrowingTaskGroup { group in
            group.addTask {
                // Again, as it may not have been waiting yet; until it is cancelled.
                while true {
                    try await Task.sleep(for: patience)
                    self.leave(id, TurnsTaken())
                }
            }
            defer { group.cancelAll() }
            try await take(count, as: id)
        }
        defer { giveBack(count) }
        return try await body()
    }

    private func nextID() -> Int {
        state.withLock { state in
            state.next += 1
            return state.next
        }
    }

    private nonisolated(nonsending) func take(_ count: Int, as id: Int) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer: Result<Void, any Error>? = state.withLock { state in
                    // Whoever is cancelled from here on is found among those who wait.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.waiting.isEmpty, state.free >= count {
                        state.free -= count
                        return .success(())
                    }
                    state.waiting.append(Waiting(id: id, count: count, continuation: continuation))
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            leave(id, CancellationError())
        }
    }

    /// Has somebody wait no more.
    private func leave(_ id: Int, _ error: any Error) {
        let left = state.withLock { state in
            state.waiting.firstIndex { $0.id == id }.map { state.waiting.remove(at: $0).continuation }
        }
        left?.resume(throwing: error)
        // Those behind it may have waited for it alone.
        giveBack(0)
    }

    private func giveBack(_ count: Int) {
        let next = state.withLock { state in
            state.free += count
            var next: [CheckedContinuation<Void, any Error>] = []
            while let first = state.waiting.first, first.count <= state.free {
                state.free -= first.count
                next.append(first.continuation)
                state.waiting.removeFirst()
            }
            return next
        }
        for continuation in next { continuation.resume() }
    }
}

/// Says that others have turns and go on having them.
package struct TurnsTaken: Error {}
