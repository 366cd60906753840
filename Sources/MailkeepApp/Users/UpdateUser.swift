package import MailkeepModel
import MailkeepStore

/// Changes a user's name, role, profile or password.
///
/// Users change their own name and password; the rest is for administrators (P1), and the last of them stays one (U2).
package struct UpdateUser: UseCase {
    package var user: UserID
    package var name: String?
    package var role: String?
    package var profile: Profile?
    package var password: String?

    package init(
        user: UserID,
        name: String? = nil,
        role: String? = nil,
        profile: Profile? = nil,
        password: String? = nil
    ) {
        self.user = user
        self.name = name
        self.role = role
        self.profile = profile
        self.password = password
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> UserShape {
        var changed: [String] = []
        if name != nil { changed.append("name") }
        if role != nil { changed.append("role") }
        if profile != nil { changed.append("profile") }
        if password != nil { changed.append("password") }
        var details = ["fields": changed.joined(separator: ",")]
        details["profile"] = profile?.rawValue
        let action = AuditedAction(name: "user.update", user: user, details: details)
        try await mailkeep.read(action, as: caller) { _, actor in try checkCaller(actor) }
        let name = try name.map(Name.checked)
        var passwordHash: String?
        if let password { passwordHash = try await mailkeep.passwordHasher.hash(password) }
        return try await mailkeep.act(action, as: caller) { [passwordHash] transaction, actor in
            try checkCaller(actor)
            var target = try transaction.existingUser(user)
            if let profile {
                let decision = UserPolicy.changeProfile(
                    actor: actor,
                    target: target,
                    to: profile,
                    administratorCount: try transaction.administratorCount()
                )
                try decision.enforce()
                target.profile = profile
            }
            if let name { target.name = name }
            if let role { target.role = try transaction.existingRole(named: role) }
            let isChanged = try target != transaction.existingUser(user) || passwordHash != nil
            try transaction.updateUser(target)
            if let passwordHash { try transaction.setPasswordHash(passwordHash, of: user) }
            return (isChanged ? .done : .unchanged, try transaction.shape(of: target))
        }
    }

    private func checkCaller(_ actor: User) throws {
        if actor.id != user || role != nil || profile != nil { try PagePolicy.use(actor: actor).enforce() }
    }
}
