import CoreMetrics
import Synchronization

/// A number that only grows.
final class CounterSeries: CounterHandler {
    private let count = Atomic<Int64>(0)

    var value: Int64 { count.load(ordering: .relaxed) }

    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    func reset() { count.store(0, ordering: .relaxed) }
}

/// Durations, counted by how long they are.
final class HistogramSeries: TimerHandler {
    /// What was counted.
    struct Counts {
        /// Seconds, from the shortest on.
        let bounds: [Double]
        /// Durations up to each bound that are longer than the one before; the last are longer than all.
        var counts: [Int]
        /// All durations together, in seconds.
        var sum = 0.0
    }

    private let state: Mutex<Counts>

    init(_ bounds: [Double]) {
        state = Mutex(Counts(bounds: bounds, counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    var counts: Counts { state.withLock { $0 } }

    func recordNanoseconds(_ duration: Int64) {
        let seconds = Double(max(0, duration)) / 1e9
        state.withLock { state in
            state.counts[state.bounds.firstIndex { seconds <= $0 } ?? state.bounds.count] += 1
            state.sum += seconds
        }
    }
}
