package import Foundation
package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// A record's mail as the caller may see it, newest first (V).
package struct ListRecordEmails: UseCase {
    package var record: RecordKey
    /// Nil asks for all of it.
    package var page: PageRequest?

    package init(record: RecordKey, page: PageRequest? = nil) {
        self.record = record
        self.page = page
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Page<EmailShape> {
        let action = AuditedAction(name: "emails.list", target: record.description)
        return try await mailkeep.read(action, as: caller) { transaction, actor in
            guard try transaction.isAssociated(actor.id, with: record) else { throw Refusal(.v1) }
            let found = try transaction.visibleMessages(
                on: record,
                to: actor.id,
                offset: page?.offset ?? 0,
                limit: page?.limit
            )
            return Page(found, of: page).map { EmailShape($0, on: record) }
        }
    }
}

/// The raw bytes of one message of a record, for who may see it (V1: absent and forbidden are refused alike).
package struct ReadMessage: UseCase {
    package var record: RecordKey
    package var message: MessageID
    package var write: @Sendable (Data) async throws -> Void

    package init(
        record: RecordKey,
        message: MessageID,
        write: @escaping @Sendable (Data) async throws -> Void
    ) {
        self.record = record
        self.message = message
        self.write = write
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> EmailShape {
        let action = AuditedAction(name: "emails.read", target: record.description)
        let visible = try await mailkeep.read(action, as: caller) { transaction, actor in
            guard let visible = try transaction.visibleMessage(message, on: record, to: actor.id) else {
                throw Refusal(.v1)
            }
            return visible
        }
        try await mailkeep.vault.copy(visible.content, to: write)
        return EmailShape(visible, on: record)
    }
}
