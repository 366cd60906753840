import GRDB
package import MailkeepModel

extension ReadTransaction {
    /// A page of the audit log, the newest entries first.
    package func auditEntries(_ query: AuditQuery) throws -> Page<AuditEntry> {
        var conditions = ["TRUE"]
        var arguments: StatementArguments = ["limit": query.page.limit, "offset": query.page.offset]
        func add(_ condition: String, _ name: String, _ value: (any DatabaseValueConvertible)?) {
            guard let value else { return }
            conditions.append("\(condition) :\(name)")
            arguments += [name: value]
        }
        add("at >=", "since", query.since?.rawValue)
        add("at <", "until", query.until?.rawValue)
        add("action =", "action", query.action)
        add("outcome =", "outcome", query.outcome?.rawValue)
        add("rule =", "rule", query.rule)
        add("actor_id =", "actor", query.actor?.rawValue)
        add("user_id =", "user", query.user?.rawValue)
        if let target = SearchText.term(query.target) {
            conditions.append("instr(lower(target), :target)")
            arguments += ["target": target]
        }
        let found = try rows(
            """
            SELECT * FROM audit WHERE \(conditions.joined(separator: " AND "))
            ORDER BY id DESC LIMIT :limit OFFSET :offset
            """,
            arguments
        )
        return Page(try found.map(Self.auditEntry), of: query.page)
    }

    /// The names of all actions that the audit log has entries of, in their order.
    package func auditActions() throws -> [String] {
        // From each name to the next, as SQLite reads a whole index for DISTINCT.
        try rows(
            """
            WITH RECURSIVE name (action) AS (
                SELECT MIN(action) FROM audit
                UNION ALL
                SELECT (SELECT MIN(audit.action) FROM audit WHERE audit.action > name.action) FROM name
                WHERE name.action IS NOT NULL
            )
            SELECT action FROM name WHERE action IS NOT NULL
            """
        ).map { $0["action"] }
    }
}
