import Foundation
import GRDB
package import MailkeepModel

/// What a job does.
package enum JobKind: String, Sendable, CaseIterable {
    case synchronise
    case backup
}

/// A job that was taken up under a lease (design decision 12).
package struct LeasedJob: Sendable, Equatable {
    package let id: JobID
    package let kind: JobKind
    package let user: UserID
    package let backup: BackupID?
    package let permissions: JobPermissions
    /// How often it was taken up without being ended, this time included.
    package let attempts: Int
    /// Names this lease and no other: who holds it may still write for the job.
    package let lease: String
}

/// How a job stands.
package enum JobState: String, Sendable {
    case waiting
    case running
    case done
    case failed
    case cancelled
}

/// How a job stands.
package struct JobStanding: Sendable {
    package let kind: JobKind
    package let state: JobState
    /// Why it failed, or rests.
    package let error: String?
    package let detail: String?
    fileprivate let notBefore: Timestamp?

    /// Whether it waits or is at work.
    package var isPending: Bool { state == .waiting || state == .running }

    /// Until when it rests, as its mail server asked for; nil where it does not.
    package func restsUntil(at now: Timestamp) -> Timestamp? {
        notBefore.flatMap { state == .waiting && $0 > now ? $0 : nil }
    }
}

extension ReadTransaction {
    /// Whether there is a job to take up.
    package func hasJob(at now: Timestamp, only: JobID? = nil) throws -> Bool {
        try nextJob(at: now, only: only) != nil
    }

    /// The oldest job that waits, or whose lease ran out, backups first; or `only` that one.
    ///
    /// Jobs of a user who is being worked on are passed over: a mailbox is read by one job at a time.
    fileprivate func nextJob(at now: Timestamp, only: JobID?) throws -> Row? {
        try row(
            """
            SELECT * FROM job
            WHERE state IN ('waiting', 'running')
              AND (state = 'waiting' AND COALESCE(not_before, 0) <= :now OR lease_until < :now)
              AND (:only IS NULL OR id = :only)
              AND NOT EXISTS (
                  SELECT 1 FROM job AS other WHERE other.user_id = job.user_id AND other.id <> job.id
                  AND other.state IN ('waiting', 'running') AND other.state = 'running' AND other.lease_until >= :now)
            ORDER BY kind, id LIMIT 1
            """,
            ["now": now.rawValue, "only": only?.rawValue]
        )
    }

    /// How a job stands.
    package func jobState(_ id: JobID) throws -> JobStanding? {
        let found = try row("SELECT kind, state, not_before, error, error_detail FROM job WHERE id = ?", [id.rawValue])
        guard let found, let kind = JobKind(rawValue: found["kind"]), let state = JobState(rawValue: found["state"])
        else { return nil }
        let notBefore: Int64? = found["not_before"]
        return JobStanding(
            kind: kind,
            state: state,
            error: found["error"],
            detail: found["error_detail"],
            notBefore: notBefore.map(Timestamp.init)
        )
    }

    /// How often in a row a job has rested without having come further in between.
    package func rests(of job: JobID) throws -> Int {
        try row("SELECT rests FROM job WHERE id = ?", [job.rawValue])?["rests"] ?? 0
    }

    /// The job that takes a backup.
    package func job(of backup: BackupID) throws -> JobID? {
        try row("SELECT id FROM job WHERE backup_id = ?", [backup.rawValue]).map { JobID(rawValue: $0["id"]) }
    }

    /// How the last synchronisation of a user's mailbox ended badly, or why it rests; nil when it ended well or there was
    /// none.
    package func lastSynchronisationError(of user: UserID) throws -> (code: String, detail: String?)? {
        guard
            let row = try row(
                """
                SELECT error, error_detail FROM job WHERE user_id = ? AND kind = 'synchronise'
                  AND (ended_at IS NOT NULL OR error IS NOT NULL)
                ORDER BY id DESC LIMIT 1
                """,
                [user.rawValue]
            ), let error: String = row["error"]
        else { return nil }
        return (error, row["error_detail"])
    }
}

extension WriteTransaction {
    /// Queues a job; one of the same kind and user that waits serves, and may reach what the new one may.
    ///
    /// One that is at work does not: it may have passed by what the new one is asked for.
    @discardableResult
    package func insertJob(
        _ kind: JobKind,
        user: UserID,
        backup: BackupID? = nil,
        permissions: JobPermissions,
        at now: Timestamp
    ) throws -> JobID {
        let waiting = try row(
            "SELECT id, permissions FROM job WHERE user_id = ? AND kind = ? AND \(Self.isWaiting) ORDER BY id LIMIT 1",
            [user.rawValue, kind.rawValue]
        )
        if let waiting {
            let id: Int64 = waiting["id"]
            let given = try Self.permissions(of: waiting)
            let merged = given.merging(permissions)
            if merged != given {
                try run("UPDATE job SET permissions = ? WHERE id = ?", [try Self.encoded(merged), id])
            }
            return JobID(rawValue: id)
        }
        let encoded = try Self.encoded(permissions)
        return JobID(
            rawValue: try insert(
                "INSERT INTO job (kind, user_id, backup_id, state, permissions, created_at) VALUES (?, ?, ?, ?, ?, ?)",
                [kind.rawValue, user.rawValue, backup?.rawValue, JobState.waiting.rawValue, encoded, now.rawValue]
            )
        )
    }

    /// Takes up the next job, or `only` that one, if it is to be had.
    package func leaseJob(
        as lease: String,
        until: Timestamp,
        at now: Timestamp,
        only: JobID? = nil
    ) throws -> LeasedJob? {
        let found = try nextJob(at: now, only: only)
        guard let found, let kind = JobKind(rawValue: found["kind"]) else { return nil }
        let id: Int64 = found["id"]
        try run(
            """
            UPDATE job SET state = 'running', lease = ?, lease_until = ?, attempts = attempts + 1 WHERE id = ?
            """,
            [lease, until.rawValue, id]
        )
        let backup: Int64? = found["backup_id"]
        return LeasedJob(
            id: JobID(rawValue: id),
            kind: kind,
            user: UserID(rawValue: found["user_id"]),
            backup: backup.map(BackupID.init),
            permissions: try Self.permissions(of: found),
            attempts: (found["attempts"] as Int) + 1,
            lease: lease
        )
    }

    /// In the words of the index of pending jobs.
    private static let isWaiting = "state IN ('waiting', 'running') AND state = 'waiting'"

    private static func permissions(of job: Row) throws -> JobPermissions {
        try JSONDecoder().decode(JobPermissions.self, from: Data((job["permissions"] as String).utf8))
    }

    private static func encoded(_ permissions: JobPermissions) throws -> String {
        try String(decoding: JSONEncoder.sorted.encode(permissions), as: UTF8.self)
    }

    /// Renews a lease: the job's heartbeat.
    ///
    /// - Parameter hasComeFurther: whether the job read something since it was taken up; rests before that count no more.
    /// - Returns: false when the lease is lost (the job was cancelled, or taken over): the work stops.
    package func renewLease(
        of job: JobID,
        lease: String,
        until: Timestamp,
        hasComeFurther: Bool = false
    ) throws -> Bool {
        try run(
            """
            UPDATE job SET lease_until = :until, rests = CASE WHEN :further THEN 0 ELSE rests END
            WHERE id = :job AND state = 'running' AND lease = :lease
            """,
            ["until": until.rawValue, "further": hasComeFurther, "job": job.rawValue, "lease": lease]
        )
        return database.changesCount > 0
    }

    /// Lets a job that is at work rest until a moment, and with it the one of its kind that waits beside it.
    package func postponeJob(_ job: JobID, until: Timestamp, error: String, detail: String?) throws {
        try run(
            """
            UPDATE job SET state = 'waiting', lease = NULL, lease_until = NULL, attempts = 0, error = ?,
                error_detail = ?
            WHERE id = ? AND state = 'running'
            """,
            [error, detail, job.rawValue]
        )
        guard database.changesCount > 0 else { return }
        try run(
            """
            UPDATE job SET not_before = ?1, rests = rests + 1
            WHERE \(Self.isWaiting) AND user_id = (SELECT user_id FROM job WHERE id = ?2)
              AND kind = (SELECT kind FROM job WHERE id = ?2)
            """,
            [until.rawValue, job.rawValue]
        )
    }

    /// Lets a user's jobs that rest go on at once, as somebody asks for it, or reads from another place.
    package func wakeJobs(_ kind: JobKind, of user: UserID) throws {
        try run(
            """
            UPDATE job SET not_before = NULL, rests = 0, error = NULL, error_detail = NULL
            WHERE \(Self.isWaiting) AND user_id = ? AND kind = ? AND not_before IS NOT NULL
            """,
            [user.rawValue, kind.rawValue]
        )
        guard kind == .backup, database.changesCount > 0 else { return }
        try run(
            "UPDATE backup SET error = NULL, error_detail = NULL WHERE user_id = ? AND status = 'in_progress'",
            [user.rawValue]
        )
    }

    /// Ends a job that runs or waits.
    ///
    /// With a synchronisation that ends well, those of the user that ended before it are forgotten.
    package func endJob(
        _ job: JobID,
        as state: JobState,
        error: String? = nil,
        detail: String? = nil,
        at now: Timestamp
    ) throws {
        try run(
            """
            UPDATE job SET state = ?, ended_at = ?, error = ?, error_detail = ?, lease = NULL, lease_until = NULL
            WHERE id = ? AND state IN ('waiting', 'running')
            """,
            [state.rawValue, now.rawValue, error, detail, job.rawValue]
        )
        guard state == .done else { return }
        try run(
            """
            DELETE FROM job WHERE kind = 'synchronise' AND state NOT IN ('waiting', 'running') AND id < ?1
              AND user_id = (SELECT user_id FROM job WHERE id = ?1 AND kind = 'synchronise')
            """,
            [job.rawValue]
        )
    }

    /// Lets all running jobs wait again.
    ///
    /// For whoever has just become the owner of the data directory: no other process can be working on them.
    package func releaseAllJobs() throws {
        try run(
            """
            UPDATE job SET state = 'waiting', lease = NULL, lease_until = NULL
            WHERE state IN ('waiting', 'running')
            """
        )
    }
}
