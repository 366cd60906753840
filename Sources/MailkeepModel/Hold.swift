/// What keeps mail from being deleted until an administrator lifts it (R1, R2).
package enum Hold {}

package typealias HoldID = Identifier<Hold>

/// What a legal hold covers (R1).
package enum HoldScope: Sendable, Hashable {
    /// Every message.
    case organization
    /// Every message of the user's mailboxes and backups, also what comes later.
    case user(UserID)
    /// Every message with an address that the record has, or has had since the hold was placed, itself or by the contacts
    /// whose mail stands on it (V4).
    case record(RecordKey)
    /// The messages of a completed backup, those that earlier backups of the user took included.
    case backup(BackupID)
}

/// A message to be deleted, as the rules see it.
package struct DeletionCandidate: Sendable, Equatable {
    /// When it was sent; nil where its header does not say.
    package var sentAt: Timestamp?
    /// When it came; nil where that is not known.
    package var receivedAt: Timestamp?
    /// When it was stored.
    package var storedAt: Timestamp
    /// The standing holds that cover it.
    package var holds: [HoldID]
    /// A backup has taken it, completed or not, or a pending one of somebody who has it may still take it.
    package var isBackedUp: Bool

    package init(
        sentAt: Timestamp?,
        receivedAt: Timestamp?,
        storedAt: Timestamp,
        holds: [HoldID] = [],
        isBackedUp: Bool = false
    ) {
        self.sentAt = sentAt
        self.receivedAt = receivedAt
        self.storedAt = storedAt
        self.holds = holds
        self.isBackedUp = isBackedUp
    }
}

/// Who places and lifts legal holds, and what they forbid (R1, R2).
package enum HoldPolicy {
    /// Whether `actor` may place a hold: P1.
    ///
    /// Several may stand on one thing, each for a matter of its own.
    package static func place(actor: User) -> Decision { PagePolicy.use(actor: actor) }

    /// Whether `actor` may lift a hold: P1, V1, unchanged (R2).
    ///
    /// - Parameter isStanding: nil where there is no such hold, or it is on a record that `actor` may not open (V1).
    package static func lift(actor: User, isStanding: Bool?) -> Decision {
        guard actor.isAdministrator else { return .refused(Refusal(.p1)) }
        guard let isStanding else { return .refused(Refusal(.v1)) }
        return isStanding ? .allowed : .unchanged
    }

    /// Whether what these holds cover may be deleted (R1): by nobody and in no way, while any stands.
    package static func delete(coveredBy holds: [HoldID]) -> Decision {
        holds.isEmpty ? .allowed : .refused(Refusal(.r1, holds: holds))
    }
}

/// A run of retention, or an erasure of a person's mail (R3, R4).
package enum Removal {
    /// Why messages are removed.
    package enum Kind: String, Sendable {
        case retention
        case erasure
    }
}

package typealias RemovalID = Identifier<Removal>

/// How long messages are kept that no backup has taken (R3).
package struct RetentionSetting: Sendable, Equatable {
    /// From 1 to 36,500.
    package var days: Int
    package var setBy: UserID

    package init(days: Int, setBy: UserID) {
        self.days = days
        self.setBy = setBy
    }

    /// Days that can be set.
    package static let range = 1...36_500

    /// What is dated before is removed.
    package func cutoff(at now: Timestamp) -> Timestamp { Self.cutoff(days: days, at: now) }

    /// What is dated before is removed where messages are kept for so many days.
    package static func cutoff(days: Int, at now: Timestamp) -> Timestamp {
        now.advanced(byMilliseconds: -86_400_000 * Int64(min(max(days, range.lowerBound), range.upperBound)))
    }
}

/// What retention removes (R3).
package enum RetentionPolicy {
    /// The date by which retention goes: when a message was sent; where that is missing, or was in the future when the
    /// message was stored, when it came; where that is not known or in the future too, when it was stored.
    package static func date(of message: DeletionCandidate) -> Timestamp {
        if let sentAt = message.sentAt, sentAt <= message.storedAt { return sentAt }
        return min(message.receivedAt ?? message.storedAt, message.storedAt)
    }

    /// Whether a message is removed now: dated before `cutoff`, on no hold (R1), and in no backup (B9), nor awaited by one.
    package static func isDue(_ message: DeletionCandidate, cutoff: Timestamp) -> Bool {
        date(of: message) < cutoff && message.holds.isEmpty && !message.isBackedUp
    }
}

/// Who erases a person's mail (R4).
package enum ErasurePolicy {
    /// Whether `actor` may erase what an address concerns: P1, R1 (any hold that covers some of it).
    package static func start(actor: User, holds: [HoldID]) -> Decision {
        guard actor.isAdministrator else { return .refused(Refusal(.p1)) }
        return HoldPolicy.delete(coveredBy: holds)
    }

    /// Whether what was confirmed is what there is: as many messages as the preview told (R4).
    package static func isSeen(confirmed: Int, messages: Int) -> Bool { confirmed == messages }
}
