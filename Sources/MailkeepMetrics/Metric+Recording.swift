package import CoreMetrics

extension Metric {
    /// Counts.
    ///
    /// - Parameters:
    ///   - values: of the labels, in their order.
    ///   - factory: where it is counted; nowhere unless a server runs.
    package func count(
        _ amount: Int = 1,
        _ values: [String] = [],
        in factory: any MetricsFactory = MetricsSystem.factory
    ) {
        Counter(label: rawValue, dimensions: dimensions(values), factory: factory).increment(by: amount)
    }

    /// Counts how long something took.
    ///
    /// - Parameters:
    ///   - values: of the labels, in their order.
    ///   - factory: where it is counted; nowhere unless a server runs.
    package func record(
        _ duration: Duration,
        _ values: [String] = [],
        in factory: any MetricsFactory = MetricsSystem.factory
    ) {
        Timer(label: rawValue, dimensions: dimensions(values), factory: factory)
            .recordNanoseconds(Int64(clamping: duration / .nanoseconds(1)))
    }

    private func dimensions(_ values: [String]) -> [(String, String)] { Array(zip(labels, values)) }
}

extension Int64 {
    /// The nearest whole number there is.
    fileprivate init(clamping value: Double) {
        self = value.isNaN ? 0 : value >= 9.2e18 ? .max : value <= -9.2e18 ? .min : Int64(value)
    }
}
