import Foundation
import Glibc
import MailkeepMetrics

/// What the operating system says of this process (proc(5)).
struct ProcessFacts {
    private let statistics: [Substring]

    init?() {
        // The name, in parentheses, may hold anything.
        guard let text = Self.contents(of: "stat"), let end = text.lastIndex(of: ")") else { return nil }
        statistics = text[text.index(after: end)...].split(separator: " ")
        guard statistics.count > 21 else { return nil }
    }

    /// A field by its number in proc(5), which counts from the process id.
    private func field(_ number: Int) -> Double { Double(statistics[number - 3]) ?? 0 }

    var samples: [MetricSample] {
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        var now = timespec()
        var sinceBoot = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        clock_gettime(CLOCK_BOOTTIME, &sinceBoot)
        let boot = Self.seconds(now) - Self.seconds(sinceBoot)
        return [
            MetricSample(.processorTime, (field(14) + field(15)) / ticks),
            MetricSample(.virtualMemory, field(23)),
            MetricSample(.residentMemory, field(24) * Double(sysconf(Int32(_SC_PAGESIZE)))),
            MetricSample(.processStart, (boot + field(22) / ticks).rounded()),
        ] + files
    }

    private var files: [MetricSample] {
        guard let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") else { return [] }
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return [] }
        return [
            // The folder itself was open while it was read.
            MetricSample(.openFiles, Double(open.count - 1)), MetricSample(.mostOpenFiles, Double(limit.rlim_cur)),
        ]
    }

    private static func seconds(_ time: timespec) -> Double { Double(time.tv_sec) + Double(time.tv_nsec) / 1e9 }

    private static func contents(of name: String) -> String? {
        try? String(contentsOfFile: "/proc/self/\(name)", encoding: .utf8)
    }
}
