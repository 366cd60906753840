package import Foundation
package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// "My mail": what is stored of an active user's own mailbox, newest first, whatever its records (V0).
package struct ListOwnEmails: UseCase {
    package var owner: UserID
    /// Nil asks for all of it.
    package var page: PageRequest?

    package init(owner: UserID, page: PageRequest? = nil) {
        self.owner = owner
        self.page = page
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Page<EmailShape> {
        try await mailkeep.read(AuditedAction(name: "own_emails.list", user: owner), as: caller) {
            transaction,
            actor in
            guard VisibilityPolicy.seesUnderMyMail(viewerIsOwner: actor.id == owner, ownerIsActive: true) else {
                throw Refusal(.v1)
            }
            let found = try transaction.ownMessages(of: actor.id, offset: page?.offset ?? 0, limit: page?.limit)
            return Page(found, of: page).map { EmailShape($0) }
        }
    }
}

/// The raw bytes of one message of an active user's own (V0); another's and an absent one are refused alike (V1).
package struct ReadOwnMessage: UseCase {
    package var owner: UserID
    package var message: MessageID
    package var write: @Sendable (Data) async throws -> Void

    package init(owner: UserID, message: MessageID, write: @escaping @Sendable (Data) async throws -> Void) {
        self.owner = owner
        self.message = message
        self.write = write
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> EmailShape {
        let action = AuditedAction(name: "own_emails.read", user: owner)
        let visible = try await mailkeep.read(action, as: caller) { transaction, actor in
            guard VisibilityPolicy.seesUnderMyMail(viewerIsOwner: actor.id == owner, ownerIsActive: true),
                let visible = try transaction.ownMessage(message, of: actor.id)
            else { throw Refusal(.v1) }
            return visible
        }
        try await mailkeep.vault.copy(visible.content, to: write)
        return EmailShape(visible)
    }
}
