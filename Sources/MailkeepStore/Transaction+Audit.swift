import Crypto
package import Foundation
import GRDB
package import MailkeepModel

/// An entry of the audit log: who, what, on whom, when, from where, the outcome and the rule (U4).
package struct AuditEntry: Sendable, Equatable {
    package var id: Int64
    package var at: Timestamp
    package var actor: UserID?
    /// From where: the way in, and the operating system's user or the network address.
    package var origin: String
    /// The id of the request or job, as in the log.
    package var request: String
    package var action: String
    package var user: UserID?
    package var target: String?
    package var outcome: AuditOutcome
    package var rule: String?
    package var reason: String?
    package var details: [String: String]
    package var hash: Data

    package init(
        at: Timestamp,
        actor: UserID?,
        origin: String,
        request: String,
        action: String,
        user: UserID? = nil,
        target: String? = nil,
        outcome: AuditOutcome,
        refusal: Refusal? = nil,
        details: [String: String] = [:]
    ) {
        id = 0
        self.at = at
        self.actor = actor
        self.origin = origin
        self.request = request
        self.action = action
        self.user = user
        self.target = target
        self.outcome = outcome
        rule = refusal?.rule.rawValue
        reason = refusal?.reason?.rawValue
        self.details = details
        hash = Data()
    }

    /// SHA-256 over the former entry's hash and this entry's fields as a JSON array:
    /// `[id, at, actor, origin, request, action, user, target, outcome, rule, reason, details]`, null where absent.
    fileprivate func chained(to previous: Data, id: Int64) throws -> AuditEntry {
        let fields: [AuditField] = [
            .number(id), .number(at.rawValue), actor.map { .number($0.rawValue) } ?? .null, .text(origin),
            .text(request), .text(action), user.map { .number($0.rawValue) } ?? .null,
            target.map(AuditField.text) ?? .null, .text(outcome.rawValue), rule.map(AuditField.text) ?? .null,
            reason.map(AuditField.text) ?? .null, .object(details),
        ]
        var entry = self
        entry.id = id
        entry.hash = try Data(SHA256.hash(data: previous + JSONEncoder.sorted.encode(fields)))
        return entry
    }
}

private enum AuditField: Encodable {
    case null
    case number(Int64)
    case text(String)
    case object([String: String])

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}

extension ReadTransaction {
    /// Entries since a moment, oldest first.
    ///
    /// - Parameter page: nil asks for all of them.
    package func auditEntries(since: Timestamp? = nil, page: PageRequest? = nil) throws -> Page<AuditEntry> {
        let found = try rows(
            "SELECT * FROM audit WHERE at >= ? ORDER BY id LIMIT ? OFFSET ?",
            [since?.rawValue ?? Int64.min, page?.limit ?? -1, page?.offset ?? 0]
        )
        return Page(try found.map(Self.auditEntry), of: page)
    }

    /// The hash of the last entry: 32 zero bytes before the first.
    package func auditHead() throws -> Data {
        try row("SELECT hash FROM audit ORDER BY id DESC LIMIT 1")?["hash"] ?? Data(count: 32)
    }

    /// Computes the chain anew.
    ///
    /// - Returns: how many entries there are, and the id of the first that does not follow from the one before it.
    package func verifyAudit() throws -> (count: Int, firstBroken: Int64?) {
        var previous = Data(count: 32)
        var count = 0
        let cursor = try Row.fetchCursor(database, sql: "SELECT * FROM audit ORDER BY id")
        while let row = try cursor.next() {
            count += 1
            // What cannot even be read follows from nothing either.
            guard let entry = try? Self.auditEntry(row), entry.id == count,
                try entry.chained(to: previous, id: entry.id).hash == entry.hash
            else { return (count, row["id"]) }
            previous = entry.hash
        }
        return (count, nil)
    }

    /// The completed backups whose manifests name a head that the log does not have: its end was cut off.
    package func backupsBeyondAudit() throws -> [BackupID] {
        try rows(
            """
            SELECT id FROM backup WHERE status = 'completed' AND audit_head <> zeroblob(32)
              AND audit_head NOT IN (SELECT hash FROM audit) ORDER BY id
            """
        ).map { BackupID(rawValue: $0["id"]) }
    }

    static func auditEntry(_ row: Row) throws -> AuditEntry {
        let actor: Int64? = row["actor_id"]
        let user: Int64? = row["user_id"]
        guard let outcome = AuditOutcome(rawValue: row["outcome"]) else {
            throw StoreError(.damaged, "an audit entry has an unknown outcome")
        }
        let details = Data((row["details"] as String).utf8)
        var entry = AuditEntry(
            at: Timestamp(rawValue: row["at"]),
            actor: actor.map(UserID.init),
            origin: row["origin"],
            request: row["request"],
            action: row["action"],
            user: user.map(UserID.init),
            target: row["target"],
            outcome: outcome,
            details: try JSONDecoder().decode([String: String].self, from: details)
        )
        entry.id = row["id"]
        entry.rule = row["rule"]
        entry.reason = row["reason"]
        entry.hash = row["hash"]
        return entry
    }
}

extension WriteTransaction {
    /// Appends an entry, chained to the one before.
    package func appendAudit(_ entry: AuditEntry) throws {
        let last: Int64 = try row("SELECT MAX(id) AS id FROM audit")?["id"] ?? 0
        let chained = try entry.chained(to: auditHead(), id: last &+ 1)
        try run(
            """
            INSERT INTO audit (id, at, actor_id, origin, request, action, user_id, target, outcome, rule, reason,
                               details, hash)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                chained.id, chained.at.rawValue, chained.actor?.rawValue, chained.origin, chained.request,
                chained.action, chained.user?.rawValue, chained.target, chained.outcome.rawValue, chained.rule,
                chained.reason, String(decoding: try JSONEncoder.sorted.encode(chained.details), as: UTF8.self),
                chained.hash,
            ]
        )
    }
}
