package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// A user's mail add-on settings: one's own, or, for administrators, anybody's (P3).
package struct ShowMailAddonSettings: UseCase {
    package var user: UserID

    package init(user: UserID) {
        self.user = user
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> MailAddonShape? {
        try await mailkeep.read(AuditedAction(name: "mail_addon.show", user: user), as: caller) {
            transaction,
            actor in
            if actor.id != user { try PagePolicy.use(actor: actor).enforce() }
            let owner = try transaction.existingUser(user)
            return try transaction.mailAddon(of: user).map {
                try transaction.shape(of: $0, owner: owner, reader: actor)
            }
        }
    }
}

/// Signs in to a mailbox and counts its folders.
///
/// By the saved settings it is one's own, or, for administrators, anybody's; by settings that are not saved yet one's own,
/// and only by such as one may save (L1, L2, V5).
package struct TestMailAccount: UseCase {
    package var user: UserID
    /// Settings to be tried in place of the saved ones.
    package var input: MailAddonInput?
    package var permissions: JobPermissions

    package init(user: UserID, input: MailAddonInput? = nil, permissions: JobPermissions = JobPermissions()) {
        self.user = user
        self.input = input
        self.permissions = permissions
    }

    /// - Throws: `AppError` of what is incomplete, as saving does.
    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Int {
        var action = AuditedAction(name: "mail_addon.test", user: user)
        var entered: (input: MailAddonInput, address: UserAddress)?
        if let input {
            let address = try UserAddress(input.address)
            entered = (input, address)
            action.details = ["address": address.normalized, "account_type": input.accountType.rawValue]
        }
        let hashes = entered.map { mailkeep.addressHashes($0.address) }
        let account: Account = try await mailkeep.act(action, as: caller) { [entered] transaction, actor in
            if let entered, let hashes {
                let draft = try transaction.draft(
                    of: entered.input,
                    entered.address,
                    hashes,
                    for: user,
                    by: actor,
                    as: caller
                )
                return (.done, Account(draft.settings))
            }
            if actor.id != user { try PagePolicy.use(actor: actor).enforce() }
            _ = try transaction.existingUser(user)
            guard let addon = try transaction.mailAddon(of: user) else { throw Refusal(.b5, .settings) }
            return (.done, Account(addon, credentials: try transaction.credentials(of: user)))
        }
        return try await mailkeep.sources.test(
            accountType: account.type,
            server: account.server,
            credentials: account.credentials,
            path: account.path,
            tokens: UserTokens(user: user, tokens: mailkeep.tokens),
            permissions: permissions
        )
    }

    /// What signing in needs.
    private struct Account: Sendable {
        let type: AccountType
        let server: MailServer?
        let credentials: MailCredentials?
        let path: String?

        init(_ settings: NewMailAddonSettings) {
            (type, server, path) = (settings.accountType, settings.server, settings.path)
            credentials = settings.credentials
        }

        init(_ settings: MailAddonSettings, credentials: MailCredentials?) {
            (type, server, path) = (settings.accountType, settings.server, settings.path)
            self.credentials = credentials
        }
    }
}

/// Asks for a synchronisation of a mailbox: one's own, or, for administrators, anybody's who is active.
///
/// One that rests is tried at once.
package struct SynchroniseMailbox: UseCase {
    package var user: UserID
    package var permissions: JobPermissions

    package init(user: UserID, permissions: JobPermissions = JobPermissions()) {
        self.user = user
        self.permissions = permissions
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> JobID {
        let now = mailkeep.clock()
        let action = AuditedAction(name: "mail_addon.synchronise", user: user)
        return try await mailkeep.act(action, as: caller) { transaction, actor in
            if actor.id != user { try PagePolicy.use(actor: actor).enforce() }
            let owner = try transaction.existingUser(user)
            // An inactive user's mailbox is read by backups alone.
            try UserPolicy.signIn(owner).enforce()
            guard try transaction.mailAddon(of: user) != nil else { throw Refusal(.b5, .settings) }
            try transaction.wakeJobs(.synchronise, of: user)
            return (
                .done, try transaction.insertJob(.synchronise, user: user, permissions: permissions, at: now)
            )
        }
    }
}
