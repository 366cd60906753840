import Foundation
import GRDB

@testable import MailkeepApp

extension Firm {
    /// All that the database says but the audit log, and what only tells how a session goes on.
    func facts() throws -> [String: [String]] {
        try read { database in
            let tables = try String.fetchAll(
                database,
                sql: """
                    SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
                    AND name NOT LIKE 'grdb_%' AND name <> 'audit'
                    """
            )
            var facts: [String: [String]] = [:]
            for table in tables {
                var columns = try database.columns(in: table).map(\.name)
                if table == "session" { columns.removeAll { $0 == "used_at" || $0 == "notice" } }
                let row = columns.map { "quote(\"\($0)\")" }.joined(separator: " || ',' || ")
                facts[table] = try String.fetchAll(database, sql: "SELECT \(row) FROM \"\(table)\" ORDER BY 1")
            }
            return facts
        }
    }

    /// How many refusals by V1 the audit log has.
    func refusals() throws -> Int {
        try read {
            try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM audit WHERE outcome = 'refused' AND rule = 'V1'") ?? 0
        }
    }

    private func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        var configuration = Configuration()
        configuration.readonly = true
        return try DatabaseQueue(path: mailkeep.directory.database, configuration: configuration).read(body)
    }

    /// Changes what no use case would.
    func change(_ sql: String, _ arguments: String...) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        try DatabaseQueue(path: mailkeep.directory.database, configuration: configuration).write {
            try $0.execute(sql: sql, arguments: StatementArguments(arguments))
        }
    }
}
