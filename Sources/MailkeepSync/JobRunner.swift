import Foundation
package import Logging
package import MailVault
package import MailkeepKeys
import MailkeepMetrics
package import MailkeepModel
package import MailkeepStore
import Synchronization

/// Works on jobs: takes one up under a lease, keeps the lease while the work goes on, and notes how it ended (design
/// decision 12).
package struct JobRunner: Sendable {
    /// Who writes content and names it afterwards has one of these turns meanwhile, so that nothing is collected that is
    /// about to be named.
    package let writers = Turns(1000)
    private let store: Store
    private let synchroniser: Synchroniser
    private let backupJob: BackupJob
    private let sources: MailSources
    private let now: @Sendable () -> Timestamp
    private let mailboxes = MailboxTurns()

    /// How long a lease holds, and how often it is renewed.
    private static let lease: Int64 = 60_000
    private static let heartbeat = Duration.seconds(2)
    /// Milliseconds that a job rests whose mail server asks to wait: at first, and at most each time.
    private static let firstRest: Int64 = 15 * 60_000
    private static let longestRest: Int64 = 6 * 3_600_000
    /// How often it does in a row without having come further: for a week.
    private static let mostRests = 32
    /// A job that was begun this often and never came to an end takes the process with it.
    private static let mostAttempts = 200

    /// - Parameter pause: how long to wait before a broken attempt to read is followed by the next.
    package init(
        store: Store,
        vault: any Vault,
        keys: KeyRing,
        sources: MailSources,
        pause: Duration = .seconds(1),
        now: @escaping @Sendable () -> Timestamp
    ) {
        let synchroniser = Synchroniser(
            store: store,
            vault: vault,
            association: Association(hasher: keys.addressHasher),
            writers: writers,
            pause: pause,
            now: now
        )
        self.store = store
        self.synchroniser = synchroniser
        self.sources = sources
        self.now = now
        backupJob = BackupJob(store: store, vault: vault, keys: keys, synchroniser: synchroniser, now: now)
    }

    /// Works on the next job, or on `only` that one, to its end.
    ///
    /// A failure of the work is noted with the job, not thrown. Where the task is cancelled the process ends, and the job
    /// waits again when the data directory is next opened.
    ///
    /// - Returns: false when there was nothing to do.
    /// - Throws: `CancellationError`, and what the database throws.
    package func runNext(only: JobID? = nil, logger: Logger) async throws -> Bool {
        let moment = now()
        guard try await store.read({ try $0.hasJob(at: moment, only: only) }) else { return false }
        let lease = UUID().uuidString
        let job = try await store.write {
            try $0.leaseJob(as: lease, until: moment.advanced(byMilliseconds: Self.lease), at: moment, only: only)
        }
        guard let job else { return false }
        var logger = logger
        logger[metadataKey: "job"] = "\(job.id)"
        logger.info("job begins", metadata: ["kind": "\(job.kind.rawValue)", "attempt": "\(job.attempts)"])
        let startedAt = ContinuousClock.now
        let meter = { (outcome: String) in
            Metric.jobDuration.record(startedAt.duration(to: .now), [job.kind.rawValue, outcome])
        }
        do {
            guard job.attempts <= Self.mostAttempts else {
                throw SyncFailure(.internal, "the job was begun \(job.attempts) times and never came to an end")
            }
            try await withHeartbeat(of: job) { [logger] in
                // A job that was cancelled holds no lease any more, and may not have let go of the mailbox yet.
                try await mailboxes.turn(of: job.user).withTurn { try await work(on: job, logger: logger) }
            }
            let endedAt = now()
            try await store.write { transaction in
                guard try self.renewLease(of: job, in: transaction) else { return }
                try transaction.endJob(job.id, as: .done, at: endedAt)
            }
            meter("done")
            logger.info("job ends", metadata: ["outcome": "done"])
        } catch is CancellationError {
            meter("interrupted")
            logger.info("job is interrupted")
            throw CancellationError()
        } catch {
            let failure = try await judge(SyncFailure(error), of: job)
            failure.count()
            if failure.code == .throttled {
                try await postpone(job, failure)
                meter("resting")
                logger.info("job rests", metadata: ["failure": "\(failure)"])
                return true
            }
            if failure.code == .lost { try await drop(job) } else { try await fail(job, failure) }
            meter(failure.code == .lost ? "cancelled" : "failed")
            logger.info("job ends", metadata: ["outcome": "failed", "failure": "\(failure)"])
        }
        return true
    }

    /// Looks through some of the older mail for addresses that have come to records since.
    ///
    /// - Returns: whether anything is left to look through.
    package func linkChangedAddresses() async throws -> Bool {
        try await synchroniser.linkChangedAddresses()
    }

    private func work(on job: LeasedJob, logger: Logger) async throws {
        let keepLease: @Sendable (Bool) async throws -> Void = { try await self.keepLease(of: job, hasComeFurther: $0) }
        switch (job.kind, job.backup) {
        case (.synchronise, _):
            let (source, mailbox) = try await sources.own(of: job.user, permissions: job.permissions)
            _ = try await synchroniser.run(source, mailbox: mailbox, logger: logger) { progress in
                try await keepLease(progress.hasComeFurther)
            }
        case (.backup, let backup?):
            let source: Result<(source: any MailSource, isAttached: Bool), SyncFailure>
            do {
                source = .success(try await sources.forBackup(of: job.user, permissions: job.permissions))
            } catch let failure as SyncFailure {
                source = .failure(failure)
            }
            let request = "job-\(job.id)"
            try await backupJob.run(
                backup,
                source: source,
                logger: logger,
                keepLease: keepLease,
                judge: { try await self.judge($0, of: job) },
                holdsLease: { try self.renewLease(of: job, in: $0) },
                onCompleted: { [now] transaction, done in
                    let moment = now()
                    try transaction.appendAudit(Self.auditEntry(of: done, at: moment, request: request))
                    try transaction.endJob(job.id, as: .done, at: moment)
                }
            )
        case (.backup, nil):
            throw SyncFailure(.internal, "a backup job names no backup")
        }
    }

    /// What a failure means to a job: a mail server that has asked to wait for too long is waited for no more.
    private func judge(_ failure: SyncFailure, of job: LeasedJob) async throws -> SyncFailure {
        guard failure.code == .throttled, try await store.read({ try $0.rests(of: job.id) }) >= Self.mostRests else {
            return failure
        }
        return SyncFailure(.stalled, "the mail server asked to wait \(Self.mostRests) times in a row", cause: failure)
    }

    /// Lets a job rest as long as its mail server asks for, or longer each time.
    private func postpone(_ job: LeasedJob, _ failure: SyncFailure) async throws {
        let moment = now()
        try await store.write { transaction in
            guard try self.renewLease(of: job, in: transaction) else { return }
            let pause = min(Self.firstRest << min(try transaction.rests(of: job.id), 10), Self.longestRest)
            let until = max(failure.retryAt ?? moment.advanced(byMilliseconds: pause), moment)
            let code = failure.code.rawValue
            try transaction.postponeJob(job.id, until: until, error: code, detail: failure.message)
            if let backup = job.backup { try transaction.noteRest(of: backup, code, until: until.iso8601) }
        }
    }

    /// Ends a job that has nothing to work on any more, unless somebody else works on it.
    private func drop(_ job: LeasedJob) async throws {
        let moment = now()
        try await store.write { transaction in
            guard try self.renewLease(of: job, in: transaction) else { return }
            try transaction.endJob(job.id, as: .cancelled, at: moment)
        }
    }

    private func fail(_ job: LeasedJob, _ failure: SyncFailure) async throws {
        let moment = now()
        try await store.write { transaction in
            guard try self.renewLease(of: job, in: transaction) else { return }
            try transaction.endJob(
                job.id,
                as: .failed,
                error: failure.code.rawValue,
                detail: failure.message,
                at: moment
            )
            guard let id = job.backup,
                try transaction.endBackup(
                    id,
                    as: .failed,
                    error: failure.code.rawValue,
                    detail: failure.message,
                    at: moment
                ), let backup = try transaction.backup(id)
            else { return }
            try transaction.appendAudit(Self.auditEntry(of: backup, at: moment, request: "job-\(job.id)"))
        }
    }

    private static func auditEntry(of backup: BackupDetails, at moment: Timestamp, request: String) -> AuditEntry {
        var details = ["messages": "\(backup.messages)", "added": "\(backup.added)"]
        details["root"] = backup.root?.hex
        details["error"] = backup.error
        return AuditEntry(
            at: moment,
            actor: backup.requestedBy,
            origin: "job",
            request: request,
            action: "\(backup.kind.rawValue).end",
            user: backup.user,
            target: "backup/\(backup.id)",
            outcome: backup.status == .completed ? .done : .failed,
            details: details
        )
    }

    /// Runs `body` while the lease is renewed beside it; a lost lease cancels it.
    private func withHeartbeat(of job: LeasedJob, _ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while true {
                    try await Task.sleep(for: Self.heartbeat)
                    try await keepLease(of: job)
                }
            }
            defer { group.cancelAll() }
            do {
                try await group.next()
            } catch {
                group.cancelAll()
                // What the work itself ended with says more than that it was cancelled. It ends its job itself, which
                // may look like a lost lease.
                while let result = await group.nextResult() {
                    switch result {
                    case .success: return
                    case .failure(let other) where !(other is CancellationError): throw other
                    case .failure: continue
                    }
                }
                throw error
            }
        }
    }

    private func keepLease(of job: LeasedJob, hasComeFurther: Bool = false) async throws {
        guard try await store.write({ try self.renewLease(of: job, in: $0, hasComeFurther: hasComeFurther) }) else {
            throw SyncFailure(.lost, "the job was cancelled or taken over")
        }
    }

    private func renewLease(
        of job: LeasedJob,
        in transaction: WriteTransaction,
        hasComeFurther: Bool = false
    ) throws -> Bool {
        let until = now().advanced(byMilliseconds: Self.lease)
        return try transaction.renewLease(
            of: job.id,
            lease: job.lease,
            until: until,
            hasComeFurther: hasComeFurther
        )
    }
}

/// The turns at users' mailboxes, which one job has at a time.
private final class MailboxTurns: Sendable {
    private let turns = Mutex<[UserID: Turns]>([:])

    func turn(of user: UserID) -> Turns {
        turns.withLock { turns in
            let turn = turns[user, default: Turns(1)]
            turns[user] = turn
            return turn
        }
    }
}
