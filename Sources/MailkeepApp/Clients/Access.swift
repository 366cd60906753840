import Foundation
import MailkeepKeys
package import MailkeepModel
import MailkeepStore

/// A request of a client that has proved itself, and whose it is.
package struct Access: Sendable {
    package let client: ClientID
    package let user: User
    package let scopes: [Scope]

    /// Whether the client may do what needs a scope.
    package func allows(_ scope: Scope) -> Bool { scopes.contains { $0.covers(scope) } }

    /// Seconds that an access token lasts.
    package static let seconds = 3600
    /// Milliseconds after which a use is noted again.
    fileprivate static let noted: Int64 = 60_000
}

/// What a client shows to be given an access token (RFC 6749, section 6).
package struct RefreshRequest: Redacted, Sendable {
    package var clientID: String
    package var clientSecret: String
    package var refreshToken: String
    /// The network address.
    package var address: String

    package init(clientID: String, clientSecret: String, refreshToken: String, address: String) {
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.refreshToken = refreshToken
        self.address = address
    }
}

extension Mailkeep {
    /// Gives a client an access token, of which only its hash is kept.
    ///
    /// Whatever is wrong is answered alike. Failures are throttled by network address, and not logged one by one.
    ///
    /// - Throws: `AppError` (`badClient`, `tooManyAttempts`).
    package func refresh(_ request: RefreshRequest) async throws -> SecretToken {
        let now = clock()
        let keys: [SignInThrottle.Key] = [.refresh(Self.throttledNetwork(of: request.address))]
        if let seconds = await throttle.take(keys, at: now) {
            throw AppError(.tooManyAttempts, ["seconds": "\(seconds)"])
        }
        guard let id = ClientID(request.clientID), let secret = SecretToken(request.clientSecret),
            let refreshToken = SecretToken(request.refreshToken)
        else { throw AppError(.badClient) }
        let token = SecretToken()
        let isGiven = try await store.write { transaction in
            guard let client = try transaction.client(id), client.revokedAt == nil, client.secretHash == secret.hash,
                client.refreshTokenHash == refreshToken.hash, try transaction.user(client.user)?.status == .active
            else { return false }
            let expiry = now.advanced(byMilliseconds: Int64(Access.seconds) * 1000)
            try transaction.insertAccessToken(hash: token.hash, of: client.id, until: expiry, at: now)
            return true
        }
        guard isGiven else { throw AppError(.badClient) }
        await throttle.giveBack(keys, at: now)
        return token
    }

    /// Counts a request without an access token that counts.
    ///
    /// - Throws: `AppError` (`tooManyAttempts`).
    package func countUnknownClient(at address: String) async throws {
        let key = SignInThrottle.Key.client(Self.throttledNetwork(of: address))
        if let seconds = await throttle.take([key], at: clock()) {
            throw AppError(.tooManyAttempts, ["seconds": "\(seconds)"])
        }
    }

    /// Whose access token it is; nil where it has ended, was revoked, or its user is not active (U1).
    package func access(_ token: SecretToken) async throws -> Access? {
        let now = clock()
        guard let (client, user) = try await store.read({ try $0.client(ofAccessToken: token.hash, at: now) }) else {
            return nil
        }
        if client.usedAt.map({ $0.advanced(byMilliseconds: Access.noted) < now }) ?? true {
            try await noteUse(of: "client") { try $0.touchClient(client.id, at: now) }
        }
        return Access(client: client.id, user: user, scopes: client.scopes)
    }
}
