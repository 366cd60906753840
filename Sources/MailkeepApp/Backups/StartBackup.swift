package import MailkeepModel
import MailkeepStore

/// "Back up data" of an inactive user (B1–B5).
package struct StartBackup: UseCase {
    package var user: UserID
    package var permissions: JobPermissions

    package init(user: UserID, permissions: JobPermissions = JobPermissions()) {
        self.user = user
        self.permissions = permissions
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> BackupID {
        try await mailkeep.requestBackup(of: user, kind: .first, permissions, as: caller, decide: BackupPolicy.start)
    }
}

/// "Latest backup" of one inactive user (N1–N5).
///
/// With several users ticked, each is decided by itself (N5).
package struct TakeLatestBackup: UseCase {
    package var user: UserID
    package var permissions: JobPermissions

    package init(user: UserID, permissions: JobPermissions = JobPermissions()) {
        self.user = user
        self.permissions = permissions
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> BackupID {
        try await mailkeep.requestBackup(of: user, kind: .latest, permissions, as: caller, decide: BackupPolicy.latest)
    }
}

extension Mailkeep {
    fileprivate func requestBackup(
        of user: UserID,
        kind: BackupKind,
        _ permissions: JobPermissions,
        as caller: Caller,
        decide: @escaping @Sendable (User, BackupTarget) -> Decision
    ) async throws -> BackupID {
        let now = clock()
        let action = AuditedAction(name: kind.rawValue, user: user)
        return try await act(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            let target = try transaction.existingUser(user)
            try decide(actor, transaction.backupTarget(target)).enforce()
            guard let addon = try transaction.mailAddon(of: user) else { throw Refusal(.b5, .settings) }
            let backup = try transaction.insertBackup(
                of: user,
                kind: kind,
                addon: addon,
                requestedBy: actor.id,
                permissions: permissions,
                at: now
            )
            return (.done, backup)
        }
    }
}
