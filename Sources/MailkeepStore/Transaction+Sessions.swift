package import Foundation
import GRDB
package import MailkeepModel

/// A signed-in browser.
///
/// It is named by the SHA-256 of its token, which the browser alone has.
package struct StoredSession: Sendable, Equatable {
    package var tokenHash: Data
    package var user: User
    package var createdAt: Timestamp
    package var usedAt: Timestamp
    /// What its next page is to tell.
    package var notice: String?
}

extension ReadTransaction {
    /// The session of a token, as long as it was begun and used after these moments and its user is active (U1).
    package func session(
        tokenHash: Data,
        begunAfter begun: Timestamp,
        usedAfter used: Timestamp
    ) throws -> StoredSession? {
        guard
            let row = try row(
                "SELECT * FROM session WHERE token_hash = ? AND created_at > ? AND used_at > ?",
                [tokenHash, begun.rawValue, used.rawValue]
            ), let user = try user(UserID(rawValue: row["user_id"])), user.status == .active
        else { return nil }
        return StoredSession(
            tokenHash: tokenHash,
            user: user,
            createdAt: Timestamp(rawValue: row["created_at"]),
            usedAt: Timestamp(rawValue: row["used_at"]),
            notice: row["notice"]
        )
    }

    /// Whose one-time link it is, while it lasts and its user is active.
    package func invitedUser(tokenHash: Data, at now: Timestamp) throws -> User? {
        let found = try row(
            "SELECT user_id FROM invitation WHERE token_hash = ? AND expires_at > ?",
            [tokenHash, now.rawValue]
        )
        guard let found, let user = try user(UserID(rawValue: found["user_id"])), user.status == .active else {
            return nil
        }
        return user
    }

    /// Whether a user was invited and has not chosen a password yet (P2).
    package func awaitsAcceptance(_ user: UserID) throws -> Bool {
        try exists("SELECT 1 FROM user WHERE id = ? AND \(Self.awaitsAcceptance)", [user.rawValue])
    }

    /// Of a row of `user`: invited, and no password chosen yet (P2).
    static let awaitsAcceptance = """
        user.password_hash IS NULL AND EXISTS (SELECT 1 FROM invitation WHERE invitation.user_id = user.id)
        """
}

extension WriteTransaction {
    /// Begins a session; sessions that nobody used since `expiry` are forgotten.
    package func beginSession(
        tokenHash: Data,
        of user: UserID,
        forgettingUnusedSince expiry: Timestamp,
        at now: Timestamp
    ) throws {
        try run("DELETE FROM session WHERE used_at <= ?", [expiry.rawValue])
        try run(
            "INSERT INTO session (token_hash, user_id, created_at, used_at) VALUES (?, ?, ?, ?)",
            [tokenHash, user.rawValue, now.rawValue, now.rawValue]
        )
    }

    /// Notes that a session is used.
    package func touchSession(_ tokenHash: Data, at now: Timestamp) throws {
        try run("UPDATE session SET used_at = ? WHERE token_hash = ?", [now.rawValue, tokenHash])
    }

    /// Keeps what the next page of a session is to tell; nil forgets it.
    package func setNotice(_ notice: String?, ofSession tokenHash: Data) throws {
        try run("UPDATE session SET notice = ? WHERE token_hash = ?", [notice, tokenHash])
    }

    /// Ends one session.
    package func endSession(_ tokenHash: Data) throws {
        try run("DELETE FROM session WHERE token_hash = ?", [tokenHash])
    }

    /// Ends all of a user's sessions.
    package func endSessions(of user: UserID) throws {
        try run("DELETE FROM session WHERE user_id = ?", [user.rawValue])
    }

    /// Makes a one-time link for a user, in place of a former one.
    package func invite(_ user: UserID, tokenHash: Data, until expiry: Timestamp) throws {
        try removeInvitation(of: user)
        try run(
            "INSERT INTO invitation (token_hash, user_id, expires_at) VALUES (?, ?, ?)",
            [tokenHash, user.rawValue, expiry.rawValue]
        )
    }

    /// Takes a user's one-time link away.
    package func removeInvitation(of user: UserID) throws {
        try run("DELETE FROM invitation WHERE user_id = ?", [user.rawValue])
    }
}
