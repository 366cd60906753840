import Foundation
package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// A legal hold in the API's form.
package struct HoldShape: Encodable, Sendable, Equatable {
    package var id: String
    /// `organization`, `user`, `record` or `backup`.
    package var scope: String
    package var user: UserShape.Reference?
    /// `Contacts/12`.
    package var record: String?
    /// The backup's id.
    package var backup: String?
    package var reason: String
    package var placed_by: UserShape.Reference
    package var placed_time: String
    package var lifted_by: UserShape.Reference?
    package var lifted_time: String?
    package var lift_reason: String?

    package var isStanding: Bool { lifted_time == nil }
}

extension ReadTransaction {
    /// Holds in the API's form.
    func shapes(of holds: [HoldDetails]) throws -> [HoldShape] {
        let names = try userNames(
            holds.lazy.flatMap { hold in
                var people = [hold.placedBy, hold.lifting?.by].compactMap(\.self)
                if case .user(let user) = hold.scope { people.append(user) }
                return people
            }
        )
        return holds.map { hold in
            var shape = HoldShape(
                id: hold.id.description,
                scope: hold.scope.name,
                reason: hold.reason,
                placed_by: UserShape.Reference(hold.placedBy, names),
                placed_time: hold.placedAt.iso8601,
                lifted_by: hold.lifting.map { UserShape.Reference($0.by, names) },
                lifted_time: hold.lifting?.at.iso8601,
                lift_reason: hold.lifting?.reason
            )
            switch hold.scope {
            case .organization: break
            case .user(let user): shape.user = UserShape.Reference(user, names)
            case .record(let record): shape.record = record.description
            case .backup(let backup): shape.backup = backup.description
            }
            return shape
        }
    }
}

extension HoldScope {
    fileprivate var name: String {
        switch self {
        case .organization: "organization"
        case .user: "user"
        case .record: "record"
        case .backup: "backup"
        }
    }

    /// As the audit log names it.
    fileprivate var target: String {
        switch self {
        case .organization: "organization"
        case .user(let user): "user/\(user)"
        case .record(let record): record.description
        case .backup(let backup): "backup/\(backup)"
        }
    }

    fileprivate var user: UserID? { if case .user(let user) = self { user } else { nil } }
}

/// Why somebody does what a reason is asked for.
enum GivenReason {
    /// The reason without white space around it.
    ///
    /// - Throws: `AppError` (`reasonNeeded`) where nothing is left, or more than 1,000 characters.
    static func checked(_ text: String) throws -> String {
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !trimmed.isEmpty, trimmed.count <= 1000 else { throw AppError(.reasonNeeded) }
        return trimmed
    }
}

/// Places a legal hold: from then on nothing deletes what it covers (R1); for administrators.
///
/// The audit log holds who, on what and when; the reason stays with the hold, sealed.
package struct PlaceHold: UseCase {
    package var scope: HoldScope
    package var reason: String

    package init(on scope: HoldScope, reason: String) {
        self.scope = scope
        self.reason = reason
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> HoldShape {
        let now = mailkeep.clock()
        let action = AuditedAction(name: "hold.place", user: scope.user, target: scope.target)
        return try await mailkeep.act(action, as: caller) { transaction, actor in
            try HoldPolicy.place(actor: actor).enforce()
            try transaction.check(scope, for: actor)
            let reason = try GivenReason.checked(reason)
            let id = try transaction.placeHold(on: scope, reason: reason, by: actor.id, at: now)
            return (.done, try transaction.shape(of: id, for: actor))
        }
    }
}

/// What a legal hold would be placed on, and those that stand on it; for administrators.
package struct PreviewHold: UseCase {
    package var scope: HoldScope

    package init(on scope: HoldScope) {
        self.scope = scope
    }

    package struct Output: Sendable {
        /// The user's or the record's name, or whose backup it is; nil for the organisation.
        package var name: String?
        package var standing: [HoldShape]
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Output {
        let action = AuditedAction(name: "hold.preview", user: scope.user, target: scope.target)
        return try await mailkeep.read(action, as: caller) { transaction, actor in
            try HoldPolicy.place(actor: actor).enforce()
            return Output(
                name: try transaction.check(scope, for: actor),
                standing: try transaction.shapes(of: transaction.standingHolds(on: scope))
            )
        }
    }
}

/// A legal hold; for administrators, on a record for those who may open it (R2, V1).
package struct ShowHold: UseCase {
    package var hold: HoldID

    package init(_ hold: HoldID) {
        self.hold = hold
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> HoldShape {
        let action = AuditedAction(name: "hold.show", target: "hold/\(hold)")
        return try await mailkeep.read(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            return try transaction.shape(of: hold, for: actor)
        }
    }
}

/// Lifts a legal hold; for administrators, on a record for those who may open it (R2, V1).
package struct LiftHold: UseCase {
    package var hold: HoldID
    package var reason: String

    package init(_ hold: HoldID, reason: String) {
        self.hold = hold
        self.reason = reason
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> ActionResult {
        let now = mailkeep.clock()
        let action = AuditedAction(name: "hold.lift", target: "hold/\(hold)")
        return try await mailkeep.act(action, as: caller) { transaction, actor in
            let isStanding = try transaction.hold(hold, openTo: actor.id).map { $0.lifting == nil }
            guard try HoldPolicy.lift(actor: actor, isStanding: isStanding).enforce() else {
                return (.unchanged, .unchanged)
            }
            let reason = try GivenReason.checked(reason)
            _ = try transaction.liftHold(hold, reason: reason, by: actor.id, at: now)
            return (.done, .done)
        }
    }
}

/// Lists legal holds, the newest first; for administrators, those on records for who may open them (V1).
package struct ListHolds: UseCase {
    package var liftedToo: Bool

    package init(liftedToo: Bool = false) {
        self.liftedToo = liftedToo
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> [HoldShape] {
        try await mailkeep.read(AuditedAction(name: "hold.list"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            return try transaction.shapes(of: transaction.holds(openTo: actor.id, liftedToo: liftedToo))
        }
    }
}

extension ReadTransaction {
    /// A hold in the API's form; one on a record that the administrator may not open is refused like one that is not
    /// there (V1).
    fileprivate func shape(of id: HoldID, for actor: User) throws -> HoldShape {
        let found = try hold(id, openTo: actor.id).map { [$0] } ?? []
        guard let shape = try shapes(of: found).first else { throw Refusal(.v1) }
        return shape
    }

    /// What a hold names, for an administrator; nil for the organisation.
    ///
    /// A record that the administrator may not open is refused like one that is not there (V1). What a backup holds is
    /// fixed once it is completed.
    ///
    /// - Throws: `Refusal` (V1), `AppError` (`noUser`, `noBackup`, `backupNotCompleted`).
    @discardableResult
    fileprivate func check(_ scope: HoldScope, for actor: User) throws -> String? {
        switch scope {
        case .organization: return nil
        case .user(let user): return try existingUser(user).name
        case .record(let record):
            guard let open = try openRecord(record, for: actor.id) else { throw Refusal(.v1) }
            return open.record.name
        case .backup(let id):
            let backup = try existingBackup(id)
            guard backup.status == .completed else { throw AppError(.backupNotCompleted) }
            return try existingUser(backup.user).name
        }
    }
}
