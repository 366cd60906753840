package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// Attaches a backup source to an inactive user, in place of the leaver's own credentials (L9).
package struct AttachBackupSource: UseCase {
    /// An administrator's or master user's sign-in to the same mailbox, or a file of this machine.
    package enum Source: Sendable {
        case signIn(MailCredentials)
        case path(String)
    }

    package var user: UserID
    package var source: Source
    package var permissions: JobPermissions

    package init(user: UserID, source: Source, permissions: JobPermissions = JobPermissions()) {
        self.user = user
        self.source = source
        self.permissions = permissions
    }

    /// - Returns: the server that a sign-in goes to, by the leaver's settings; nil for a file.
    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> MailServer? {
        let now = mailkeep.clock()
        var kind = "sign_in"
        if case .path = source { kind = "path" }
        let action = AuditedAction(name: "backup_source.attach", user: user, details: ["kind": kind])
        _ = try await mailkeep.read(action, as: caller) { try PagePolicy.use(actor: $1).enforce() }
        if case .path(let path) = source {
            try await mailkeep.sources.check(server: nil, path: path, permissions: permissions)
        }
        let server: MailServer? = try await mailkeep.act(action, as: caller) { transaction, actor in
            try transaction.allowSource(of: user, actor: actor)
            var attached = BackupSource(attachedBy: actor.id, attachedAt: now)
            switch source {
            case .signIn(let credentials):
                guard let server = try transaction.mailAddon(of: user)?.server else { throw AppError(.sourceNoServer) }
                attached.server = server
                attached.credentials = credentials
            case .path(let path): attached.path = path
            }
            try transaction.attachBackupSource(attached, to: user)
            return (.done, attached.server)
        }
        try await mailkeep.removeDetachedUploads()
        return server
    }
}

/// Takes a backup source from a user again (L9); an uploaded file is removed.
package struct DetachBackupSource: UseCase {
    package var user: UserID

    package init(user: UserID) {
        self.user = user
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> ActionResult {
        let action = AuditedAction(name: "backup_source.detach", user: user)
        let result: ActionResult = try await mailkeep.act(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            _ = try transaction.existingUser(user)
            let result: ActionResult = try transaction.detachBackupSource(of: user) ? .done : .unchanged
            return (result, result)
        }
        try await mailkeep.removeDetachedUploads()
        return result
    }
}

extension ReadTransaction {
    /// Decides whether a backup source may be attached to a user (P1, L9).
    ///
    /// - Throws: `Refusal`, `AppError` (`noUser`).
    func allowSource(of user: UserID, actor: User) throws {
        try PagePolicy.use(actor: actor).enforce()
        let decision = LockPolicy.attachSource(
            actor: actor,
            target: try existingUser(user),
            addon: try mailAddon(of: user)?.state
        )
        try decision.enforce()
    }
}
