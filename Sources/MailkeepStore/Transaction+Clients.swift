package import Foundation
import GRDB
package import MailkeepModel

/// A program that uses the API in a user's name.
package struct StoredClient: Sendable, Equatable {
    package var id: ClientID
    package var user: UserID
    package var name: String
    package var scopes: [Scope]
    package var secretHash: Data
    package var refreshTokenHash: Data
    package var createdAt: Timestamp
    package var usedAt: Timestamp?
    package var revokedAt: Timestamp?
}

extension ReadTransaction {
    /// A client, also one that was revoked.
    package func client(_ id: ClientID) throws -> StoredClient? {
        try row("SELECT * FROM client WHERE id = ?", [id.rawValue]).map(Self.client)
    }

    /// The clients that were not revoked, of one user or of all, newest first.
    package func clients(of user: UserID?) throws -> [StoredClient] {
        try rows(
            "SELECT * FROM client WHERE revoked_at IS NULL AND user_id = COALESCE(?, user_id) ORDER BY id DESC",
            [user?.rawValue]
        ).map(Self.client)
    }

    /// Whose access token it is, as long as it lasts, its client stands, and the client's user is active (U1).
    package func client(ofAccessToken hash: Data, at now: Timestamp) throws -> (client: StoredClient, user: User)? {
        let found = try row(
            """
            SELECT client.* FROM access_token JOIN client ON client.id = access_token.client_id
            WHERE access_token.hash = ? AND access_token.expires_at > ? AND client.revoked_at IS NULL
            """,
            [hash, now.rawValue]
        ).map(Self.client)
        guard let found, let user = try user(found.user), user.status == .active else { return nil }
        return (found, user)
    }

    private static func client(_ row: Row) -> StoredClient {
        StoredClient(
            id: ClientID(rawValue: row["id"]),
            user: UserID(rawValue: row["user_id"]),
            name: row["name"],
            scopes: (row["scopes"] as String).split(separator: " ").compactMap { Scope($0) },
            secretHash: row["secret_hash"],
            refreshTokenHash: row["refresh_token_hash"],
            createdAt: Timestamp(rawValue: row["created_at"]),
            usedAt: (row["used_at"] as Int64?).map(Timestamp.init),
            revokedAt: (row["revoked_at"] as Int64?).map(Timestamp.init)
        )
    }
}

extension WriteTransaction {
    /// Access tokens of one client that may be in use at the same time; of more the oldest end.
    private static let mostAccessTokens = 30

    package func insertClient(
        of user: UserID,
        name: String,
        scopes: [Scope],
        secretHash: Data,
        refreshTokenHash: Data,
        at now: Timestamp
    ) throws -> ClientID {
        let id = try insert(
            """
            INSERT INTO client (user_id, name, scopes, secret_hash, refresh_token_hash, created_at)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            [
                user.rawValue, name, scopes.map(\.description).joined(separator: " "), secretHash, refreshTokenHash,
                now.rawValue,
            ]
        )
        return ClientID(rawValue: id)
    }

    /// Adds an access token of a client.
    package func insertAccessToken(hash: Data, of client: ClientID, until expiry: Timestamp, at now: Timestamp) throws {
        try run("DELETE FROM access_token WHERE expires_at <= ?", [now.rawValue])
        try run(
            """
            DELETE FROM access_token WHERE hash IN (
                SELECT hash FROM access_token WHERE client_id = ? ORDER BY expires_at DESC LIMIT -1 OFFSET ?)
            """,
            [client.rawValue, Self.mostAccessTokens - 1]
        )
        try run(
            "INSERT INTO access_token (hash, client_id, expires_at) VALUES (?, ?, ?)",
            [hash, client.rawValue, expiry.rawValue]
        )
        try touchClient(client, at: now)
    }

    /// Notes that a client is used.
    package func touchClient(_ client: ClientID, at now: Timestamp) throws {
        try run("UPDATE client SET used_at = ? WHERE id = ?", [now.rawValue, client.rawValue])
    }

    /// Takes its tokens from a client, for good.
    package func revokeClient(_ client: ClientID, at now: Timestamp) throws {
        try run("DELETE FROM access_token WHERE client_id = ?", [client.rawValue])
        try run(
            "UPDATE client SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
            [now.rawValue, client.rawValue]
        )
    }

    /// Takes their tokens from all clients of a user (U1), or of everybody, for good.
    package func revokeClients(of user: UserID?, at now: Timestamp) throws {
        for client in try clients(of: user) { try revokeClient(client.id, at: now) }
    }
}
