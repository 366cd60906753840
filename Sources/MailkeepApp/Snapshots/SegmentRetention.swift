import Synchronization

/// Keeps the vault's segments from vanishing while they are copied, and copies from beginning while some are deleted.
package final class SegmentRetention: Sendable {
    private struct State {
        var copies = 0
        var isDeleting = false
    }

    private let state = Mutex(State())

    package init() {}

    /// Runs `body`, during which no segment is deleted.
    ///
    /// - Throws: `AppError` (`vaultBusy`) while segments are being deleted, and what `body` throws.
    package nonisolated(nonsending) func retaining<Result>(
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try state.withLock { state in
            guard !state.isDeleting else { throw AppError(.vaultBusy) }
            state.copies += 1
        }
        defer { state.withLock { $0.copies -= 1 } }
        return try await body()
    }

    /// Runs `body`, which may delete segments: during it no copy begins.
    ///
    /// - Throws: `AppError` (`vaultBusy`) while segments are being copied or deleted, and what `body` throws.
    package nonisolated(nonsending) func deleting<Result>(
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try state.withLock { state in
            guard state.copies == 0, !state.isDeleting else { throw AppError(.vaultBusy) }
            state.isDeleting = true
        }
        defer { state.withLock { $0.isDeleting = false } }
        return try await body()
    }
}
