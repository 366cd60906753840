import MailkeepModel
import MailkeepStore

/// Mail add-on settings as they would be saved, once the rules have allowed it.
struct MailAddonDraft: Sendable {
    var settings: NewMailAddonSettings
    var isLocked: Bool
    /// A password, or a sign-in at the provider, that is not the saved one.
    var hasNewProof: Bool
}

extension ReadTransaction {
    /// What `input` amounts to beside what is saved, where `actor` may save that as the settings of `user` (L1, L2, V5).
    ///
    /// Files of this machine are chosen by administrators, and by who reaches them anyway (P1).
    ///
    /// - Throws: `Refusal`, and `AppError` as `MailAddonInput.settings` does.
    func draft(
        of input: MailAddonInput,
        _ address: UserAddress,
        _ hashes: AddressHashes,
        for user: UserID,
        by actor: User,
        as caller: Caller
    ) throws -> MailAddonDraft {
        guard actor.id == user else { throw Refusal(.l1) }
        let saved = try mailAddon(of: user)
        let savedCredentials = try credentials(of: user)
        let settings: NewMailAddonSettings
        do {
            settings = try input.settings(address, saved: saved, credentials: savedCredentials)
        } catch let error as AppError {
            // What is incomplete beside what is saved is not what is saved.
            throw saved?.lock == nil ? error : Refusal(.l2)
        }
        let decision = LockPolicy.changeSettings(
            actor: actor,
            owner: actor,
            addon: saved?.state,
            isUnchanged: saved.map { settings.isUnchanged(from: $0, username: savedCredentials?.username) } ?? false
        )
        try decision.enforce()
        if let path = settings.path, path != saved?.path, !caller.isOfMachine {
            try PagePolicy.use(actor: actor).enforce()
        }
        let standsOnRecord = try standsOnRecord(
            addressHash: hashes.exact,
            withoutTag: hashes.withoutTag,
            otherThan: user
        )
        try VisibilityPolicy.claim(standsOnRecord: standsOnRecord).enforce()
        return MailAddonDraft(
            settings: settings,
            isLocked: saved?.lock != nil,
            hasNewProof: settings.credentials?.proof != savedCredentials?.proof
        )
    }
}
