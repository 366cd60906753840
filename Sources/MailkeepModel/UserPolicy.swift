/// Who may sign in, and who may change who may (U1, U2).
///
/// `administratorCount` is the number of active administrators in the organisation at that moment, the actor included.
package enum UserPolicy {
    /// Whether `user` may sign in or act at all (U1); to be told only after the right password.
    package static func signIn(_ user: User) -> Decision {
        user.status == .active ? .allowed : .refused(Refusal(.u1))
    }

    /// Whether `actor` may deactivate `target`: P1, unchanged, U2 (`self`), U2 (`last`).
    package static func deactivate(actor: User, target: User, administratorCount: Int) -> Decision {
        guard actor.isAdministrator else { return .refused(Refusal(.p1)) }
        guard target.status == .active else { return .unchanged }
        guard actor.id != target.id else { return .refused(Refusal(.u2, .`self`)) }
        return keepingAnAdministrator(target: target, administratorCount: administratorCount)
    }

    /// Whether `actor` may make `target` active: P1, unchanged.
    package static func activate(actor: User, target: User) -> Decision {
        guard actor.isAdministrator else { return .refused(Refusal(.p1)) }
        return target.status == .active ? .unchanged : .allowed
    }

    /// Whether `actor` may give `target` another profile: P1, unchanged, U2 (`last`).
    package static func changeProfile(
        actor: User,
        target: User,
        to profile: Profile,
        administratorCount: Int
    ) -> Decision {
        guard actor.isAdministrator else { return .refused(Refusal(.p1)) }
        guard target.profile != profile else { return .unchanged }
        return keepingAnAdministrator(target: target, administratorCount: administratorCount)
    }

    /// Refuses that the last active administrator ceases to be one (U2).
    private static func keepingAnAdministrator(target: User, administratorCount: Int) -> Decision {
        target.isAdministrator && administratorCount <= 1 ? .refused(Refusal(.u2, .last)) : .allowed
    }
}
