package import Logging
package import MailkeepModel
import MailkeepStore
import MailkeepSync
import ServiceLifecycle

/// Works on jobs as they come, and asks for synchronisations on a schedule.
package struct JobService: Service {
    private let mailkeep: Mailkeep
    private let interval: Int
    private let logger: Logger

    /// Jobs at work at the same time; a mailbox is read by one at a time.
    private static let width = 4
    private static let pause = Duration.milliseconds(250)
    /// Between two looks at what is to be removed: what is left may wait for a backup.
    private static let removalPause = Duration.seconds(2)

    /// Seconds between two synchronisations of a mailbox: from one second to thirty days.
    private static let intervals = 1...2_592_000

    /// - Parameter interval: seconds between two synchronisations of an active user's mailbox.
    /// - Throws: `AppError` (`badInterval`).
    package init(mailkeep: Mailkeep, interval: Int, logger: Logger) throws {
        guard Self.intervals.contains(interval) else { throw AppError(.badInterval) }
        self.mailkeep = mailkeep
        self.interval = interval
        self.logger = logger
    }

    /// Works until cancelled or shut down gracefully; jobs under way then wait for the next start.
    package func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await schedule() }
                    group.addTask { try await link() }
                    group.addTask { try await remove() }
                    for _ in 0..<Self.width { group.addTask { try await work() } }
                    try await group.waitForAll()
                }
            }
        } catch is CancellationError {}
    }

    private func work() async throws {
        while true {
            try Task.checkCancellation()
            do {
                if try await mailkeep.jobs.runNext(logger: logger) {
                    try await mailkeep.removeDetachedUploads()
                    continue
                }
            } catch let error where !(error is CancellationError) {
                // The database fails: the next attempt tells whether it still does.
                logger.error("jobs cannot be taken up", metadata: ["error": "\(SyncFailure(error))"])
                try await Task.sleep(for: .seconds(5))
            }
            try await Task.sleep(for: Self.pause)
        }
    }

    /// Links older mail with records that got addresses since, so that no sign-in waits for it.
    private func link() async throws {
        while true {
            do {
                while try await mailkeep.jobs.linkChangedAddresses() { try Task.checkCancellation() }
            } catch let error where !(error is CancellationError) {
                logger.error("older mail cannot be linked", metadata: ["error": "\(SyncFailure(error))"])
                try await Task.sleep(for: .seconds(5))
            }
            try await Task.sleep(for: Self.pause)
        }
    }

    /// Removes what is due: by retention once a day, and what administrators asked to erase.
    private func remove() async throws {
        while true {
            do {
                try await mailkeep.requestRetention()
                try await mailkeep.finishRemovals()
            } catch let error where !(error is CancellationError) {
                logger.error("mail cannot be removed", metadata: ["error": "\(SyncFailure(error))"])
                try await Task.sleep(for: .seconds(5))
            }
            try await Task.sleep(for: Self.removalPause)
        }
    }

    private func schedule() async throws {
        while true {
            do {
                try await mailkeep.requestSynchronisations(every: Int64(interval) * 1000)
                mailkeep.workPulse.beat()
            } catch let error where !(error is CancellationError) {
                logger.error("synchronisations cannot be asked for", metadata: ["error": "\(SyncFailure(error))"])
            }
            try await Task.sleep(for: .seconds(min(interval, 5)))
        }
    }
}

extension Mailkeep {
    /// Queues a synchronisation of every active user's mailbox whose turn it is.
    ///
    /// - Parameter interval: in milliseconds.
    func requestSynchronisations(every interval: Int64) async throws {
        let now = clock()
        let users = try await store.read {
            try $0.usersToSynchronise(every: interval, at: now)
        }
        for start in stride(from: 0, to: users.count, by: Self.requestsAtATime) {
            let part = users[start..<min(start + Self.requestsAtATime, users.count)]
            try await store.write { transaction in
                for user in part {
                    try transaction.insertJob(.synchronise, user: user, permissions: JobPermissions(), at: now)
                }
            }
        }
    }

    /// Synchronisations that are asked for in one transaction.
    private static let requestsAtATime = 200

    /// Works on a job here and now, to its end or until it rests: for a command without a server.
    package func finish(_ job: JobID) async throws {
        _ = try await jobs.runNext(only: job, logger: logger)
        try await removeDetachedUploads()
    }

    /// Whether a job waits or is at work.
    package func isPending(_ job: JobID) async throws -> Bool { try await standing(of: job)?.isPending == true }

    /// Waits until a job has ended, or rests.
    package func waitForEnd(of job: JobID) async throws {
        while let standing = try await standing(of: job), standing.isPending, standing.restsUntil(at: clock()) == nil {
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Why and until when a job rests; nil when it does not.
    package func rest(of job: JobID) async throws -> JobRest? {
        guard let standing = try await standing(of: job), let until = standing.restsUntil(at: clock()) else {
            return nil
        }
        let code = standing.error.flatMap(SyncFailure.Code.init) ?? .throttled
        return JobRest(failure: SyncFailure(code, standing.detail ?? "-"), until: until)
    }

    /// Why a job failed; nil when it did not.
    package func failure(of job: JobID) async throws -> (any Error)? {
        guard let standing = try await standing(of: job), standing.state == .failed, let error = standing.error
        else { return nil }
        let failure = SyncFailure(SyncFailure.Code(rawValue: error) ?? .internal, standing.detail ?? "")
        return standing.kind == .backup ? BackupFailure(failure: failure) : failure
    }

    private func standing(of job: JobID) async throws -> JobStanding? {
        try await store.read { try $0.jobState(job) }
    }

    /// The job that takes a backup.
    package func job(of backup: BackupID) async throws -> JobID? {
        try await store.read { try $0.job(of: backup) }
    }
}

/// A job has not ended: its mail server asks to wait.
package struct JobRest: Error, Equatable {
    let failure: SyncFailure
    package let until: Timestamp
}

/// A backup ended without being completed, because nothing could be read and nothing had been synchronised (B10).
struct BackupFailure: Error {
    let failure: SyncFailure
}
