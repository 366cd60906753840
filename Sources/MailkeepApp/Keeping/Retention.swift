package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// Messages in the API's form, with the oldest and newest dates by which retention goes.
package struct MessageTotalsShape: Encodable, Sendable, Equatable {
    package var user: UserShape.Reference?
    package var messages: Int
    package var bytes: Int64
    package var oldest_time: String?
    package var newest_time: String?

    init(_ totals: MessageTotals, of user: UserShape.Reference? = nil) {
        self.user = user
        messages = totals.messages
        bytes = totals.bytes
        oldest_time = totals.oldest?.iso8601
        newest_time = totals.newest?.iso8601
    }
}

/// What retention would remove, in the API's form.
package struct RetentionPreviewShape: Encodable, Sendable, Equatable {
    package var days: Int
    /// What is dated before is removed.
    package var cutoff_time: String
    package var total: MessageTotalsShape
    /// By the users in whose mailboxes they are; a message that several have is counted for each.
    package var users: [MessageTotalsShape]
    /// Messages that are as old and stay: on legal hold, and others that backups hold or may still take.
    package var held: Int
    package var backed_up: Int
}

/// Shows what retention would remove now; for administrators.
package struct PreviewRetention: UseCase {
    /// How many days messages would be kept; nil takes what is set.
    package var days: Int?

    package init(days: Int? = nil) {
        self.days = days
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> RetentionPreviewShape {
        let now = mailkeep.clock()
        return try await mailkeep.read(AuditedAction(name: "retention.preview"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            guard let days = try days ?? transaction.retention()?.days else { throw AppError(.noRetention) }
            try RetentionSetting.check(days)
            let cutoff = RetentionSetting.cutoff(days: days, at: now)
            let preview = try transaction.previewRetention(cutoff: cutoff)
            let names = try transaction.userNames(preview.users.map(\.user))
            return RetentionPreviewShape(
                days: days,
                cutoff_time: cutoff.iso8601,
                total: MessageTotalsShape(preview.due),
                users: preview.users.map { MessageTotalsShape($0.totals, of: UserShape.Reference($0.user, names)) },
                held: preview.held,
                backed_up: preview.backedUp
            )
        }
    }
}

/// Sets how long messages are kept, and begins to remove what is older (R3); for administrators.
package struct SetRetention: UseCase {
    /// nil keeps them for ever.
    package var days: Int?
    /// How many messages the preview told that would go first.
    package var confirmed: Int?

    package init(days: Int?, confirmed: Int? = nil) {
        self.days = days
        self.confirmed = confirmed
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> OrganizationShape {
        let now = mailkeep.clock()
        var action = AuditedAction(name: "retention.set")
        action.details["days"] = days.map { "\($0)" } ?? "none"
        return try await mailkeep.act(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            guard try transaction.retention()?.days != days else {
                return (.unchanged, try transaction.organizationShape())
            }
            if let days {
                try RetentionSetting.check(days)
                let setting = RetentionSetting(days: days, setBy: actor.id)
                let due = try transaction.previewRetention(cutoff: setting.cutoff(at: now)).due.messages
                guard due == 0 || confirmed == due else { throw AppError(.retentionUnseen, ["count": "\(due)"]) }
                try transaction.setRetention(setting, at: now)
                _ = try transaction.beginRetention(cutoff: setting.cutoff(at: now), by: actor.id, at: now)
            } else {
                try transaction.setRetention(nil, at: now)
            }
            return (.done, try transaction.organizationShape())
        }
    }
}

/// Has retention run now, as it does once a day while a server runs; for administrators.
package struct RunRetention: UseCase {
    package init() {}

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> RemovalID {
        let now = mailkeep.clock()
        return try await mailkeep.act(AuditedAction(name: "retention.run"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            guard let setting = try transaction.retention() else { throw AppError(.noRetention) }
            return (.done, try transaction.beginRetention(cutoff: setting.cutoff(at: now), by: actor.id, at: now))
        }
    }
}

extension RetentionSetting {
    /// - Throws: `AppError` (`badRetentionDays`).
    fileprivate static func check(_ days: Int) throws {
        guard range.contains(days) else { throw AppError(.badRetentionDays) }
    }
}
