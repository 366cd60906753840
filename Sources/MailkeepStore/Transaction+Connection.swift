package import Foundation
import GRDB
package import MailkeepModel

/// Where the CRM is that is the master of the directory, and what opens it.
///
/// Sealed at rest.
package struct ConnectionSettings: Codable, Sendable, Equatable {
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
    /// When the run began that is not at its end, by the CRM's clock.
    package var beganAt: Timestamp?
    /// Where that run goes on.
    package var position: Data?
    /// When the last run that came to its end had begun, by the CRM's clock.
    package var completedAt: Timestamp?
    package var endedAt: Timestamp?
    /// Why the last run broke off.
    package var error: String?
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
            beganAt: (row["began_at"] as Int64?).map(Timestamp.init),
            position: (row["position"] as String?).map { Data($0.utf8) },
            completedAt: (row["completed_at"] as Int64?).map(Timestamp.init),
            endedAt: (row["ended_at"] as Int64?).map(Timestamp.init),
            error: row["error"]
        )
    }

    fileprivate func sealed(_ settings: ConnectionSettings) throws -> Data {
        try sealing.seal(settings, with: \.credentials, context: Self.connectionContext)
    }
}

extension WriteTransaction {
    /// Saves a connection; what was read of another server is forgotten.
    package func saveConnection(
        _ settings: ConnectionSettings,
        backsUp: Bool,
        by user: UserID,
        at now: Timestamp
    ) throws {
        let former = try connection()
        if let former, former.settings.apiDomain == settings.apiDomain {
            try run(
                "UPDATE connection SET sealed_settings = ?, backs_up = ?, saved_by = ?, saved_at = ?",
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

    /// Notes where a run goes on; nil at its end.
    package func setConnectionPosition(_ position: Data?, beganAt: Timestamp?) throws {
        try run(
            "UPDATE connection SET position = ?, began_at = ?",
            [position.map { String(decoding: $0, as: UTF8.self) }, beganAt?.rawValue]
        )
    }

    /// Notes that a run has come to its end.
    package func completeConnection(beganAt: Timestamp, at now: Timestamp) throws {
        try run(
            """
            UPDATE connection SET position = NULL, began_at = NULL, completed_at = ?, ended_at = ?, error = NULL
            """,
            [beganAt.rawValue, now.rawValue]
        )
    }

    /// Notes why a run broke off.
    package func failConnection(_ error: String, at now: Timestamp) throws {
        try run("UPDATE connection SET ended_at = ?, error = ?", [now.rawValue, error])
    }

    /// Forgets the connection.
    ///
    /// - Returns: whether there was one.
    package func removeConnection() throws -> Bool {
        try run("DELETE FROM connection")
        return database.changesCount > 0
    }
}
