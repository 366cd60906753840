package import MailkeepModel
import MailkeepStore

/// Makes a user inactive (U1, U2), and asks for the backup of their mail if that was chosen (B5).
///
/// It is all or nothing: where the backup would be refused, the user stays active. Nothing is deleted (design
/// decision 11); a synchronisation of the mailbox ends.
package struct DeactivateUser: UseCase {
    package var user: UserID
    package var backUp: Bool
    package var permissions: JobPermissions

    package init(user: UserID, backUp: Bool = false, permissions: JobPermissions = JobPermissions()) {
        self.user = user
        self.backUp = backUp
        self.permissions = permissions
    }

    /// What deactivating came to.
    package struct Output: Sendable {
        package var result: ActionResult
        /// The backup that was asked for.
        package var backup: BackupID?
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Output {
        let now = mailkeep.clock()
        let action = AuditedAction(name: "user.deactivate", user: user, details: backUp ? ["back_up": "true"] : [:])
        return try await mailkeep.act(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            let target = try transaction.existingUser(user)
            let decision = UserPolicy.deactivate(
                actor: actor,
                target: target,
                administratorCount: try transaction.administratorCount()
            )
            let deactivates = try decision.enforce()
            var backup: BackupID?
            if backUp, let addon = try transaction.mailAddon(of: user) {
                let backupTarget = try transaction.backupTarget(target)
                try BackupPolicy.startOnDeactivation(actor: actor, target: backupTarget).enforce()
                if deactivates { try transaction.deactivate(user, at: now) }
                backup = try transaction.insertBackup(
                    of: user,
                    kind: backupTarget.offeredKind,
                    addon: addon,
                    requestedBy: actor.id,
                    permissions: permissions,
                    at: now
                )
            } else if backUp {
                throw Refusal(.b5, .settings)
            } else if deactivates {
                try transaction.deactivate(user, at: now)
            }
            let result: ActionResult = deactivates || backup != nil ? .done : .unchanged
            return (result, Output(result: result, backup: backup))
        }
    }
}

/// Makes a user active again (U1).
package struct ActivateUser: UseCase {
    package var user: UserID

    package init(user: UserID) {
        self.user = user
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> ActionResult {
        let now = mailkeep.clock()
        let action = AuditedAction(name: "user.activate", user: user)
        let result: ActionResult = try await mailkeep.act(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            let target = try transaction.existingUser(user)
            guard try UserPolicy.activate(actor: actor, target: target).enforce() else {
                return (.unchanged, .unchanged)
            }
            try transaction.activate(user, for: caller, at: now)
            return (.done, .done)
        }
        try await mailkeep.removeDetachedUploads()
        return result
    }
}

extension WriteTransaction {
    /// Makes a user active, and ends their pending backup: a backup is of an inactive user (B5).
    ///
    /// Otherwise it would read, or make visible, what the user has meanwhile as an active one.
    func activate(_ user: UserID, for caller: Caller, at now: Timestamp) throws {
        try activate(user, at: now)
        guard let backup = try pendingBackup(of: user) else { return }
        try cancel(backup, at: now)
        let action = AuditedAction(name: "backup.cancel", user: user, target: "backup/\(backup.id)")
        try appendAudit(AuditEntry(action, by: caller, at: now))
    }
}

/// The user whom an administrator is asked about before activating them (P1).
package struct PreviewActivation: UseCase {
    package var user: UserID

    package init(user: UserID) {
        self.user = user
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> UserShape {
        try await mailkeep.read(AuditedAction(name: "user.activate", user: user), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            return try transaction.shape(of: transaction.existingUser(user))
        }
    }
}

/// What deactivating a user would be answered now, and what it does to their mail; for administrators (P1, B5).
package struct PreviewDeactivation: UseCase {
    package var user: UserID

    package init(user: UserID) {
        self.user = user
    }

    /// What the dialogue tells.
    package struct Output: Sendable {
        package var user: UserShape
        /// Why deactivating would be refused.
        package var refusal: Refusal?
        /// Why the backup along with it would be refused (B5).
        package var backupRefusal: Refusal?
        /// Which of the two actions the backup would be.
        package var backupKind: BackupKind
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Output {
        let action = AuditedAction(name: "user.preview_deactivation", user: user)
        return try await mailkeep.read(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            let target = try transaction.existingUser(user)
            let backupTarget = try transaction.backupTarget(target)
            let decision = UserPolicy.deactivate(
                actor: actor,
                target: target,
                administratorCount: try transaction.administratorCount()
            )
            return Output(
                user: try transaction.shape(of: target),
                refusal: decision.refusal,
                backupRefusal: BackupPolicy.startOnDeactivation(actor: actor, target: backupTarget).refusal,
                backupKind: backupTarget.offeredKind
            )
        }
    }
}
