/// What an administrator may do on the page of mail add-on users (P1, P5).
package enum PagePolicy {
    /// What a row of the page offers.
    package enum Action: String, Sendable, CaseIterable {
        case lock
        case unlock
        case backup
        case latestBackup = "latest_backup"
        case backupSource = "backup_source"
        case deactivate
        case activate
    }

    /// Whether `actor` may use the page, or administer users in any other way (P1).
    package static func use(actor: User) -> Decision {
        actor.isAdministrator ? .allowed : .refused(Refusal(.p1))
    }

    /// What `action` on the row of `target` would be answered now (P5).
    ///
    /// `allowed` is offered, `refused` is shown with its reason, `unchanged` is not shown: what it asks for stands.
    package static func decision(
        on action: Action,
        actor: User,
        target: BackupTarget,
        administratorCount: Int
    ) -> Decision {
        let (user, addon) = (target.user, target.addon)
        return switch action {
        case .lock:
            LockPolicy.lock(actor: actor, target: user, addon: addon, administratorCount: administratorCount)
        case .unlock:
            LockPolicy.unlock(actor: actor, target: user, addon: addon, administratorCount: administratorCount)
        case .backup: BackupPolicy.start(actor: actor, target: target)
        case .latestBackup: BackupPolicy.latest(actor: actor, target: target)
        case .backupSource: LockPolicy.attachSource(actor: actor, target: user, addon: addon)
        case .deactivate:
            UserPolicy.deactivate(actor: actor, target: user, administratorCount: administratorCount)
        case .activate: UserPolicy.activate(actor: actor, target: user)
        }
    }
}
