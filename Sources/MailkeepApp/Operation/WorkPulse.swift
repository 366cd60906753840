import Synchronization

/// Tells whether the work on jobs goes on.
final class WorkPulse: Sendable {
    private let last = Mutex<ContinuousClock.Instant?>(nil)

    /// Jobs can be taken up, as was just seen.
    func beat() { last.withLock { $0 = .now } }

    /// Whether that was seen lately.
    func isFelt(within limit: Duration) -> Bool {
        last.withLock { last in last.map { $0.duration(to: .now) <= limit } ?? false }
    }
}
