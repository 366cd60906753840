/// What a user may administer.
package enum Profile: String, Sendable, CaseIterable {
    case administrator
    case standard
}

/// Whether a user may sign in (U1).
package enum UserStatus: String, Sendable, CaseIterable {
    case active
    case inactive
}

/// The languages in which Mailkeep speaks.
package enum Locale: String, Sendable, CaseIterable {
    case japanese = "ja"
    case english = "en"
}

/// A member of the organisation.
package struct User: Sendable, Equatable, Identifiable {
    package let id: UserID
    /// The address as it was given.
    package var email: String
    /// The domain of `email`: lower case, IDNA A-labels.
    package var domain: String
    package var name: String
    package var profile: Profile
    package var status: UserStatus
    package var role: RoleID?
    package var locale: Locale

    package init(
        id: UserID,
        email: String,
        domain: String,
        name: String,
        profile: Profile,
        status: UserStatus,
        role: RoleID? = nil,
        locale: Locale = .english
    ) {
        self.id = id
        self.email = email
        self.domain = domain
        self.name = name
        self.profile = profile
        self.status = status
        self.role = role
        self.locale = locale
    }

    /// An active user with the Administrator profile (rules.md, Words).
    package var isAdministrator: Bool { profile == .administrator && status == .active }
}

/// A place in the role hierarchy; those above a record's owner are associated with the record.
package struct Role: Sendable, Equatable, Identifiable {
    package let id: RoleID
    package var name: String
    package var reportsTo: RoleID?

    package init(id: RoleID, name: String, reportsTo: RoleID? = nil) {
        self.id = id
        self.name = name
        self.reportsTo = reportsTo
    }
}
