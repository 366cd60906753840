/// Whose mail may be backed up, and by whom (B3–B5, N1–N5).
///
/// With several users ticked each is decided by itself (N5). A planned backup is decided with who planned it as the
/// actor, when it is planned and again when it runs; resuming decides nothing anew (B4).
package enum BackupPolicy {
    /// Whether `actor` may "Back up data" of `target`: P1, B5 (`settings`, active, `running`, `done`), B3, B4.
    package static func start(actor: User, target: BackupTarget) -> Decision {
        decide(actor: actor, target: target) { addon in
            if target.backups.isCompleted { return Refusal(.b5, .done) }
            return addon.sharing.allowsBackup ? nil : Refusal(.b3)
        }
    }

    /// Whether `actor` may take a "Latest backup" of `target`: P1, B5 (`settings`, active, `running`), N3, N4, B4.
    ///
    /// It needs no earlier backup (N1).
    package static func latest(actor: User, target: BackupTarget) -> Decision {
        decide(actor: actor, target: target) { addon in
            // An inactive user saves nothing, so what was saved at the moment of the re-activation was saved after it.
            if let reactivatedAt = target.reactivatedAt, addon.savedAt < reactivatedAt { return Refusal(.n3) }
            return addon.sharing.allowsBackup ? nil : Refusal(.n4)
        }
    }

    /// What asking for a backup while deactivating `target` would be answered once they are inactive (B5).
    ///
    /// It asks for `target.offeredKind`, under that action's rules: N3 holds here as soon as there is a completed
    /// backup. Where this refuses, deactivating with a backup is refused as a whole, before anything changes.
    package static func startOnDeactivation(actor: User, target: BackupTarget) -> Decision {
        var leaver = target
        leaver.user.status = .inactive
        return switch target.offeredKind {
        case .first: start(actor: actor, target: leaver)
        case .latest: latest(actor: actor, target: leaver)
        }
    }

    /// The order that both actions share; `own` are the refusals between B5 and B4 that belong to one of them.
    private static func decide(
        actor: User,
        target: BackupTarget,
        own: (MailAddonState) -> Refusal?
    ) -> Decision {
        guard actor.isAdministrator else { return .refused(Refusal(.p1)) }
        guard let addon = target.addon else { return .refused(Refusal(.b5, .settings)) }
        guard target.user.status == .inactive else { return .refused(Refusal(.b5)) }
        guard !target.backups.isPending else { return .refused(Refusal(.b5, .running)) }
        if let refusal = own(addon) { return .refused(refusal) }
        guard addon.mailboxDomain == actor.domain else {
            let domains = Refusal.Domains(mailbox: addon.mailboxDomain, administrator: actor.domain)
            return .refused(Refusal(.b4, domains: domains))
        }
        return .allowed
    }
}
