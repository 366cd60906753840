import GRDB
package import MailkeepModel

/// What an operator watches of the database.
package struct OperationFacts: Sendable {
    /// Jobs that are not ended, by what they do and how they stand.
    package struct Jobs: Sendable, Hashable {
        package enum Standing: String, Sendable, CaseIterable {
            case waiting
            case running
            /// As its mail server asked for.
            case resting
        }

        package let kind: JobKind
        package let standing: Standing

        package init(kind: JobKind, standing: Standing) {
            self.kind = kind
            self.standing = standing
        }
    }

    package var jobs: [Jobs: Int] = [:]
    /// Since when the job has been waiting that has waited longest.
    package var waitingSince: Timestamp?
    /// Active users whose last synchronisation failed or rests.
    package var failingMailboxes = 0
    /// Inactive users whose last backup failed.
    package var failedBackups = 0
    /// Runs of the connection to the CRM that broke off since the last one that did not; nil without a connection.
    package var connectionFailures: Int?
    /// When a mailbox was last synchronised, and when that of an active user was that has waited longest.
    package var lastSynchronisation: Timestamp?
    package var oldestSynchronisation: Timestamp?
}

extension ReadTransaction {
    /// Whether the database answers.
    package func answers() throws -> Bool { try row("SELECT COUNT(*) AS n FROM organization")?["n"] != nil }

    /// What an operator watches.
    package func operationFacts(at now: Timestamp) throws -> OperationFacts {
        var facts = OperationFacts()
        for row in try rows(Self.pendingJobs, ["now": now.rawValue]) {
            guard let kind = JobKind(rawValue: row["kind"]),
                let standing = OperationFacts.Jobs.Standing(rawValue: row["standing"])
            else { continue }
            facts.jobs[.init(kind: kind, standing: standing)] = row["n"]
            guard standing == .waiting, let since: Int64 = row["since"] else { continue }
            facts.waitingSince = min(Timestamp(rawValue: since), facts.waitingSince ?? .init(rawValue: .max))
        }
        facts.failingMailboxes = try row(Self.failingMailboxes)?["n"] ?? 0
        facts.failedBackups = try row(Self.failedBackups)?["n"] ?? 0
        facts.connectionFailures = try row("SELECT failures FROM connection")?["failures"]
        let newest: Int64? = try row("SELECT MAX(last_sync_at) AS at FROM mailbox")?["at"]
        let oldest: Int64? = try row(Self.oldestSynchronisation)?["at"]
        facts.lastSynchronisation = newest.map(Timestamp.init)
        facts.oldestSynchronisation = oldest.map(Timestamp.init)
        return facts
    }

    private static let pendingJobs = """
        SELECT kind,
            CASE WHEN state = 'running' THEN 'running' WHEN COALESCE(not_before, 0) > :now THEN 'resting'
            ELSE 'waiting' END AS standing,
            COUNT(*) AS n, MIN(MAX(created_at, COALESCE(not_before, 0))) AS since
        FROM job WHERE state IN ('waiting', 'running') GROUP BY 1, 2
        """

    private static let failingMailboxes = """
        SELECT COUNT(*) AS n FROM user CROSS JOIN mail_addon ON \(usesMailAddon)
        WHERE user.status = 'active' AND (
            SELECT error FROM job WHERE job.user_id = user.id AND kind = 'synchronise'
              AND (ended_at IS NOT NULL OR error IS NOT NULL)
            ORDER BY id DESC LIMIT 1) IS NOT NULL
        """

    private static let failedBackups = """
        SELECT COUNT(*) AS n FROM user CROSS JOIN mail_addon ON \(usesMailAddon)
        WHERE user.status = 'inactive' AND (
            SELECT status FROM backup WHERE backup.user_id = user.id ORDER BY id DESC LIMIT 1) = 'failed'
        """

    private static let oldestSynchronisation = """
        SELECT MIN(mailbox.last_sync_at) AS at FROM user CROSS JOIN mail_addon ON \(usesMailAddon)
        CROSS JOIN mailbox ON mailbox.id = mail_addon.mailbox_id WHERE user.status = 'active'
        """
}
