package import Foundation
package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// A record's mail as the caller may see it, newest first (V).
package struct ListRecordEmails: UseCase {
    package var record: RecordKey
    /// Nil asks for all of it.
    package var page: PageRequest?
    /// In whose mailboxes it is to be seen; nil for anybody's.
    package var owner: UserID?

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
                in: owner,
                offset: page?.offset ?? 0,
                limit: page?.limit
            )
            return Page(found, of: page).map { EmailShape($0, on: record) }
        }
    }
}

/// Whose mail on a record the caller sees, beside their own (V), in the API's form.
package struct ShowEmailSharing: UseCase {
    package struct Output: Encodable, Sendable, Equatable {
        package struct Person: Encodable, Sendable, Equatable {
            package var id: String
            package var name: String
            /// `imap` or `pop`.
            package var _type: String
        }

        package var available_types = ["user_emails"]
        package var share_from_users: [Person]
    }

    package var record: RecordKey

    package init(record: RecordKey) {
        self.record = record
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Output {
        let action = AuditedAction(name: "emails.list", target: record.description)
        return try await mailkeep.read(action, as: caller) { transaction, actor in
            guard try transaction.isAssociated(actor.id, with: record) else { throw Refusal(.v1) }
            let owners = try transaction.ownersOfVisibleMessages(on: record, to: actor.id)
            return Output(
                share_from_users: owners.map {
                    Output.Person(
                        id: $0.id.description,
                        name: $0.name,
                        _type: $0.accountType == .pop3 ? "pop" : "imap"
                    )
                }
            )
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
