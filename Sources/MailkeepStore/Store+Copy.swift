import GRDB
package import MailkeepModel

/// A copy of the whole database, for snapshots.
extension Store {
    /// The migrations that this version knows, in their order; a database that has others is of a newer one.
    package static var migrations: [String] { Schema.migrator.migrations }

    /// Copies the database as it stands at one moment into a file of its own, by SQLite's online backup; others read and
    /// write meanwhile.
    ///
    /// The copy needs no write-ahead log beside it, and is durable. The file must exist and be empty, so that its mode is
    /// its maker's.
    ///
    /// - Parameter onProgress: is told how many pages are copied, and how many there are; what it throws ends the copy.
    package func copy(
        to path: String,
        onProgress: @escaping @Sendable (_ done: Int, _ all: Int) throws -> Void = { _, _ in }
    ) async throws {
        try await StoreError.translating {
            let target = try DatabaseQueue(path: path)
            try await pool.read { source in
                // From here on the transaction sees one state, however many steps the copy takes.
                _ = try Int.fetchOne(source, sql: "SELECT COUNT(*) FROM sqlite_master")
                try target.writeWithoutTransaction { copy in
                    try source.backup(to: copy, pagesPerStep: Self.pagesPerStep) { progress in
                        try Task.checkCancellation()
                        try onProgress(progress.completedPageCount, progress.totalPageCount)
                    }
                    try copy.execute(sql: "PRAGMA journal_mode = DELETE")
                }
            }
            try target.close()
        }
    }

    private static let pagesPerStep: CInt = 4096
}

extension ReadTransaction {
    /// The migrations that the database went through.
    package func appliedMigrations() throws -> [String] {
        try Schema.migrator.appliedMigrations(database)
    }
}

extension WriteTransaction {
    /// Ends what let somebody in at the moment of a snapshot: sessions, sign-ins at providers that had begun, one-time
    /// links, clients of the API.
    ///
    /// What was ended after that moment, as by a sign-out, a new password or a revocation, would be let in again.
    package func endAllSignIns(at now: Timestamp) throws {
        try run("DELETE FROM pending_sign_in")
        try run("DELETE FROM session")
        try run("DELETE FROM invitation")
        try revokeClients(of: nil, at: now)
    }

    /// Tells nobody any more of what had happened before a snapshot: whoever it concerned may have been told since.
    package func endAllDeliveries() throws {
        try run("UPDATE delivery SET state = 'failed', error = 'restored' WHERE state = 'pending'")
    }

    /// Takes away uploaded backup sources whose files are not there.
    ///
    /// - Parameter files: those that are.
    package func detachUploads(notAmong files: Set<String>) throws {
        for row in try rows("SELECT user_id, file FROM backup_upload") where !files.contains(row["file"]) {
            try run("DELETE FROM backup_source WHERE user_id = ?", [row["user_id"] as Int64])
        }
    }
}
