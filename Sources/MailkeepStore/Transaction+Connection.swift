package import Foundation
import GRDB
import MailkeepKeys
package import MailkeepModel

/// Where the CRM is that is the master of the directory, and what opens it.
///
/// Sealed at rest.
package struct ConnectionSettings: Redacted, Codable, Sendable, Equatable {
    /// The API's own address.
    package var apiDomain: String
    package var tokenEndpoint: String
    package var clientID: String
    package var clientSecret: String
    package var refreshToken: String
    /// Certificates (PEM) to trust in place of the system's.
    package var certificates: String?

    package init(
        apiDomain: String,
        tokenEndpoint: String,
        clientID: String,
        clientSecret: String,
        refreshToken: String,
        certificates: String? = nil
    ) {
        self.apiDomain = apiDomain
        self.tokenEndpoint = tokenEndpoint
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.refreshToken = refreshToken
        self.certificates = certificates
    }
}

/// A connection, and how far the CRM was read.
package struct Connection: Sendable, Equatable {
    package var settings: ConnectionSettings
    /// Whether a user who is deactivated there is backed up here.
    package var backsUp: Bool
    package var savedBy: UserID
    package var savedAt: Timestamp
    /// When the run began that is not at its end, by the CRM's clock.
    package var beganAt: Timestamp?
    /// Where that run goes on.
    package var position: Data?
    /// What is to be asked for again, as paths of the API: `Contacts/12`.
    package var unresolved: [String]
    /// When the last run that came to its end had begun, by the CRM's clock.
    package var completedAt: Timestamp?
    /// From when on a run reads all records anew, as more is unresolved than is asked for again.
    package var rereadAt: Timestamp?
    package var endedAt: Timestamp?
    /// Why the last run broke off.
    package var error: String?
    /// Runs that broke off since the last one that did not.
    package var failures: Int
    /// Why a person has to mend something.
    package var attention: Attention?

    package enum Attention: String, Sendable, CaseIterable {
        /// The CRM refuses to be read, or the administrator as whom it is read may not do so any more.
        case refused
        /// It could not be read several times in a row.
        case failing
    }
}

extension ReadTransaction {
    private static let connectionContext = "connection"

    /// The connection to the master of the directory; nil where there is none.
    package func connection() throws -> Connection? {
        guard let row = try row("SELECT * FROM connection") else { return nil }
        return Connection(
            settings: try sealing.open(
                ConnectionSettings.self,
                row["sealed_settings"],
                with: \.credentials,
                context: Self.connectionContext
            ),
            backsUp: row["backs_up"],
            savedBy: UserID(rawValue: row["saved_by"]),
            savedAt: Timestamp(rawValue: row["saved_at"]),
            beganAt: (row["began_at"] as Int64?).map(Timestamp.init),
            position: (row["position"] as String?).map { Data($0.utf8) },
            unresolved: (row["unresolved"] as String).split(separator: " ").map(String.init),
            completedAt: (row["completed_at"] as Int64?).map(Timestamp.init),
            rereadAt: (row["reread_at"] as Int64?).map(Timestamp.init),
            endedAt: (row["ended_at"] as Int64?).map(Timestamp.init),
            error: row["error"],
            failures: row["failures"],
            attention: (row["attention"] as String?).flatMap(Connection.Attention.init)
        )
    }

    fileprivate func sealed(_ settings: ConnectionSettings) throws -> Data {
        try sealing.seal(settings, with: \.credentials, context: Self.connectionContext)
    }
}

extension WriteTransaction {
    /// Saves a connection; how far another server was read is forgotten.
    ///
    /// Another client of the same one may see more or less: all is read anew with it, and all that was deleted.
    package func saveConnection(
        _ settings: ConnectionSettings,
        backsUp: Bool,
        by user: UserID,
        at now: Timestamp
    ) throws {
        let former = try connection()
        // The time names the connection that a run reads.
        let now = former.map { max(now, $0.savedAt.advanced(byMilliseconds: 1)) } ?? now
        if let former, former.settings.apiDomain == settings.apiDomain {
            if former.settings.clientID != settings.clientID {
                try run(
                    """
                    UPDATE connection SET position = NULL, began_at = NULL,
                        reread_at = CASE WHEN completed_at IS NOT NULL THEN 0 END
                    """
                )
            }
            try run(
                """
                UPDATE connection SET sealed_settings = ?, backs_up = ?, saved_by = ?, saved_at = ?, error = NULL,
                    failures = 0, attention = NULL
                """,
                [sealed(settings), backsUp, user.rawValue, now.rawValue]
            )
        } else {
            try run(
                """
                INSERT OR REPLACE INTO connection (id, sealed_settings, backs_up, saved_by, saved_at)
                VALUES (1, ?, ?, ?, ?)
                """,
                [sealed(settings), backsUp, user.rawValue, now.rawValue]
            )
        }
    }

    /// Notes where a run goes on.
    ///
    /// - Parameter savedAt: of the connection that the run reads.
    /// - Throws: `StoreError` (`constraint`) where it is not that one any more.
    package func setConnectionPosition(_ position: Data, beganAt: Timestamp?, savedAt: Timestamp) throws {
        try run(
            "UPDATE connection SET position = ?, began_at = ? WHERE saved_at = ?",
            [String(decoding: position, as: UTF8.self), beganAt?.rawValue, savedAt.rawValue]
        )
        try checkConnection()
    }

    /// Notes that a run has come to its end.
    ///
    /// - Throws: as `setConnectionPosition`.
    package func completeConnection(
        savedAt: Timestamp,
        readUntil: Timestamp,
        unresolved: [String],
        rereadAt: Timestamp?,
        at now: Timestamp
    ) throws {
        try run(
            """
            UPDATE connection SET position = NULL, began_at = NULL, completed_at = ?, unresolved = ?, reread_at = ?,
                ended_at = ?, error = NULL, failures = 0, attention = NULL
            WHERE saved_at = ?
            """,
            [
                readUntil.rawValue, unresolved.joined(separator: " "), rereadAt?.rawValue, now.rawValue,
                savedAt.rawValue,
            ]
        )
        try checkConnection()
    }

    private func checkConnection() throws {
        guard database.changesCount > 0 else {
            throw StoreError(.constraint, "the connection was changed or removed while it was read")
        }
    }

    /// Runs in a row that break off before a person is told.
    private static let patience = 3

    /// Notes why a run broke off.
    ///
    /// - Parameters:
    ///   - isRefused: whether only a person can mend it; else it may pass by itself.
    ///   - savedAt: of the connection that the run has read.
    /// - Returns: whether it is still that one.
    package func failConnection(
        _ error: String,
        isRefused: Bool,
        savedAt: Timestamp,
        at now: Timestamp
    ) throws -> Bool {
        try run(
            """
            UPDATE connection SET ended_at = ?1, error = ?2, failures = failures + 1,
                attention = COALESCE(
                    attention, CASE WHEN ?3 THEN 'refused' WHEN failures + 1 >= ?4 THEN 'failing' END)
            WHERE saved_at = ?5
            """,
            [now.rawValue, error, isRefused, Self.patience, savedAt.rawValue]
        )
        return database.changesCount > 0
    }

    /// Forgets the connection.
    ///
    /// - Returns: whether there was one.
    package func removeConnection() throws -> Bool {
        try run("DELETE FROM connection")
        return database.changesCount > 0
    }
}
