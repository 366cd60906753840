/// Prometheus' text form, version 0.0.4.
struct PrometheusText {
    private(set) var text = ""

    /// Says what the lines are about that follow.
    mutating func begin(_ metric: Metric) {
        text += "# HELP \(metric.rawValue) \(Self.escaped(metric.help, quotes: false))\n"
        text += "# TYPE \(metric.rawValue) \(metric.type)\n"
    }

    mutating func add(_ metric: Metric, _ values: [String], _ value: Double) {
        add(metric.rawValue, Array(zip(metric.labels, values)), value)
    }

    mutating func add(_ metric: Metric, _ values: [String], _ counts: HistogramSeries.Counts) {
        let labels = Array(zip(metric.labels, values))
        var count = 0
        for (index, inBucket) in counts.counts.enumerated() {
            count += inBucket
            let bound = index < counts.bounds.count ? Self.number(counts.bounds[index]) : "+Inf"
            add("\(metric.rawValue)_bucket", labels + [("le", bound)], Double(count))
        }
        add("\(metric.rawValue)_sum", labels, counts.sum)
        add("\(metric.rawValue)_count", labels, Double(count))
    }

    private mutating func add(_ name: String, _ labels: [(String, String)], _ value: Double) {
        text += name
        if !labels.isEmpty {
            let pairs = labels.map { "\($0)=\"\(Self.escaped($1, quotes: true))\"" }
            text += "{\(pairs.joined(separator: ","))}"
        }
        text += " \(Self.number(value))\n"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        return quotes ? escaped.replacing("\"", with: "\\\"") : escaped
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int64(exactly: value).map(String.init) ?? "\(value)"
    }
}
