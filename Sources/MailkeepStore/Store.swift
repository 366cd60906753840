package import Foundation
import GRDB
package import MailkeepKeys

/// The facts of one organisation: who, what, when (`DIR/mailkeep.sqlite`).
///
/// WAL, foreign keys and `synchronous=FULL`: a transaction that was committed survives a power cut. One process at a
/// time opens it (design decision 1).
package final class Store: Sendable {
    let pool: DatabasePool
    /// For look-ups that block, apart from the pool: who waits there for a connection on a thread of the concurrency
    /// runtime waits for others that need such a thread to give theirs back, and with few cores all of them stand still.
    private let lookups: DatabaseQueue
    private let sealing: Sealing

    /// Opens the database at `path`, creating it when it is absent, and brings its schema up to date.
    ///
    /// - Throws: `StoreError` (`newerSchema`, `cannotOpen`, `damaged`, …).
    package init(path: String, keys: KeyRing) throws {
        var configuration = Configuration()
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA trusted_schema = OFF")
            database.add(function: SearchText.function)
        }
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 8
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            let migrator = Schema.migrator
            if try pool.read(migrator.hasBeenSuperseded) {
                throw StoreError(.newerSchema, "a newer Mailkeep wrote this data directory; upgrade this one to use it")
            }
            try migrator.migrate(pool)
            // The pool's own preparation of WAL comes after ours and lowers it to NORMAL.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            configuration.readonly = true
            lookups = try DatabaseQueue(path: path, configuration: configuration)
        } catch let error as DatabaseError {
            throw StoreError(error)
        }
        sealing = Sealing(columns: keys.sealer(for: .column), credentials: keys.sealer(for: .credentials))
    }

    /// Reads one consistent state.
    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (ReadTransaction) throws -> Result
    ) async throws -> Result {
        let sealing = sealing
        return try await StoreError.translating {
            try await pool.read { try body(ReadTransaction($0, sealing: sealing)) }
        }
    }

    /// Changes the facts in one transaction: all of it happens, or, when `body` throws, none.
    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (WriteTransaction) throws -> Result
    ) async throws -> Result {
        let sealing = sealing
        #if DEBUG
        CrashPoint.reach()
        defer { CrashPoint.reach() }
        #endif
        return try await StoreError.translating {
            try await pool.write { try body(WriteTransaction($0, sealing: sealing)) }
        }
    }

    /// Seals what is to be recorded of a mail, outside the transaction that records it.
    package func seal(_ message: FetchedMessage) throws -> SealedMessage { try sealing.seal(message) }

    /// Where content lies in the vault; nil when it is not stored.
    ///
    /// Blocks for one look-up by key, and waits for nothing but other such look-ups.
    package func location(of key: Data) throws -> ContentLocation? {
        try lookUp { try $0.location(of: key) }
    }

    /// Where the content of the newest message lies; nil where there is none.
    package func newestLocation() throws -> ContentLocation? {
        try lookUp { try $0.newestLocation() }
    }

    private func lookUp<Result>(_ body: (ReadTransaction) throws -> Result) throws -> Result {
        do {
            return try lookups.read { try body(ReadTransaction($0, sealing: sealing)) }
        } catch let error as DatabaseError {
            throw StoreError(error)
        }
    }

    /// Ends all connections, with a last checkpoint.
    package func close() throws {
        do {
            try lookups.close()
            try pool.close()
        } catch let error as DatabaseError { throw StoreError(error) }
    }
}
