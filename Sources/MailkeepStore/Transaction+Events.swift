package import Foundation
import GRDB
package import MailkeepModel

/// Something that happened, of which somebody may be told.
package struct Event: Sendable, Equatable {
    package var id: Int64
    /// Names it to receivers, and nothing else ever.
    package var uid: String
    /// An `EventType`, or `webhook.test`.
    package var type: String
    package var at: Timestamp
    package var user: UserID?
    /// Who did it, where that is told.
    package var actor: UserID?
    package var backup: BackupID?
    package var backupKind: String?
    /// The code of why it went badly.
    package var reason: String?

    package static let test = "webhook.test"
}

/// Where events are sent to, and the key of what signs them: 32 bytes.
///
/// Sealed at rest. The address may hold a secret too.
package struct WebhookSettings: Codable, Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    package var url: String
    package var key: Data

    package init(url: String, key: Data) {
        self.url = url
        self.key = key
    }

    package var description: String { "WebhookSettings(redacted)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A receiver of events.
package struct StoredWebhook: Sendable, Equatable {
    package var id: WebhookID
    package var settings: WebhookSettings
    package var events: [EventType]
    package var createdBy: UserID
    package var createdAt: Timestamp
    /// Since when it wants no more (410), if it does not.
    package var disabledAt: Timestamp?
}

/// How a delivery stands.
package enum DeliveryState: String, Sendable {
    case pending
    case delivered
    case failed
}

/// An event on its way to one receiver.
package struct StoredDelivery: Sendable, Equatable {
    package var id: DeliveryID
    package var event: Event
    package var webhook: WebhookID?
    /// The administrator who is told by mail.
    package var user: UserID?
    package var state: DeliveryState
    package var attempts: Int
    package var nextAt: Timestamp
    package var lastAt: Timestamp?
    /// What the receiver answered to the last attempt.
    package var status: Int?
    /// Why the last attempt failed.
    package var error: String?
}

extension ReadTransaction {
    /// All webhooks, oldest first.
    package func webhooks() throws -> [StoredWebhook] {
        try rows("SELECT * FROM webhook ORDER BY id").map(webhook)
    }

    package func webhook(_ id: WebhookID) throws -> StoredWebhook? {
        try row("SELECT * FROM webhook WHERE id = ?", [id.rawValue]).map(webhook)
    }

    /// The last deliveries of a webhook, of mail, or of all, newest first.
    ///
    /// - Parameter webhook: nil for all.
    package func deliveries(of webhook: WebhookID?, limit: Int) throws -> [StoredDelivery] {
        try rows(
            """
            \(Self.deliveries) WHERE ?1 IS NULL OR delivery.webhook_id = ?1 ORDER BY delivery.id DESC LIMIT ?2
            """,
            [webhook?.rawValue, limit]
        ).map(Self.delivery)
    }

    package func delivery(_ id: DeliveryID) throws -> StoredDelivery? {
        try row("\(Self.deliveries) WHERE delivery.id = ?", [id.rawValue]).map(Self.delivery)
    }

    /// Of each receiver the oldest delivery that is due; all mail has one receiver, which is the mail server.
    package func dueDeliveries(at now: Timestamp) throws -> [StoredDelivery] {
        try rows(
            """
            \(Self.deliveries) WHERE delivery.id IN (
                SELECT MIN(id) FROM delivery WHERE state = 'pending' AND next_at <= ? GROUP BY webhook_id)
            ORDER BY delivery.id
            """,
            [now.rawValue]
        ).map(Self.delivery)
    }

    /// What is told in one mail: of the same administrator and type, what is due, and what was not tried yet.
    package func deliveriesByMail(with delivery: StoredDelivery, at now: Timestamp) throws -> [StoredDelivery] {
        try rows(
            """
            \(Self.deliveries)
            WHERE delivery.state = 'pending' AND delivery.webhook_id IS NULL AND delivery.user_id = ? AND event.type = ?
              AND (delivery.next_at <= ? OR delivery.attempts = 0)
            ORDER BY delivery.id LIMIT 100
            """,
            [delivery.user?.rawValue, delivery.event.type, now.rawValue]
        ).map(Self.delivery)
    }

    /// Whether any mail is on its way.
    package func hasMailDeliveries() throws -> Bool {
        try exists("SELECT 1 FROM delivery WHERE state = 'pending' AND webhook_id IS NULL LIMIT 1")
    }

    private static let deliveries = """
        SELECT delivery.*, event.uid, event.type, event.at, event.user_id AS event_user_id, event.actor_id,
            event.backup_id, event.backup_kind, event.reason
        FROM delivery JOIN event ON event.id = delivery.event_id
        """

    private static func delivery(_ row: Row) -> StoredDelivery {
        StoredDelivery(
            id: DeliveryID(rawValue: row["id"]),
            event: Event(
                id: row["event_id"],
                uid: row["uid"],
                type: row["type"],
                at: Timestamp(rawValue: row["at"]),
                user: (row["event_user_id"] as Int64?).map(UserID.init),
                actor: (row["actor_id"] as Int64?).map(UserID.init),
                backup: (row["backup_id"] as Int64?).map(BackupID.init),
                backupKind: row["backup_kind"],
                reason: row["reason"]
            ),
            webhook: (row["webhook_id"] as Int64?).map(WebhookID.init),
            user: (row["user_id"] as Int64?).map(UserID.init),
            state: DeliveryState(rawValue: row["state"]) ?? .failed,
            attempts: row["attempts"],
            nextAt: Timestamp(rawValue: row["next_at"]),
            lastAt: (row["last_at"] as Int64?).map(Timestamp.init),
            status: row["status"],
            error: row["error"]
        )
    }

    fileprivate static func context(of webhook: Int64) -> String { "webhook/\(webhook)" }

    private func webhook(_ row: Row) throws -> StoredWebhook {
        let id: Int64 = row["id"]
        return StoredWebhook(
            id: WebhookID(rawValue: id),
            settings: try sealing.open(
                WebhookSettings.self,
                row["sealed_settings"],
                with: \.credentials,
                context: Self.context(of: id)
            ),
            events: (row["events"] as String).split(separator: " ").compactMap { EventType(rawValue: String($0)) },
            createdBy: UserID(rawValue: row["created_by"]),
            createdAt: Timestamp(rawValue: row["created_at"]),
            disabledAt: (row["disabled_at"] as Int64?).map(Timestamp.init)
        )
    }
}

extension WriteTransaction {
    package func insertWebhook(
        _ settings: WebhookSettings,
        events: [EventType],
        by user: UserID,
        at now: Timestamp
    ) throws -> WebhookID {
        let id = try insert(
            "INSERT INTO webhook (sealed_settings, events, created_by, created_at) VALUES (x'', ?, ?, ?)",
            [" \(events.map(\.rawValue).joined(separator: " ")) ", user.rawValue, now.rawValue]
        )
        let sealed = try sealing.seal(settings, with: \.credentials, context: Self.context(of: id))
        try run("UPDATE webhook SET sealed_settings = ? WHERE id = ?", [sealed, id])
        return WebhookID(rawValue: id)
    }

    /// Removes a webhook with its deliveries.
    package func removeWebhook(_ id: WebhookID) throws {
        try run("DELETE FROM webhook WHERE id = ?", [id.rawValue])
    }

    /// Tells a webhook nothing any more, as it has answered that it is gone; what was on its way to it ends.
    package func disableWebhook(_ id: WebhookID, at now: Timestamp) throws {
        try run("UPDATE webhook SET disabled_at = ? WHERE id = ? AND disabled_at IS NULL", [now.rawValue, id.rawValue])
        try run(
            "UPDATE delivery SET state = 'failed', error = 'gone' WHERE webhook_id = ? AND state = 'pending'",
            [id.rawValue]
        )
    }

    /// Tells a webhook again what happens from now on.
    package func enableWebhook(_ id: WebhookID) throws {
        try run("UPDATE webhook SET disabled_at = NULL WHERE id = ?", [id.rawValue])
    }

    /// Notes that a rule has refused the backup of a user whom a connected CRM deactivated: nothing else would tell it.
    package func noteNotBackedUp(_ user: UserID, by rule: Rule, at now: Timestamp) throws {
        try run(
            "INSERT INTO event (type, at, user_id, reason) VALUES (?, ?, ?, ?)",
            [EventType.userNotBackedUp.rawValue, now.rawValue, user.rawValue, rule.rawValue]
        )
    }

    /// Notes a test of a webhook, as an event that goes to it alone; it is not due, as its maker delivers it.
    package func insertTest(of webhook: WebhookID, at now: Timestamp) throws -> DeliveryID {
        let event = try insert("INSERT INTO event (type, at) VALUES (?, ?)", [Event.test, now.rawValue])
        return DeliveryID(
            rawValue: try insert(
                "INSERT INTO delivery (event_id, webhook_id, state) VALUES (?, ?, 'failed')",
                [event, webhook.rawValue]
            )
        )
    }

    /// Notes how an attempt went.
    ///
    /// - Parameter retryAt: when it is tried again; nil where it is not.
    package func noteAttempt(
        of delivery: DeliveryID,
        as state: DeliveryState,
        status: Int?,
        error: String?,
        retryAt: Timestamp?,
        at now: Timestamp
    ) throws {
        try run(
            """
            UPDATE delivery SET state = ?, attempts = attempts + 1, next_at = COALESCE(?, next_at), last_at = ?,
                status = ?, error = ? WHERE id = ?
            """,
            [state.rawValue, retryAt?.rawValue, now.rawValue, status, error, delivery.rawValue]
        )
    }

    /// Forgets all mail that is on its way, as there is no mail server to send it by.
    package func removeMailDeliveries() throws {
        try run("DELETE FROM delivery WHERE state = 'pending' AND webhook_id IS NULL")
    }
}
