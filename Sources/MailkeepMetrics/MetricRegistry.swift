package import CoreMetrics
import Synchronization

/// Keeps what is counted, for whoever asks for it in Prometheus' text form.
///
/// What other libraries count under names that `Metric` does not know is left out.
package final class MetricRegistry: MetricsFactory {
    /// Combinations of labels of one metric; further ones are not counted, so that memory stays bounded.
    static let mostSeries = 1000

    private enum Series {
        case counter(CounterSeries)
        case histogram(HistogramSeries)
    }

    private let series = Mutex<[Metric: [[String]: Series]]>([:])

    private let version: String

    /// - Parameter version: of the program.
    package init(version: String = "-") {
        self.version = version
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        guard let metric = Metric(rawValue: label), metric.kind == .counter,
            case .counter(let found)? = find(metric, dimensions, or: .counter(CounterSeries()))
        else { return NOOPMetricsHandler.instance }
        return found
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        guard let metric = Metric(rawValue: label), case .histogram(let bounds) = metric.kind,
            case .histogram(let found)? = find(metric, dimensions, or: .histogram(HistogramSeries(bounds)))
        else { return NOOPMetricsHandler.instance }
        return found
    }

    package func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler { NOOPMetricsHandler.instance }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        NOOPMetricsHandler.instance
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }

    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    private func find(
        _ metric: Metric,
        _ dimensions: [(String, String)],
        or new: @autoclosure () -> Series
    ) -> Series? {
        let values = metric.labels.map { label in dimensions.first { $0.0 == label }?.1 ?? "" }
        return series.withLock { all in
            if let found = all[metric]?[values] { return found }
            guard all[metric, default: [:]].count < Self.mostSeries else { return nil }
            let made = new()
            all[metric, default: [:]][values] = made
            return made
        }
    }

    /// All that was counted, and what was looked up besides, in Prometheus' text form 0.0.4.
    package func text(with gauges: [MetricSample]) -> String {
        let counted = series.withLock { $0 }
        let version = MetricSample(.buildInfo, 1, labels: [version])
        let lookedUp = Dictionary(grouping: gauges + [version], by: \.metric)
        var text = PrometheusText()
        for metric in Metric.allCases {
            text.begin(metric)
            let rows = (counted[metric] ?? [:]).sorted { $0.key.lexicographicallyPrecedes($1.key) }
            for (values, series) in rows {
                switch series {
                case .counter(let counter): text.add(metric, values, Double(counter.value))
                case .histogram(let histogram): text.add(metric, values, histogram.counts)
                }
            }
            // Alerts on what has not happened yet need a number to grow from.
            if metric.kind == .counter, metric.labels.isEmpty, rows.isEmpty { text.add(metric, [], 0) }
            for sample in lookedUp[metric] ?? [] { text.add(metric, sample.labels, sample.value) }
        }
        return text.text
    }
}

/// A value that was looked up.
package struct MetricSample: Sendable, Equatable {
    package let metric: Metric
    /// The values of the labels, in their order.
    package let labels: [String]
    package let value: Double

    package init(_ metric: Metric, _ value: Double, labels: [String] = []) {
        self.metric = metric
        self.labels = labels
        self.value = value
    }
}
