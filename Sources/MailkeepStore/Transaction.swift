import GRDB

/// What can be read within one consistent state of the facts.
///
/// Lives no longer than the closure that receives it.
package class ReadTransaction {
    let database: Database
    let sealing: Sealing

    init(_ database: Database, sealing: Sealing) {
        self.database = database
        self.sealing = sealing
    }

    /// The first row of a query, or nil.
    func row(_ sql: String, _ arguments: StatementArguments = []) throws -> Row? {
        try Row.fetchOne(database.cachedStatement(sql: sql), arguments: arguments)
    }

    /// All rows of a query.
    func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
        try Row.fetchAll(database.cachedStatement(sql: sql), arguments: arguments)
    }

    /// Whether a query gives any row.
    func exists(_ sql: String, _ arguments: StatementArguments = []) throws -> Bool {
        try row(sql, arguments) != nil
    }
}

/// What can be read and changed within one transaction.
package final class WriteTransaction: ReadTransaction {
    /// Runs a statement that changes rows.
    func run(_ sql: String, _ arguments: StatementArguments = []) throws {
        try database.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    /// Runs an INSERT and gives the new row's id.
    func insert(_ sql: String, _ arguments: StatementArguments) throws -> Int64 {
        try run(sql, arguments)
        return database.lastInsertedRowID
    }

    /// Undoes what `body` changed when it throws, and lets the transaction go on.
    package func savepoint<Result>(_ body: () throws -> Result) throws -> Result {
        var result: Swift.Result<Result, any Error>?
        try database.inSavepoint {
            do {
                result = .success(try body())
                return .commit
            } catch {
                result = .failure(error)
                return .rollback
            }
        }
        guard let result else { throw StoreError(.other, "a savepoint ended without a result") }
        return try result.get()
    }
}
