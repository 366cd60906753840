import Foundation
package import MailkeepModel
import MailkeepStore
import MailkeepSync
import OAuthClient

/// Begins to sign in to one's own mailbox at its provider, so that what is entered can be saved once that is done
/// (L1, L2, V5; OAuth 2.0 with PKCE, RFC 6749 section 4.1 and RFC 7636).
package struct BeginMailSignIn: UseCase {
    package var session: Session
    package var provider: MailProvider
    package var address: String
    package var sharing: SharingSetting
    /// Where the provider is to send the browser back to.
    package var redirectURI: String

    /// Milliseconds within which the provider must have sent the browser back.
    private static let longest: Int64 = 600_000

    package init(
        session: Session,
        provider: MailProvider,
        address: String,
        sharing: SharingSetting,
        redirectURI: String
    ) {
        self.session = session
        self.provider = provider
        self.address = address
        self.sharing = sharing
        self.redirectURI = redirectURI
    }

    /// - Returns: the address of the provider's page.
    /// - Throws: `AppError` (`signInUnavailable`, and what is wrong with the address).
    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> String {
        let address = try UserAddress(address)
        let user = session.user.id
        let action = AuditedAction(
            name: "mail_addon.sign_in.begin",
            user: user,
            details: ["address": address.normalized, "provider": provider.rawValue]
        )
        var input = MailAddonInput(accountType: provider.accountType, address: address.text, sharing: sharing)
        input.granted = try mailkeep.placeholder(for: provider.accountType)
        let registration = try mailkeep.providers.registration(of: provider)
        let (state, verifier, hashes) = (SecretToken(), OAuthVerifier(), mailkeep.addressHashes(address))
        let pending = PendingSignIn(
            provider: provider,
            address: address.text,
            sharing: sharing.rawValue,
            verifier: verifier.text,
            redirectURI: redirectURI
        )
        let expiry = mailkeep.clock().advanced(byMilliseconds: Self.longest)
        try await mailkeep.act(action, as: caller) { [input, session] transaction, actor in
            _ = try transaction.draft(of: input, address, hashes, for: user, by: actor, as: caller)
            try transaction.beginSignIn(pending, session: session.tokenHash, stateHash: state.hash, until: expiry)
            return (.done, ())
        }
        return registration.client.authorizationAddress(
            redirectURI: redirectURI,
            state: state.text,
            verifier: verifier,
            loginHint: address.text
        )
    }
}

/// Ends a sign-in at a provider: saves the settings that it was begun with, once the mail server has accepted it
/// (L1, L2, V5, U3).
///
/// Whose mailbox the provider has opened shows at the mail server alone: it must be the one that was entered.
package struct FinishMailSignIn: UseCase {
    /// What the provider sent the browser back with (RFC 6749, 4.1.2).
    package struct Answer: Sendable {
        package var state: String?
        package var code: String?
        package var error: String?

        package init(state: String?, code: String?, error: String?) {
            self.state = state
            self.code = code
            self.error = error
        }
    }

    package var session: Session
    package var provider: MailProvider
    package var answer: Answer
    package var permissions: JobPermissions

    package init(
        session: Session,
        provider: MailProvider,
        answer: Answer,
        permissions: JobPermissions = JobPermissions()
    ) {
        self.session = session
        self.provider = provider
        self.answer = answer
        self.permissions = permissions
    }

    /// - Throws: `AppError` (`signInExpired`, `signInDeclined`, `signInFailed`, `signInNotLasting`,
    ///   `signInOtherAccount`, `signInUnavailable`), `SyncFailure`.
    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> MailAddonShape {
        let user = session.user.id
        let (pending, code) = try await takePending(in: mailkeep)
        let address = try UserAddress(pending.address)
        let action = AuditedAction(
            name: "mail_addon.sign_in",
            user: user,
            details: ["address": address.normalized, "provider": provider.rawValue, "sharing": pending.sharing]
        )
        guard let sharing = SharingSetting(rawValue: pending.sharing) else { throw AppError(.signInExpired) }
        var input = MailAddonInput(accountType: provider.accountType, address: pending.address, sharing: sharing)
        input.granted = try mailkeep.placeholder(for: provider.accountType)
        let hashes = mailkeep.addressHashes(address)
        let draft = try await mailkeep.read(action, as: caller) { [input] transaction, actor in
            try transaction.draft(of: input, address, hashes, for: user, by: actor, as: caller)
        }
        try await mailkeep.sources.check(server: draft.settings.server, path: nil, permissions: permissions)
        let tokens = try await redeem(code, pending, in: mailkeep)
        guard let refreshToken = tokens.refreshToken else { throw AppError(.signInNotLasting) }
        let grant = MailGrant(provider: provider, refreshToken: refreshToken)
        input.granted?.grant = grant
        do {
            _ = try await mailkeep.sources.test(
                accountType: provider.accountType,
                server: draft.settings.server,
                credentials: MailCredentials(username: address.text, grant: grant),
                path: nil,
                tokens: GivenToken(tokens.accessToken),
                permissions: permissions
            )
        } catch let failure as SyncFailure where failure.code == .revoked || failure.code == .auth {
            throw AppError(.signInOtherAccount, ["address": address.text.forMessages])
        }
        let now = mailkeep.clock()
        let shape = try await mailkeep.act(action, as: caller) { [input] transaction, actor in
            let current = try transaction.draft(of: input, address, hashes, for: user, by: actor, as: caller)
            try transaction.saveMailAddon(current.settings, of: user, addressHash: hashes.exact, at: now)
            try transaction.noteTag(of: hashes)
            guard let saved = try transaction.mailAddon(of: user) else { throw Refusal(.b5, .settings) }
            return (.done, try transaction.shape(of: saved, owner: actor))
        }
        await mailkeep.tokens.keep(tokens, of: user, for: grant)
        return shape
    }

    /// What the session had begun, and the code that answers it; it can be answered once.
    private func takePending(in mailkeep: Mailkeep) async throws -> (PendingSignIn, code: String) {
        guard let state = answer.state.flatMap({ SecretToken($0) }) else { throw AppError(.signInExpired) }
        let now = mailkeep.clock()
        let pending = try await mailkeep.store.write { [session] in
            try $0.takeSignIn(session: session.tokenHash, stateHash: state.hash, at: now)
        }
        guard let pending, pending.provider == provider else { throw AppError(.signInExpired) }
        let names = ["provider": provider.displayName]
        if let error = answer.error {
            throw AppError(error == "access_denied" ? .signInDeclined : .signInFailed, names)
        }
        guard let code = answer.code, !code.isEmpty, code.utf8.count <= 8192 else {
            throw AppError(.signInFailed, names)
        }
        return (pending, code)
    }

    private func redeem(_ code: String, _ pending: PendingSignIn, in mailkeep: Mailkeep) async throws -> OAuthTokens {
        do {
            let registration = try mailkeep.providers.registration(of: provider)
            return try await OAuthTokenClient(registration.client).redeem(
                code: code,
                redirectURI: pending.redirectURI,
                verifier: OAuthVerifier(text: pending.verifier)
            )
        } catch let error as OAuthError where error.code == .grantRefused {
            throw AppError(.signInFailed, ["provider": provider.displayName])
        } catch let error as OAuthError {
            throw SyncFailure(error)
        }
    }
}

extension Mailkeep {
    /// Stands for what the provider of an account type will have given, where it is asked only what may be saved.
    ///
    /// - Throws: `AppError` (`signInUnavailable`) where users cannot sign in there.
    func placeholder(for accountType: AccountType) throws -> (grant: MailGrant, server: MailServer) {
        guard let provider = accountType.provider, providers.registered.contains(provider) else {
            throw AppError(.signInUnavailable, ["type": accountType.displayName])
        }
        let server = try providers.registration(of: provider).server
        return (MailGrant(provider: provider, refreshToken: ""), server)
    }

    /// Uses a refresh token once, which shows that it is one and may bring another in its place.
    ///
    /// - Throws: `SyncFailure` (`revoked`, `provider`, `connect`).
    func renew(
        _ refreshToken: String,
        of provider: MailProvider
    ) async throws -> (grant: MailGrant, tokens: OAuthTokens) {
        guard OAuthTokens.isToken(refreshToken) else { throw AppError(.badCredentials) }
        do {
            let registration = try providers.registration(of: provider)
            let tokens = try await OAuthTokenClient(registration.client).refresh(refreshToken)
            return (MailGrant(provider: provider, refreshToken: tokens.refreshToken ?? refreshToken), tokens)
        } catch let error as OAuthError {
            throw SyncFailure(error)
        }
    }
}
