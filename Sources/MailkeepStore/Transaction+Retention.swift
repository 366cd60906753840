import Foundation
import GRDB
package import MailkeepModel

/// Messages, their raw bytes, and the dates by which retention goes.
package struct MessageTotals: Sendable, Equatable {
    package var messages = 0
    package var bytes: Int64 = 0
    package var oldest: Timestamp?
    package var newest: Timestamp?

    init(_ row: Row?) {
        guard let row else { return }
        messages = row["messages"]
        bytes = row["bytes"] ?? 0
        oldest = (row["oldest"] as Int64?).map(Timestamp.init)
        newest = (row["newest"] as Int64?).map(Timestamp.init)
    }
}

/// What retention would remove now, and what is as old and stays (R3).
package struct RetentionPreview: Sendable {
    package var due: MessageTotals
    /// By the users in whose mailboxes they are.
    package var users: [(user: UserID, totals: MessageTotals)]
    /// Messages that are as old and on hold, and others that backups hold or may still take.
    package var held: Int
    package var backedUp: Int
}

/// Where a page of messages, by their dates, ended.
package struct RetentionPosition: Sendable {
    let date: Int64
    let message: Int64
}

extension ReadTransaction {
    private static let isHeld = "EXISTS (SELECT 1 FROM held_message WHERE held_message.message_id = message.id)"
    /// A backup has taken it, or a pending one of somebody who has it may still take it.
    private static let isBackedUp = """
        (EXISTS (SELECT 1 FROM backup_message WHERE backup_message.message_id = message.id)
         OR EXISTS (SELECT 1 FROM backup WHERE status IN ('waiting', 'in_progress')) AND EXISTS (
             SELECT 1 FROM entry CROSS JOIN folder ON folder.id = entry.folder_id
             CROSS JOIN mailbox ON mailbox.id = folder.mailbox_id
             CROSS JOIN backup ON backup.user_id = mailbox.user_id
             WHERE entry.message_id = message.id AND backup.status IN ('waiting', 'in_progress')))
        """
    /// Of a row of `message` that is old enough: retention removes it (R3).
    ///
    /// `RetentionPolicy` says the same as a pure function.
    fileprivate static let isDue = "NOT \(isBackedUp) AND NOT \(isHeld)"

    /// How long messages are kept; nil where they are kept for ever.
    package func retention() throws -> RetentionSetting? {
        guard let row = try row("SELECT retention_days, retention_set_by FROM organization"),
            let days: Int = row["retention_days"], let setBy: Int64 = row["retention_set_by"]
        else { return nil }
        return RetentionSetting(days: days, setBy: UserID(rawValue: setBy))
    }

    /// What retention would remove.
    ///
    /// - Parameter cutoff: of what is dated before.
    package func previewRetention(cutoff: Timestamp) throws -> RetentionPreview {
        let arguments: StatementArguments = ["cutoff": cutoff.rawValue]
        let due = """
            WITH due AS MATERIALIZED (
                SELECT message.id, message.size, message.dated_at FROM message
                WHERE message.dated_at < :cutoff AND \(Self.isDue)
            )
            """
        let users = try rows(
            """
            \(due), place AS MATERIALIZED (
                SELECT DISTINCT mailbox.user_id, due.id, due.size, due.dated_at
                FROM due CROSS JOIN entry ON entry.message_id = due.id
                CROSS JOIN folder ON folder.id = entry.folder_id CROSS JOIN mailbox ON mailbox.id = folder.mailbox_id
            )
            SELECT user_id, COUNT(*) AS messages, SUM(size) AS bytes, MIN(dated_at) AS oldest, MAX(dated_at) AS newest
            FROM place GROUP BY user_id ORDER BY user_id
            """,
            arguments
        )
        let kept = try row(
            """
            SELECT COUNT(*) FILTER (WHERE is_held) AS held, COUNT(*) FILTER (WHERE NOT is_held) AS backed_up
            FROM (SELECT \(Self.isHeld) AS is_held FROM message
                  WHERE message.dated_at < :cutoff AND NOT (\(Self.isDue)))
            """,
            arguments
        )
        return RetentionPreview(
            due: MessageTotals(
                try row(
                    """
                    \(due) SELECT COUNT(*) AS messages, SUM(size) AS bytes, MIN(dated_at) AS oldest,
                                  MAX(dated_at) AS newest FROM due
                    """,
                    arguments
                )
            ),
            users: users.map { (UserID(rawValue: $0["user_id"]), MessageTotals($0)) },
            held: kept?["held"] ?? 0,
            backedUp: kept?["backed_up"] ?? 0
        )
    }

    /// When retention ran last, or began to.
    package func lastRetention() throws -> Timestamp? {
        let last: Int64? =
            try row("SELECT MAX(requested_at) AS last FROM removal WHERE kind = 'retention'")?["last"]
        return last.map(Timestamp.init)
    }
}

extension WriteTransaction {
    /// Sets how long messages are kept; nil keeps them for ever.
    ///
    /// A run under the former setting ends.
    package func setRetention(_ setting: RetentionSetting?, at now: Timestamp) throws {
        try run(
            "UPDATE removal SET ended_at = ? WHERE kind = 'retention' AND ended_at IS NULL",
            [now.rawValue]
        )
        try run(
            "UPDATE organization SET retention_days = ?, retention_set_by = ?",
            [setting?.days, setting?.setBy.rawValue]
        )
    }

    /// Begins a retention run; one that has not ended serves.
    package func beginRetention(cutoff: Timestamp, by administrator: UserID, at now: Timestamp) throws -> RemovalID {
        if let pending = try row("SELECT id FROM removal WHERE kind = 'retention' AND ended_at IS NULL") {
            return RemovalID(rawValue: pending["id"])
        }
        return RemovalID(
            rawValue: try insert(
                "INSERT INTO removal (kind, requested_by, requested_at, cutoff) VALUES ('retention', ?, ?, ?)",
                [administrator.rawValue, now.rawValue, cutoff.rawValue]
            )
        )
    }

    /// Removes some of what retention is to remove, the oldest first.
    ///
    /// - Parameters:
    ///   - position: where the page before ended; nil for the first one.
    ///   - limit: how many messages to look at.
    /// - Returns: where the page ended; nil where nothing is left.
    package func removeExpired(
        _ removal: RemovalDetails,
        after position: RetentionPosition?,
        limit: Int
    ) throws -> RetentionPosition? {
        guard let cutoff = removal.cutoff, try isPending(removal.id) else { return nil }
        let page = try rows(
            """
            SELECT message.id, message.size, message.dated_at, \(Self.isDue) AS is_due FROM message
            WHERE message.dated_at < :cutoff AND (message.dated_at, message.id) > (:date, :message)
            ORDER BY message.dated_at, message.id LIMIT :limit
            """,
            [
                "cutoff": cutoff.rawValue, "date": position?.date ?? Int64.min, "message": position?.message ?? 0,
                "limit": limit,
            ]
        )
        let due = page.filter { $0["is_due"] }
        for message in due { try remove(message["id"], by: .retention) }
        try count(removal.id, messages: due.count, bytes: due.reduce(0) { $0 + ($1["size"] as Int64) })
        return page.last.map { RetentionPosition(date: $0["dated_at"], message: $0["id"]) }
    }
}
