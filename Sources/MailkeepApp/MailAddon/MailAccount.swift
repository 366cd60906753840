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

/// Signs in to a mailbox by its saved settings and counts its folders: one's own, or, for administrators, anybody's.
package struct TestMailAccount: UseCase {
    package var user: UserID
    package var permissions: JobPermissions

    package init(user: UserID, permissions: JobPermissions = JobPermissions()) {
        self.user = user
        self.permissions = permissions
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Int {
        let action = AuditedAction(name: "mail_addon.test", user: user)
        let (addon, credentials) = try await mailkeep.act(action, as: caller) { transaction, actor in
            if actor.id != user { try PagePolicy.use(actor: actor).enforce() }
            _ = try transaction.existingUser(user)
            guard let addon = try transaction.mailAddon(of: user) else { throw Refusal(.b5, .settings) }
            return (.done, (addon, try transaction.credentials(of: user)))
        }
        return try await mailkeep.sources.test(
            accountType: addon.accountType,
            server: addon.server,
            credentials: credentials,
            path: addon.path,
            permissions: permissions
        )
    }
}

/// Asks for a synchronisation of a mailbox: one's own, or, for administrators, anybody's who is active.
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
            return (
                .done, try transaction.insertJob(.synchronise, user: user, permissions: permissions, at: now)
            )
        }
    }
}
