package import MailkeepModel
import MailkeepStore

/// Lists the organisation's users; for administrators (P1).
package struct ListUsers: UseCase {
    package init() {}

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> [UserShape] {
        try await mailkeep.read(AuditedAction(name: "user.list"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            return try transaction.users().map(transaction.shape)
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
            return try transaction.shape(of: transaction.existingUser(user))
        }
    }
}
