/// What receivers of webhooks, and administrators by mail, are told of.
package enum EventType: String, Sendable, CaseIterable {
    case backupCompleted = "backup.completed"
    case backupFailed = "backup.failed"
    case userLocked = "user.locked"
    case userUnlocked = "user.unlocked"
    case userDeactivated = "user.deactivated"
    /// A mailbox cannot be read for a reason that only a person can mend; once, until it could be read again.
    case mailboxNeedsAttention = "mailbox.needs_attention"
    /// A user was deactivated as they are at the connected CRM, and could not be backed up, by a rule.
    case userNotBackedUp = "user.not_backed_up"
    /// The CRM that is the master of the directory cannot be read; once, until it could be read again.
    case connectionNeedsAttention = "connection.needs_attention"
}

/// A receiver of events.
package enum Webhook {}
/// One event on its way to one receiver.
package enum Delivery {}

package typealias WebhookID = Identifier<Webhook>
package typealias DeliveryID = Identifier<Delivery>
