package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// The audit log since a moment, oldest first; for administrators (U4).
package struct ReadAuditLog: UseCase {
    package var since: Timestamp?

    package init(since: Timestamp? = nil) {
        self.since = since
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> [AuditShape] {
        try await mailkeep.read(AuditedAction(name: "audit.list"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            let names = Dictionary(
                try transaction.users().map { ($0.id, UserShape.Reference(id: $0.id.description, name: $0.name)) },
                uniquingKeysWith: { first, _ in first }
            )
            return try transaction.auditEntries(since: since).map { entry in
                AuditShape(
                    id: String(entry.id),
                    time: entry.at.iso8601WithMilliseconds,
                    action: entry.action,
                    done_by: entry.actor.flatMap { names[$0] },
                    user: entry.user.flatMap { names[$0] },
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
