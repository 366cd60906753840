import MailkeepModel
import MailkeepStore

/// A user in the API's form.
package struct UserShape: Encodable, Sendable, Equatable {
    package struct Reference: Encodable, Sendable, Equatable {
        package var id: String
        package var name: String

        init(id: String, name: String) {
            self.id = id
            self.name = name
        }

        init(_ profile: ProfileShape) {
            self.init(id: profile.id, name: profile.name)
        }

        /// A user, named as `names` says.
        init(_ id: UserID, _ names: [UserID: String]) {
            self.init(id: id.description, name: names[id] ?? "")
        }
    }

    package var id: String
    package var full_name: String
    package var first_name: String?
    package var last_name: String
    package var email: String
    /// `active` or `disabled`.
    package var status: String
    package var role: Reference?
    package var profile: Reference
    package var locale: String
    package var aliases: [String]
    /// Whether the user was invited and has not chosen a password yet.
    package var awaits_acceptance: Bool?
    /// The legal holds that stand on the user; for administrators, where the user is shown alone.
    package var holds: [HoldShape]?
}

extension ReadTransaction {
    /// A user in the API's form.
    func shape(of user: User) throws -> UserShape {
        try shape(of: user, roles: roles())
    }

    /// A user in the API's form.
    ///
    /// - Parameter roles: all roles of the organisation.
    func shape(of user: User, roles: [Role]) throws -> UserShape {
        let role = roles.first { $0.id == user.role }
        // The directory keeps one name: a surname is not guessed, as Japanese puts it first and English last.
        return UserShape(
            id: user.id.description,
            full_name: user.name,
            first_name: nil,
            last_name: user.name,
            email: user.email,
            status: user.status == .active ? "active" : "disabled",
            role: role.map { UserShape.Reference(id: $0.id.description, name: $0.name) },
            profile: UserShape.Reference(ProfileShape(user.profile)),
            locale: user.locale.rawValue,
            aliases: try aliases(of: user.id),
            awaits_acceptance: try awaitsAcceptance(user.id) ? true : nil
        )
    }
}
