package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// The audit log since a moment, oldest first; for administrators (U4).
package struct ReadAuditLog: UseCase {
    package var since: Timestamp?
    /// Nil asks for all of it.
    package var page: PageRequest?

    package init(since: Timestamp? = nil, page: PageRequest? = nil) {
        self.since = since
        self.page = page
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Page<AuditShape> {
        try await mailkeep.read(AuditedAction(name: "audit.list"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            return try transaction.shapes(of: transaction.auditEntries(since: since, page: page))
        }
    }
}

/// A page of the audit log, the newest entries first; for administrators (U4).
package struct FindAuditEntries: UseCase {
    package var query: AuditQuery

    package init(_ query: AuditQuery = AuditQuery()) {
        self.query = query
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Page<AuditShape> {
        try await mailkeep.read(AuditedAction(name: "audit.list"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            return try transaction.shapes(of: transaction.auditEntries(query))
        }
    }
}

/// The names of the actions that the audit log has entries of; for administrators.
package struct ListAuditActions: UseCase {
    package init() {}

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> [String] {
        try await mailkeep.read(AuditedAction(name: "audit.list"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            return try transaction.auditActions()
        }
    }
}

extension ReadTransaction {
    fileprivate func shapes(of entries: Page<AuditEntry>) throws -> Page<AuditShape> {
        let names = try userNames(entries.items.lazy.flatMap { [$0.actor, $0.user].compactMap { $0 } })
        return entries.map { entry in
            AuditShape(
                id: String(entry.id),
                time: entry.at.iso8601WithMilliseconds,
                action: entry.action,
                done_by: entry.actor.map { UserShape.Reference($0, names) },
                user: entry.user.map { UserShape.Reference($0, names) },
                target: entry.target,
                origin: entry.origin,
                request: entry.request,
                outcome: entry.outcome.rawValue,
                rule: entry.rule,
                reason: entry.reason,
                details: entry.details,
                hash: entry.hash.hex
            )
        }
    }
}

/// Computes the audit log's chain anew; for administrators.
package struct VerifyAuditLog: UseCase {
    package init() {}

    /// How many entries there are, the first that does not follow from the one before it, and the backups whose
    /// manifests name an entry that is no longer there.
    package struct Output: Encodable, Sendable, Equatable {
        package var entries: Int
        package var first_broken: String?
        package var backups_beyond: [String]
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Output {
        try await mailkeep.read(AuditedAction(name: "audit.verify"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            let (count, firstBroken) = try transaction.verifyAudit()
            return Output(
                entries: count,
                first_broken: firstBroken.map(String.init),
                backups_beyond: try transaction.backupsBeyondAudit().map(\.description)
            )
        }
    }
}

/// An entry of the audit log in the API's form.
package struct AuditShape: Encodable, Sendable, Equatable {
    package var id: String
    package var time: String
    package var action: String
    package var done_by: UserShape.Reference?
    package var user: UserShape.Reference?
    package var target: String?
    package var origin: String
    package var request: String
    package var outcome: String
    package var rule: String?
    package var reason: String?
    package var details: [String: String]
    package var hash: String
}
