import Glibc
import Logging
import MailVault
import MailkeepStore
import MailkeepSync
import Synchronization

/// Whether Mailkeep can do its work at the moment.
package struct Readiness: Sendable, Equatable {
    /// What is looked at.
    package enum Check: String, Sendable, CaseIterable {
        /// The database answers.
        case database
        /// The vault takes bytes.
        case vault
        /// Jobs are taken up.
        case jobs
    }

    /// What is not as it should be.
    package var failed: Set<Check> = []

    package var isReady: Bool { failed.isEmpty }
}

/// Looks whether Mailkeep can do its work, once a second at most however often it is asked.
package final class ReadinessProbe: Sendable {
    private let mailkeep: Mailkeep
    /// The last look, and when it ended; one at a time.
    private let last = Mutex<(look: Task<Readiness, Never>, endedAt: ContinuousClock.Instant?)?>(nil)

    private static let freshness = Duration.seconds(1)
    /// How long the database may take to answer.
    private static let patience = Duration.seconds(5)
    /// How long ago jobs were last seen to be taken up.
    private static let pulse = Duration.seconds(60)
    /// Bytes that the disk must take.
    private static let room: off_t = 1 << 20

    package init(_ mailkeep: Mailkeep) {
        self.mailkeep = mailkeep
    }

    /// What was found within the last second, or is being found now.
    package func look() async -> Readiness {
        let look = last.withLock { last in
            if let last, last.endedAt.map({ $0.duration(to: .now) < Self.freshness }) ?? true { return last.look }
            let look = Task { await lookAnew() }
            last = (look, nil)
            return look
        }
        return await look.value
    }

    private func lookAnew() async -> Readiness {
        var readiness = Readiness()
        if await !databaseAnswers() { readiness.failed.insert(.database) }
        if await !vaultTakesBytes() { readiness.failed.insert(.vault) }
        if !mailkeep.workPulse.isFelt(within: Self.pulse) { readiness.failed.insert(.jobs) }
        for check in Readiness.Check.allCases where readiness.failed.contains(check) {
            mailkeep.logger.warning("not ready", metadata: ["check": "\(check.rawValue)"])
        }
        last.withLock { $0?.endedAt = .now }
        return readiness
    }

    private func databaseAnswers() async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { [mailkeep] in (try? await mailkeep.store.read { try $0.answers() }) ?? false }
            group.addTask {
                try? await Task.sleep(for: Self.patience)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }

    /// Nothing is stored for it: the disk gives room to a file that goes at once.
    private func vaultTakesBytes() async -> Bool {
        do {
            try mailkeep.vault.checkPoison()
            return try await TemporaryFolder(in: mailkeep.directory.path).withFile { path in
                let descriptor = open(path, O_WRONLY | O_CLOEXEC)
                guard descriptor >= 0 else { return false }
                defer { close(descriptor) }
                return posix_fallocate(descriptor, 0, Self.room) == 0
            }
        } catch {
            return false
        }
    }
}
