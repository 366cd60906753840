import Foundation
package import MailkeepModel
import MailkeepStore

/// Adds a user; only administrators do (P1).
package struct AddUser: UseCase {
    package var email: String
    package var name: String
    package var profile: Profile
    package var role: String?
    package var locale: MailkeepModel.Locale?
    package var password: String?

    package init(
        email: String,
        name: String,
        profile: Profile = .standard,
        role: String? = nil,
        locale: MailkeepModel.Locale? = nil,
        password: String? = nil
    ) {
        self.email = email
        self.name = name
        self.profile = profile
        self.role = role
        self.locale = locale
        self.password = password
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> UserShape {
        let action = AuditedAction(name: "user.add", details: ["profile": profile.rawValue])
        _ = try await mailkeep.read(action, as: caller) { try PagePolicy.use(actor: $1).enforce() }
        let email = try UserAddress(email)
        let name = try Name.checked(name)
        var passwordHash: String?
        if let password { passwordHash = try await mailkeep.passwordHasher.hash(password) }
        let (hashes, now) = (mailkeep.addressHashes(email), mailkeep.clock())
        return try await mailkeep.act(action, as: caller) { [passwordHash] transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            guard try transaction.owner(ofAddress: email.normalized) == nil else {
                throw AppError(.userExists, ["email": email.text.forMessages])
            }
            let id = try transaction.insertUser(
                NewUser(
                    email: email.text,
                    normalizedEmail: email.normalized,
                    domain: email.domain,
                    name: name,
                    profile: profile,
                    role: try role.map(transaction.existingRole),
                    locale: locale ?? actor.locale,
                    passwordHash: passwordHash
                ),
                addressHash: hashes.exact,
                at: now
            )
            try transaction.noteTag(of: hashes)
            return (.done, try transaction.shape(of: transaction.existingUser(id)))
        }
    }
}

extension ReadTransaction {
    /// The role of a name; throws `AppError` (`noRole`).
    func existingRole(named name: String) throws -> RoleID {
        guard let role = try role(named: name) else { throw AppError(.noRole, ["role": name.forMessages]) }
        return role
    }
}
