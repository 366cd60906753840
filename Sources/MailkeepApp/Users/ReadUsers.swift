package import MailkeepModel
import MailkeepStore

/// Lists the organisation's users; for administrators (P1).
package struct ListUsers: UseCase {
    package init() {}

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> [UserShape] {
        try await mailkeep.read(AuditedAction(name: "user.list"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            let roles = try transaction.roles()
            return try transaction.users().map { try transaction.shape(of: $0, roles: roles) }
        }
    }
}

/// A page of the organisation's users, searched, filtered and sorted; for administrators (P1).
package struct FindUsers: UseCase {
    package var query: UserQuery

    package init(_ query: UserQuery = UserQuery()) {
        self.query = query
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Page<UserShape> {
        try await mailkeep.read(AuditedAction(name: "user.list"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            let roles = try transaction.roles()
            return try transaction.users(query).map { try transaction.shape(of: $0, roles: roles) }
        }
    }
}

/// One user's entry of the directory: one's own, or, for administrators, anybody's (P1).
package struct ShowUser: UseCase {
    private let user: UserID

    package init(user: UserID) {
        self.user = user
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> UserShape {
        try await mailkeep.read(AuditedAction(name: "user.show", user: user), as: caller) { transaction, actor in
            if actor.id != user { try PagePolicy.use(actor: actor).enforce() }
            var shape = try transaction.shape(of: transaction.existingUser(user))
            if actor.isAdministrator {
                shape.holds = try transaction.shapes(of: transaction.standingHolds(on: .user(user)))
            }
            return shape
        }
    }
}

/// Lists the roles and what they report to; for administrators (P1).
package struct ListRoles: UseCase {
    package init() {}

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> [RoleShape] {
        try await mailkeep.read(AuditedAction(name: "role.list"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            let roles = try transaction.roles()
            let names = Dictionary(roles.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
            return roles.map { role in
                RoleShape(
                    id: role.id.description,
                    name: role.name,
                    reporting_to: role.reportsTo.map {
                        UserShape.Reference(id: $0.description, name: names[$0] ?? "")
                    }
                )
            }
        }
    }
}

/// Lists the profiles that users can have; for administrators (P1).
package struct ListProfiles: UseCase {
    package init() {}

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> [ProfileShape] {
        try await mailkeep.read(AuditedAction(name: "profile.list"), as: caller) { _, actor in
            try PagePolicy.use(actor: actor).enforce()
            return Profile.allCases.map(ProfileShape.init)
        }
    }
}

/// A profile in the API's form.
package struct ProfileShape: Encodable, Sendable, Equatable {
    package var id: String
    package var name: String
    /// Neither can be changed.
    package var custom = false

    package init(_ profile: Profile) {
        switch profile {
        case .administrator: (id, name) = ("1", "Administrator")
        case .standard: (id, name) = ("2", "Standard")
        }
    }
}

/// A role in the API's form.
package struct RoleShape: Encodable, Sendable, Equatable {
    package var id: String
    package var name: String
    package var reporting_to: UserShape.Reference?
}
