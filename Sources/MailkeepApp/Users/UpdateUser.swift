package import MailkeepModel
import MailkeepStore

/// Changes a user's name, role, profile, language, password or aliases.
///
/// Users change their own name, language and password; the rest is for administrators (P1), and the last of them stays one (U2).
package struct UpdateUser: UseCase {
    package var user: UserID
    package var name: String?
    package var role: String?
    package var profile: Profile?
    package var password: String?
    package var locale: MailkeepModel.Locale?
    /// Further addresses that are the user's own (V2, V5), to be added and to be taken away.
    package var addedAliases: [String] = []
    package var removedAliases: [String] = []

    package init(
        user: UserID,
        name: String? = nil,
        role: String? = nil,
        profile: Profile? = nil,
        locale: MailkeepModel.Locale? = nil,
        password: String? = nil
    ) {
        self.user = user
        self.name = name
        self.role = role
        self.profile = profile
        self.locale = locale
        self.password = password
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> UserShape {
        var changed: [String] = []
        if name != nil { changed.append("name") }
        if role != nil { changed.append("role") }
        if profile != nil { changed.append("profile") }
        if locale != nil { changed.append("locale") }
        if password != nil { changed.append("password") }
        if !addedAliases.isEmpty || !removedAliases.isEmpty { changed.append("aliases") }
        var details = ["fields": changed.joined(separator: ",")]
        details["profile"] = profile?.rawValue
        let action = AuditedAction(name: "user.update", user: user, details: details)
        try await mailkeep.read(action, as: caller) { _, actor in try checkCaller(actor) }
        let name = try name.map(Name.checked)
        let hashed = { (text: String) in
            let address = try UserAddress(text)
            return (address, mailkeep.addressHashes(address))
        }
        let (added, removed) = (try addedAliases.map(hashed), try removedAliases.map(hashed))
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
            if let locale { target.locale = locale }
            if let role { target.role = try transaction.existingRole(named: role) }
            let aliases = try transaction.aliases(of: user)
            for (address, hashes) in removed {
                try transaction.removeAlias(normalized: address.normalized, hash: hashes.exact, from: user)
            }
            for (address, hashes) in added {
                guard try [nil, user].contains(transaction.owner(ofAddress: address.normalized)) else {
                    throw AppError(.aliasTaken, ["email": address.text.forMessages])
                }
                try transaction.addAlias(address.text, normalized: address.normalized, hash: hashes.exact, to: user)
                try transaction.noteTag(of: hashes)
            }
            let isChanged =
                try target != transaction.existingUser(user) || passwordHash != nil
                || aliases != transaction.aliases(of: user)
            try transaction.updateUser(target)
            if let passwordHash { try transaction.setPasswordHash(passwordHash, of: user) }
            return (isChanged ? .done : .unchanged, try transaction.shape(of: target))
        }
    }

    private func checkCaller(_ actor: User) throws {
        let isForAdministrators = role != nil || profile != nil || !addedAliases.isEmpty || !removedAliases.isEmpty
        if actor.id != user || isForAdministrators { try PagePolicy.use(actor: actor).enforce() }
    }
}
