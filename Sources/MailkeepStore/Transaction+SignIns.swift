package import Foundation
import GRDB
package import MailkeepModel

/// A sign-in at a mail provider that has begun and not come back yet.
///
/// It belongs to one session, and lives as long as that or ten minutes. What comes back proves by its state that it is
/// the answer to it.
package struct PendingSignIn: Sendable, Equatable, Codable, CustomStringConvertible, CustomReflectable {
    package var provider: MailProvider
    /// The mailbox, and what is to be shared of it, as they were entered.
    package var address: String
    package var sharing: String
    /// Proves to the provider that who redeems the answer is who asked (PKCE, RFC 7636).
    package var verifier: String
    /// Where the provider was told to send the browser back to.
    package var redirectURI: String

    package init(provider: MailProvider, address: String, sharing: String, verifier: String, redirectURI: String) {
        self.provider = provider
        self.address = address
        self.sharing = sharing
        self.verifier = verifier
        self.redirectURI = redirectURI
    }

    package var description: String { "PendingSignIn(redacted)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension WriteTransaction {
    /// Notes that a session begins to sign in at a provider, in place of what it had begun before.
    package func beginSignIn(
        _ pending: PendingSignIn,
        session: Data,
        stateHash: Data,
        until expiry: Timestamp
    ) throws {
        try run(
            """
            INSERT OR REPLACE INTO pending_sign_in (session_hash, state_hash, expires_at, sealed_request)
            VALUES (?, ?, ?, ?)
            """,
            [
                session, stateHash, expiry.rawValue,
                try sealing.seal(pending, with: \.credentials, context: Self.context(stateHash)),
            ]
        )
    }

    /// Takes what a session had begun, so that it is answered once; nil where this is not the answer, or it comes late.
    package func takeSignIn(session: Data, stateHash: Data, at now: Timestamp) throws -> PendingSignIn? {
        let found = try row(
            "SELECT * FROM pending_sign_in WHERE session_hash = ? AND state_hash = ?",
            [session, stateHash]
        )
        guard let found else { return nil }
        try run("DELETE FROM pending_sign_in WHERE session_hash = ?", [session])
        guard (found["expires_at"] as Int64) > now.rawValue else { return nil }
        return try sealing.open(
            PendingSignIn.self,
            found["sealed_request"],
            with: \.credentials,
            context: Self.context(stateHash)
        )
    }

    private static func context(_ stateHash: Data) -> String {
        "pending_sign_in/\(stateHash.base64EncodedString())"
    }

    /// Puts a refresh token in the place of the one that it was given for; the settings are not saved by that (N3).
    ///
    /// - Returns: false where the owner has signed in otherwise meanwhile: what they gave last stands.
    package func replaceRefreshToken(of user: UserID, _ old: MailGrant, by token: String) throws -> Bool {
        guard var credentials = try credentials(of: user), credentials.grant == old else { return false }
        credentials.proof = .grant(MailGrant(provider: old.provider, refreshToken: token))
        try run(
            "UPDATE mail_addon SET sealed_credentials = ? WHERE user_id = ?",
            [try sealing.seal(credentials, with: \.credentials, context: "mail_addon/\(user)"), user.rawValue]
        )
        return true
    }
}
