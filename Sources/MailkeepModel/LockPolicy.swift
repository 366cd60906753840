/// Who may change, lock and unlock mail add-on settings (L1–L9).
///
/// `administratorCount` is the number of active administrators in the organisation at that moment, the actor included.
package enum LockPolicy {
    /// Whether `actor` may lock the settings of `target`: P1, L5 (`settings`), L5 (`lock.inactive`), unchanged, L3, L5.
    package static func lock(actor: User, target: User, addon: MailAddonState?, administratorCount: Int) -> Decision {
        guard actor.isAdministrator else { return .refused(Refusal(.p1)) }
        guard let addon else { return .refused(Refusal(.l5, .settings)) }
        guard target.status == .active else { return .refused(Refusal(.l5, .lockInactive)) }
        guard addon.lock == nil else { return .unchanged }
        guard actor.id != target.id || administratorCount <= 1 else { return .refused(Refusal(.l3)) }
        guard addon.sharing != .none else { return .refused(Refusal(.l5)) }
        return .allowed
    }

    /// Whether `actor` may unlock the settings of `target`, who may be inactive (L6): P1, unchanged, L7.
    package static func unlock(actor: User, target: User, addon: MailAddonState?, administratorCount: Int) -> Decision {
        guard actor.isAdministrator else { return .refused(Refusal(.p1)) }
        guard addon?.lock != nil else { return .unchanged }
        guard actor.id != target.id || administratorCount <= 1 else { return .refused(Refusal(.l7)) }
        return .allowed
    }

    /// Whether `actor` may save the settings of `owner`: L1, L2.
    ///
    /// - Parameter isUnchanged: What is to be saved equals what stands, a re-entered password of the same account
    ///   included. A lock allows that. The answer is then `allowed`, never `unchanged`: the saving itself is recorded
    ///   with its time (U3), which N3 asks for.
    package static func changeSettings(
        actor: User,
        owner: User,
        addon: MailAddonState?,
        isUnchanged: Bool
    ) -> Decision {
        guard actor.id == owner.id else { return .refused(Refusal(.l1)) }
        guard addon?.lock == nil || isUnchanged else { return .refused(Refusal(.l2)) }
        return .allowed
    }

    /// Whether `actor` may share the mail of `owner` on a record, which a lock allows (L1, L2).
    package static func shareRecordMail(actor: User, owner: User) -> Decision {
        actor.id == owner.id ? .allowed : .refused(Refusal(.l1))
    }

    /// Whether `actor` may take back what `owner` shared: a record's mail, or a message now marked private (L1, L2).
    package static func unshareRecordMail(actor: User, owner: User, addon: MailAddonState?) -> Decision {
        changeSettings(actor: actor, owner: owner, addon: addon, isUnchanged: false)
    }

    /// Whether `actor` may attach a backup source to `target`: P1, L9 (`settings`), L9 (active).
    ///
    /// It changes none of the settings, so a lock does not matter; B3, B4, N3 and N4 are judged by `BackupPolicy` when
    /// a backup is asked for.
    package static func attachSource(actor: User, target: User, addon: MailAddonState?) -> Decision {
        guard actor.isAdministrator else { return .refused(Refusal(.p1)) }
        guard addon != nil else { return .refused(Refusal(.l9, .settings)) }
        guard target.status == .inactive else { return .refused(Refusal(.l9)) }
        return .allowed
    }
}
