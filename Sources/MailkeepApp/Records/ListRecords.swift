import Foundation
package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// A record with all its fields, for who may open it.
package struct DirectoryRecord: Sendable {
    package struct Link: Sendable, Equatable {
        package var id: Identifier<RecordKey>
        package var name: String
    }

    /// A user by what everybody may know of one.
    package struct Person: Sendable, Equatable {
        package var id: UserID
        package var name: String
        package var email: String
    }

    package var key: RecordKey
    package var name: String
    package var owner: Person
    package var addresses: [String]
    /// Where the reader may open them.
    package var account: Link?
    package var contact: Link?
    package var sharedWith: [Person]
    package var fields: [String: String]
    /// ISO 8601 with offset.
    package var createdTime: String
    package var modifiedTime: String
}

/// A page of a module's records, of those that the caller may open (V1); how many there are is not told.
package struct ListRecords: UseCase {
    package enum Selection: Sendable {
        case all(RecordQuery)
        /// Those with an address, exactly.
        case address(Module, String)
        case one(RecordKey)
    }

    package var selection: Selection

    package init(_ selection: Selection) {
        self.selection = selection
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Page<DirectoryRecord> {
        var action = AuditedAction(name: "records.list")
        var hash: Data?
        switch selection {
        case .all(let query): action.target = query.module.rawValue
        case .address(let module, let address):
            action.target = module.rawValue
            hash = try mailkeep.addressHashes(UserAddress(address)).exact
        case .one(let record): action = AuditedAction(name: "records.show", target: record.description)
        }
        return try await mailkeep.read(action, as: caller) { [hash] transaction, actor in
            let keys: Page<RecordKey>
            switch selection {
            case .all(let query): keys = try transaction.records(query, openTo: actor.id).map(\.key)
            case .address(let module, _):
                let found =
                    try hash.map { try transaction.records(of: module, addressHash: $0, openTo: actor.id) } ?? []
                keys = Page(items: Array(found.prefix(PageRequest.maximumSize)), hasMore: false)
            case .one(let record):
                guard try transaction.isAssociated(actor.id, with: record) else { throw Refusal(.v1) }
                keys = Page(items: [record])
            }
            let records = try keys.items.compactMap { try transaction.directoryRecord($0, openTo: actor.id) }
            return Page(items: records, number: keys.number, hasMore: keys.hasMore)
        }
    }
}

/// The records of a module that were deleted since a moment; for administrators (P1).
package struct ListDeletedRecords: UseCase {
    package var module: Module
    package var since: Timestamp?
    package var page: PageRequest

    package init(_ module: Module, since: Timestamp?, page: PageRequest) {
        self.module = module
        self.since = since
        self.page = page
    }

    package func perform(
        in mailkeep: Mailkeep,
        as caller: Caller
    ) async throws -> Page<(id: Identifier<RecordKey>, time: String)> {
        let action = AuditedAction(name: "records.list", target: module.rawValue)
        return try await mailkeep.read(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            return try transaction.deletedRecords(of: module, since: since, page: page).map {
                (id: $0.id, time: $0.at.iso8601)
            }
        }
    }
}

/// The fields of a module's records: those that Mailkeep knows, and those that some record has.
package struct ListFields: UseCase {
    package var module: Module

    package init(of module: Module) {
        self.module = module
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> [RecordField] {
        let action = AuditedAction(name: "records.list", target: module.rawValue)
        return try await mailkeep.read(action, as: caller) { transaction, actor in
            let known = RecordField.known(of: module)
            let names = Set(known.map(\.name))
            let others = try transaction.fieldNames(of: module, openTo: actor.id).filter { !names.contains($0) }
            return known + others.map(RecordField.custom)
        }
    }
}

extension ReadTransaction {
    /// A record that a viewer may open, with the links that they may.
    fileprivate func directoryRecord(_ key: RecordKey, openTo viewer: UserID) throws -> DirectoryRecord? {
        guard let record = try record(key), let createdAt = record.createdAt, let modifiedAt = record.modifiedAt else {
            return nil
        }
        let link = { (key: RecordKey?) -> DirectoryRecord.Link? in
            guard let key, try self.isAssociated(viewer, with: key), let linked = try self.record(key) else {
                return nil
            }
            return DirectoryRecord.Link(id: key.id, name: linked.name)
        }
        return DirectoryRecord(
            key: key,
            name: record.name,
            owner: try person(record.owner),
            addresses: record.addresses.map(\.address),
            account: try link(record.account),
            contact: try link(record.contact),
            sharedWith: try record.sharedWith.map(person),
            fields: record.fields,
            createdTime: createdAt.iso8601,
            modifiedTime: modifiedAt.iso8601
        )
    }

    private func person(_ id: UserID) throws -> DirectoryRecord.Person {
        let user = try user(id)
        return DirectoryRecord.Person(id: id, name: user?.name ?? "", email: user?.email ?? "")
    }
}
