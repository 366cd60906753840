package import MailkeepModel
import MailkeepStore

/// Locks a user's mail add-on settings (L2–L5).
package struct LockSettings: UseCase {
    package var user: UserID

    package init(user: UserID) {
        self.user = user
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> ActionResult {
        let now = mailkeep.clock()
        return try await mailkeep.act(AuditedAction(name: "lock", user: user), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            let decision = LockPolicy.lock(
                actor: actor,
                target: try transaction.existingUser(user),
                addon: try transaction.mailAddon(of: user)?.state,
                administratorCount: try transaction.administratorCount()
            )
            guard try decision.enforce() else { return (.unchanged, .unchanged) }
            try transaction.lockMailAddon(of: user, by: actor.id, at: now)
            return (.done, .done)
        }
    }
}

/// Unlocks a user's mail add-on settings (L6–L8).
package struct UnlockSettings: UseCase {
    package var user: UserID

    package init(user: UserID) {
        self.user = user
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> ActionResult {
        try await mailkeep.act(AuditedAction(name: "unlock", user: user), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            let decision = LockPolicy.unlock(
                actor: actor,
                target: try transaction.existingUser(user),
                addon: try transaction.mailAddon(of: user)?.state,
                administratorCount: try transaction.administratorCount()
            )
            guard try decision.enforce() else { return (.unchanged, .unchanged) }
            try transaction.unlockMailAddon(of: user)
            return (.done, .done)
        }
    }
}
