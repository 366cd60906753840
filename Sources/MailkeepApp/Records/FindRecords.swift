package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// A page of the records of a module that the caller may open (V1).
package struct FindRecords: UseCase {
    package var query: RecordQuery

    package init(_ query: RecordQuery) {
        self.query = query
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Page<ListedRecordShape> {
        let action = AuditedAction(name: "records.list", target: query.module.rawValue)
        return try await mailkeep.read(action, as: caller) { transaction, actor in
            try transaction.records(query, openTo: actor.id).map { ListedRecordShape($0) }
        }
    }
}

/// A record of a list in the API's form.
package struct ListedRecordShape: Encodable, Sendable, Equatable {
    package var id: String
    package var module: String
    package var name: String
    package var owner: UserShape.Reference
    package var addresses: [String]
    /// Where the reader may open them.
    package var account: RecordReference?
    package var contact: RecordReference?
    package var modified_time: String

    init(_ record: ListedRecord) {
        id = record.key.id.description
        module = record.key.module.rawValue
        name = record.name
        owner = UserShape.Reference(id: record.owner.description, name: record.ownerName)
        addresses = record.addresses
        account = record.account.map { RecordReference($0) }
        contact = record.contact.map { RecordReference($0) }
        modified_time = record.modifiedAt.iso8601
    }
}

/// A record by its name, in the API's form.
package struct RecordReference: Encodable, Sendable, Equatable {
    package var id: String
    package var module: String
    package var name: String

    init(_ record: NamedRecord) {
        id = record.key.id.description
        module = record.key.module.rawValue
        name = record.name
    }
}
