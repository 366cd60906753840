import Foundation
import Glibc
package import MailkeepMetrics
import MailkeepModel
import MailkeepStore

extension Mailkeep {
    /// What an operator watches and nothing counts: looked up now.
    ///
    /// It tells numbers alone, of nobody in particular; who may read it is decided by whoever hands it out.
    package func gauges() async throws -> [MetricSample] {
        let now = clock()
        let facts = try await store.read { try $0.operationFacts(at: now) }
        var samples = [
            MetricSample(.mailboxesNeedingAttention, Double(facts.failingMailboxes)),
            MetricSample(.backupsFailed, Double(facts.failedBackups)),
            MetricSample(.oldestWaitingJob, facts.waitingSince.map { max(0, now.seconds - $0.seconds) } ?? 0),
        ]
        for kind in JobKind.allCases {
            for standing in OperationFacts.Jobs.Standing.allCases {
                let count = facts.jobs[.init(kind: kind, standing: standing)] ?? 0
                samples.append(
                    MetricSample(.pendingJobs, Double(count), labels: [kind.rawValue, standing.rawValue])
                )
            }
        }
        if let failures = facts.connectionFailures {
            samples.append(MetricSample(.connectionFailures, Double(failures)))
        }
        if let last = facts.lastSynchronisation { samples.append(MetricSample(.lastSynchronisation, last.seconds)) }
        if let oldest = facts.oldestSynchronisation {
            samples.append(MetricSample(.oldestSynchronisation, oldest.seconds))
        }
        return samples + (try disk()) + (ProcessFacts()?.samples ?? [])
    }

    private func disk() throws -> [MetricSample] {
        var status = statvfs()
        guard statvfs(directory.path, &status) == 0 else { throw DataDirectory.failure(directory.path) }
        let block = Double(status.f_frsize)
        let vault = try DataDirectory.entries(of: directory.vault).reduce(0.0) {
            $0 + Self.size(of: "\(directory.vault)/\($1)")
        }
        let database = ["", "-wal"].reduce(0.0) { $0 + Self.size(of: directory.database + $1) }
        return [
            MetricSample(.vaultSize, vault), MetricSample(.databaseSize, database),
            MetricSample(.diskFree, Double(status.f_bavail) * block),
            MetricSample(.diskSize, Double(status.f_blocks) * block),
        ]
    }

    /// Bytes of a file; none where it has gone meanwhile.
    private static func size(of path: String) -> Double {
        var status = stat()
        return lstat(path, &status) == 0 ? Double(status.st_size) : 0
    }
}

extension Timestamp {
    /// Seconds since 1970 UTC.
    fileprivate var seconds: Double { Double(rawValue) / 1000 }
}
