import Foundation
import GRDB
package import MailkeepModel

/// What a job does.
package enum JobKind: String, Sendable {
    case synchronise
    case backup
}

/// A job that was taken up under a lease (design decision 16).
package struct LeasedJob: Sendable, Equatable {
    package let id: JobID
    package let kind: JobKind
    package let user: UserID
    package let backup: BackupID?
    package let permissions: JobPermissions
    package let attempts: Int
}

/// How a job stands.
package enum JobState: String, Sendable {
    case waiting
    case running
    case done
    case failed
    case cancelled
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
            WHERE state IN ('waiting', 'running') AND (state = 'waiting' OR lease_until < :now)
              AND (:only IS NULL OR id = :only)
              AND NOT EXISTS (
                  SELECT 1 FROM job AS other WHERE other.user_id = job.user_id AND other.id <> job.id
                  AND other.state IN ('waiting', 'running') AND other.state = 'running' AND other.lease_until >= :now)
            ORDER BY kind, id LIMIT 1
            """,
            ["now": now.rawValue, "only": only?.rawValue]
        )
    }

    /// How a job stands, and its error when it failed.
    package func jobState(_ id: JobID) throws -> (kind: JobKind, state: JobState, error: String?, detail: String?)? {
        guard let row = try row("SELECT kind, state, error, error_detail FROM job WHERE id = ?", [id.rawValue]),
            let kind = JobKind(rawValue: row["kind"]), let state = JobState(rawValue: row["state"])
        else { return nil }
        return (kind, state, row["error"], row["error_detail"])
    }

    /// The job that takes a backup.
    package func job(of backup: BackupID) throws -> JobID? {
        try row("SELECT id FROM job WHERE backup_id = ?", [backup.rawValue]).map { JobID(rawValue: $0["id"]) }
    }

    /// How the last synchronisation of a user's mailbox ended badly; nil when it ended well or there was none.
    package func lastSynchronisationError(of user: UserID) throws -> (code: String, detail: String?)? {
        guard
            let row = try row(
                """
                SELECT error, error_detail FROM job WHERE user_id = ? AND kind = 'synchronise' AND ended_at IS NOT NULL
                ORDER BY id DESC LIMIT 1
                """,
                [user.rawValue]
            ), let error: String = row["error"]
        else { return nil }
        return (error, row["error_detail"])
    }
}

extension WriteTransaction {
    /// Queues a job; a pending one of the same kind and user serves.
    @discardableResult
    package func insertJob(
        _ kind: JobKind,
        user: UserID,
        backup: BackupID? = nil,
        permissions: JobPermissions,
        at now: Timestamp
    ) throws -> JobID {
        let pending = try row(
            "SELECT id FROM job WHERE user_id = ? AND kind = ? AND state IN ('waiting', 'running')",
            [user.rawValue, kind.rawValue]
        )
        if let pending { return JobID(rawValue: pending["id"]) }
        let encoded = try String(decoding: JSONEncoder.sorted.encode(permissions), as: UTF8.self)
        return JobID(
            rawValue: try insert(
                "INSERT INTO job (kind, user_id, backup_id, state, permissions, created_at) VALUES (?, ?, ?, ?, ?, ?)",
                [kind.rawValue, user.rawValue, backup?.rawValue, JobState.waiting.rawValue, encoded, now.rawValue]
            )
        )
    }

    /// Takes up the next job, or `only` that one, if it is to be had.
    package func leaseJob(
        owner: String,
        until: Timestamp,
        at now: Timestamp,
        only: JobID? = nil
    ) throws -> LeasedJob? {
        let found = try nextJob(at: now, only: only)
        guard let found, let kind = JobKind(rawValue: found["kind"]) else { return nil }
        let id: Int64 = found["id"]
        try run(
            """
            UPDATE job SET state = 'running', lease_owner = ?, lease_until = ?, attempts = attempts + 1 WHERE id = ?
            """,
            [owner, until.rawValue, id]
        )
        let permissions = Data((found["permissions"] as String).utf8)
        let backup: Int64? = found["backup_id"]
        return LeasedJob(
            id: JobID(rawValue: id),
            kind: kind,
            user: UserID(rawValue: found["user_id"]),
            backup: backup.map(BackupID.init),
            permissions: try JSONDecoder().decode(JobPermissions.self, from: permissions),
            attempts: (found["attempts"] as Int) + 1
        )
    }

    /// Renews a lease: the job's heartbeat.
    ///
    /// - Returns: false when the job is no longer this owner's (it was cancelled, or taken over): the work stops.
    package func renewLease(of job: JobID, owner: String, until: Timestamp) throws -> Bool {
        try run(
            "UPDATE job SET lease_until = ? WHERE id = ? AND state = 'running' AND lease_owner = ?",
            [until.rawValue, job.rawValue, owner]
        )
        return database.changesCount > 0
    }

    /// Ends a job that runs or waits.
    package func endJob(
        _ job: JobID,
        as state: JobState,
        error: String? = nil,
        detail: String? = nil,
        at now: Timestamp
    ) throws {
        try run(
            """
            UPDATE job SET state = ?, ended_at = ?, error = ?, error_detail = ?, lease_owner = NULL, lease_until = NULL
            WHERE id = ? AND state IN ('waiting', 'running')
            """,
            [state.rawValue, now.rawValue, error, detail, job.rawValue]
        )
    }

    /// Lets go of a job that was interrupted, so that it waits again.
    package func releaseJob(_ job: JobID, owner: String) throws {
        try run(
            """
            UPDATE job SET state = 'waiting', lease_owner = NULL, lease_until = NULL
            WHERE id = ? AND state = 'running' AND lease_owner = ?
            """,
            [job.rawValue, owner]
        )
    }

    /// Lets all running jobs wait again.
    ///
    /// For whoever has just become the owner of the data directory: no other process can be working on them.
    package func releaseAllJobs() throws {
        try run(
            """
            UPDATE job SET state = 'waiting', lease_owner = NULL, lease_until = NULL
            WHERE state IN ('waiting', 'running')
            """
        )
    }
}
