import Foundation
package import MailkeepModel
import MailkeepStore
import MailkeepSync
import OAuthClient

/// Mail add-on settings as their owner gives them; what is left out stays as it is saved.
package struct MailAddonInput: Sendable {
    package var accountType: AccountType
    package var address: String
    package var host: String?
    package var port: Int?
    package var security: ConnectionSecurity?
    package var username: String?
    package var password: String?
    /// Given by the account type's provider to this Mailkeep's client, in place of a password.
    package var refreshToken: String?
    /// What the provider has given, and the server that it is for; not for people to enter.
    var granted: (grant: MailGrant, server: MailServer)?
    package var certificates: String?
    package var path: String?
    package var sharing: SharingSetting

    package init(accountType: AccountType, address: String, sharing: SharingSetting) {
        self.accountType = accountType
        self.address = address
        self.sharing = sharing
    }
}

/// Saves the mail add-on settings of their owner (L1, L2, U3).
///
/// While they are locked, only saving them unchanged is allowed, which counts for N3; a password entered anew is kept
/// once it has signed in to the mail server.
package struct SaveMailAddonSettings: UseCase {
    package var user: UserID
    package var input: MailAddonInput
    package var permissions: JobPermissions

    package init(user: UserID, input: MailAddonInput, permissions: JobPermissions = JobPermissions()) {
        self.user = user
        self.input = input
        self.permissions = permissions
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> MailAddonShape {
        let address = try UserAddress(input.address)
        let action = AuditedAction(
            name: "mail_addon.save",
            user: user,
            details: [
                "address": address.normalized, "sharing": input.sharing.rawValue,
                "account_type": input.accountType.rawValue,
            ]
        )
        // Decided first with what is known now, so that nobody's sign-in is tried in vain; decided again when it counts.
        let hashes = mailkeep.addressHashes(address)
        var entered = input
        if input.refreshToken != nil { entered.granted = try mailkeep.placeholder(for: input.accountType) }
        var draft = try await mailkeep.read(action, as: caller) { [entered] transaction, actor in
            try transaction.draft(of: entered, address, hashes, for: user, by: actor, as: caller)
        }
        let (server, path) = (draft.settings.server, draft.settings.path)
        try await mailkeep.sources.check(server: server, path: path, permissions: permissions)
        var tokens: (any AccessTokenSource)? = UserTokens(user: user, tokens: mailkeep.tokens)
        if let refreshToken = input.refreshToken, let granted = entered.granted {
            let renewed = try await mailkeep.renew(refreshToken, of: granted.grant.provider)
            entered.granted?.grant = renewed.grant
            draft.settings.credentials?.proof = .grant(renewed.grant)
            tokens = GivenToken(renewed.tokens.accessToken)
        }
        if draft.isLocked, draft.hasNewProof {
            _ = try await mailkeep.sources.test(
                accountType: draft.settings.accountType,
                server: server,
                credentials: draft.settings.credentials,
                path: path,
                tokens: tokens,
                permissions: permissions
            )
        }
        let now = mailkeep.clock()
        return try await mailkeep.act(action, as: caller) { [entered, wasLocked = draft.isLocked] transaction, actor in
            let current = try transaction.draft(of: entered, address, hashes, for: user, by: actor, as: caller)
            // Locked meanwhile: a new password would be kept that was not tried.
            guard wasLocked || !current.isLocked || !current.hasNewProof else { throw Refusal(.l2) }
            try transaction.saveMailAddon(current.settings, of: user, addressHash: hashes.exact, at: now)
            try transaction.noteTag(of: hashes)
            guard let saved = try transaction.mailAddon(of: user) else { throw Refusal(.b5, .settings) }
            return (.done, try transaction.shape(of: saved, owner: actor))
        }
    }
}

extension MailAddonInput {
    /// The settings that this amounts to beside what is saved.
    ///
    /// - Throws: `AppError` (`accountTypeUnavailable`, `serverIncomplete`, `badPort`, `badCertificates`,
    ///   `passwordNeeded`, `signInNeeded`).
    func settings(
        _ address: UserAddress,
        saved: MailAddonSettings?,
        credentials: MailCredentials?
    ) throws -> NewMailAddonSettings {
        let sameAddress = saved?.normalizedAddress == address.normalized ? saved : nil
        // A saved password goes only to the server and account for which it was given.
        let sameAccount = sameAddress?.accountType == accountType ? sameAddress : nil
        var settings = NewMailAddonSettings(
            // In other letters it is the same address, and stays as it is (L2).
            address: sameAddress?.address ?? address.text,
            normalizedAddress: address.normalized,
            domain: address.domain,
            accountType: accountType,
            server: nil,
            path: nil,
            credentials: nil,
            sharing: sharing
        )
        guard accountType.hasServer else {
            guard accountType.isFile, let path = path ?? sameAccount?.path else {
                throw AppError(accountType.isFile ? .sourceIncomplete : .accountTypeUnavailable)
            }
            settings.path = path
            return settings
        }
        if let granted {
            settings.server = granted.server
            settings.credentials = MailCredentials(username: address.text, grant: granted.grant)
            return settings
        }
        let server = try server(saved: sameAccount?.server)
        let username = username ?? credentials.flatMap { sameAccount == nil ? nil : $0.username } ?? address.text
        settings.server = server
        if let password {
            guard !username.isEmpty, !password.isEmpty, !(username + password).utf8.contains(where: { $0 < 0x20 })
            else {
                throw AppError(.badCredentials)
            }
            settings.credentials = MailCredentials(username: username, password: password)
        } else if let credentials, sameAccount?.server == server, credentials.username == username {
            settings.credentials = credentials
        } else {
            // What signed in at a provider, or can in no other way, does not miss a password.
            let needsProvider = credentials?.grant?.provider.accountType == accountType || accountType == .microsoft365
            throw AppError(needsProvider ? .signInNeeded : .passwordNeeded)
        }
        return settings
    }

    private func server(saved: MailServer?) throws -> MailServer {
        let known = saved ?? accountType.preset
        guard let host = (host ?? known?.host)?.trimmingCharacters(in: .whitespaces), !host.isEmpty,
            host.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "[") && $0 != UInt8(ascii: "]") })
        else { throw AppError(.serverIncomplete) }
        let security = security ?? (host == known?.host ? known?.security : nil) ?? .tls
        let isSameHost = host == known?.host && security == known?.security
        let port = port ?? (isSameHost ? known?.port : nil) ?? accountType.usualPort(security)
        guard (1...65_535).contains(port) else { throw AppError(.badPort) }
        if let certificates, !certificates.contains("-----BEGIN CERTIFICATE-----") {
            throw AppError(.badCertificates)
        }
        return MailServer(
            host: host,
            port: port,
            security: security,
            certificates: certificates ?? (isSameHost ? known?.certificates : nil)
        )
    }
}

extension AccountType {
    /// Whether the mailbox is a file or folder of this machine.
    var isFile: Bool { self == .maildir || self == .mbox }
}
