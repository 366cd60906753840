package import MailkeepModel
package import MailkeepStore
package import OAuthClient

/// The access tokens of mailboxes that are signed in to at their provider.
///
/// They are kept in memory alone, for as long as they are valid. A user's grant is used by one request at a time, as a
/// provider may give a new refresh token with each answer and take the use of the former one for theft (RFC 9700, 4.14).
package actor AccessTokens {
    private struct Kept {
        let grant: MailGrant
        let token: String
        let expiry: Timestamp
        /// From here on it is better to ask for another one, which takes a run's sign-in over the moment of its end.
        let renewal: Timestamp
    }

    /// Milliseconds before its end from which a token is not begun with any more.
    private static let margin: Int64 = 120_000

    private let store: Store
    private let providers: MailProviders
    private let now: @Sendable () -> Timestamp
    private let limit: Duration
    private var kept: [UserID: Kept] = [:]
    private var refreshes: [UserID: Task<AccessToken, any Error>] = [:]

    /// - Parameter limit: how long a provider may take to answer.
    package init(
        store: Store,
        providers: MailProviders,
        limit: Duration = .seconds(30),
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.store = store
        self.providers = providers
        self.limit = limit
        self.now = now
    }

    /// A token for a user's mailbox, by the grant in their settings.
    ///
    /// - Parameter refused: a token that the mail server did not accept.
    /// - Throws: `SyncFailure` (`settings`, `revoked`, `provider`, `connect`), `CancellationError`, and what the database
    ///   throws.
    package func token(of user: UserID, refusing refused: String? = nil) async throws -> AccessToken {
        let grant = try await grant(of: user)
        if let token = keptToken(of: user, grant, refusing: refused) { return token }
        let refresh = refreshes[user] ?? begin(user, refusing: refused)
        let token = try await refresh.value
        try Task.checkCancellation()
        return token
    }

    /// Keeps a token that came with a grant, so that it is not asked for again.
    package func keep(_ tokens: OAuthTokens, of user: UserID, for grant: MailGrant) {
        let lifetime = Int64(tokens.lifetime) * 1000
        let now = now()
        kept[user] = Kept(
            grant: grant,
            token: tokens.accessToken,
            expiry: now.advanced(byMilliseconds: lifetime),
            renewal: now.advanced(byMilliseconds: lifetime - min(Self.margin, lifetime / 2))
        )
    }

    /// Begins to renew a user's token, in a task that is not of who asks first.
    ///
    /// Were that cancelled between the provider's answer and its being stored, a new refresh token would be lost, and with
    /// it the sign-in. The task ends by itself, as its waits are bounded.
    private func begin(_ user: UserID, refusing refused: String?) -> Task<AccessToken, any Error> {
        let task = Task {
            defer { refreshes[user] = nil }
            return try await renew(user, refusing: refused)
        }
        refreshes[user] = task
        return task
    }

    private func renew(_ user: UserID, refusing refused: String?) async throws -> AccessToken {
        // Read now that nobody else uses it: what was read before may have been replaced meanwhile.
        let grant = try await grant(of: user)
        if let token = keptToken(of: user, grant, refusing: refused) { return token }
        kept[user] = nil
        let tokens: OAuthTokens
        do {
            let client = OAuthTokenClient(try providers.registration(of: grant.provider).client, limit: limit)
            tokens = try await client.refresh(grant.refreshToken)
        } catch let error as OAuthError {
            throw SyncFailure(error)
        }
        var current = grant
        if let refreshToken = tokens.refreshToken, refreshToken != grant.refreshToken {
            current.refreshToken = refreshToken
            // Where its owner has signed in again meanwhile, what they gave then stands.
            let isStored = try await store.write {
                try $0.replaceRefreshToken(of: user, grant, by: refreshToken)
            }
            guard isStored else { return AccessToken(text: tokens.accessToken, isFresh: true) }
        }
        keep(tokens, of: user, for: current)
        return AccessToken(text: tokens.accessToken, isFresh: true)
    }

    private func grant(of user: UserID) async throws -> MailGrant {
        guard let grant = try await store.read({ try $0.credentials(of: user) })?.grant else {
            throw SyncFailure(.settings, "the settings hold no sign-in at a provider")
        }
        return grant
    }

    private func keptToken(of user: UserID, _ grant: MailGrant, refusing refused: String?) -> AccessToken? {
        let now = now()
        kept = kept.filter { $0.value.expiry > now }
        guard let kept = kept[user], kept.grant == grant, kept.token != refused, kept.renewal > now else { return nil }
        return AccessToken(text: kept.token, isFresh: false)
    }
}
