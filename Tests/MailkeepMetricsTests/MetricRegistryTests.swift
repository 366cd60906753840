import CoreMetrics
import Testing

@testable import MailkeepMetrics

@Suite("Metrics in Prometheus' text form")
struct MetricRegistryTests {
    private let registry = MetricRegistry()

    private func lines(with gauges: [MetricSample] = []) -> [String] {
        registry.text(with: gauges).split(separator: "\n").map(String.init)
    }

    @Test("What is counted adds up under its labels")
    func counters() {
        Metric.mailServerErrors.count(2, ["auth"], in: registry)
        Metric.mailServerErrors.count(1, ["auth"], in: registry)
        Metric.mailServerErrors.count(1, ["connect"], in: registry)
        #expect(lines().contains(#"mailkeep_mail_server_errors_total{class="auth"} 3"#))
        #expect(lines().contains(#"mailkeep_mail_server_errors_total{class="connect"} 1"#))
    }

    @Test("A counter without labels is there before anything is counted")
    func zero() {
        #expect(lines().contains("mailkeep_mails_stored_total 0"))
        Metric.mailsStored.count(7, in: registry)
        #expect(lines().contains("mailkeep_mails_stored_total 7"))
        #expect(!lines().contains("mailkeep_mails_stored_total 0"))
    }

    @Test("A duration counts in each bucket that is long enough for it, in the sum and in the count")
    func histograms() {
        for milliseconds in [5, 6, 20_000] {
            Metric.requestDuration.record(.milliseconds(milliseconds), ["records", "200"], in: registry)
        }
        let name = "mailkeep_http_request_duration_seconds"
        let labels = #"route="records",status="200""#
        #expect(lines().contains("\(name)_bucket{\(labels),le=\"0.005\"} 1"))
        #expect(lines().contains("\(name)_bucket{\(labels),le=\"0.01\"} 2"))
        #expect(lines().contains("\(name)_bucket{\(labels),le=\"10\"} 2"))
        #expect(lines().contains("\(name)_bucket{\(labels),le=\"+Inf\"} 3"))
        #expect(lines().contains("\(name)_count{\(labels)} 3"))
        #expect(lines().contains("\(name)_sum{\(labels)} 20.011"))
    }

    @Test("Each metric is explained once, before its values, and names itself properly")
    func descriptions() throws {
        let lines = lines(with: [MetricSample(.pendingJobs, 1, labels: ["a\"b\\c\nd", ""])])
        for metric in Metric.allCases {
            #expect(lines.count { $0 == "# HELP \(metric.rawValue) \(metric.help)" } == 1)
            #expect(lines.count { $0 == "# TYPE \(metric.rawValue) \(metric.type)" } == 1)
            #expect(metric.rawValue.wholeMatch(of: /[a-z][a-z_]*/) != nil)
            #expect((metric.type == "counter") == metric.rawValue.hasSuffix("_total"))
            #expect(metric.help.hasSuffix("."))
        }
        #expect(lines.contains(#"mailkeep_jobs_pending{kind="a\"b\\c\nd",state=""} 1"#))
    }

    @Test("Names that are not in the list, and more series than there should be, are not kept")
    func bounds() {
        Counter(label: "http.requests", dimensions: [("path", "/x")], factory: registry).increment()
        Counter(label: Metric.requestDuration.rawValue, factory: registry).increment()
        Gauge(label: Metric.diskFree.rawValue, factory: registry).record(1)
        #expect(!registry.text(with: []).contains("/x"))
        for number in 0..<MetricRegistry.mostSeries + 10 {
            Metric.mailServerErrors.count(1, ["\(number)"], in: registry)
        }
        let kept = lines().count { $0.hasPrefix("mailkeep_mail_server_errors_total{") }
        #expect(kept == MetricRegistry.mostSeries)
    }
}
