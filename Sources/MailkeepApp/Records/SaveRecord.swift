import Foundation
import MailMessage
import MailkeepKeys
package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// What a record is to be given; what is nil stays as it is.
package struct RecordInput: Sendable {
    /// A value that may be taken away.
    package enum Change<Value: Sendable>: Sendable {
        case keep
        case set(Value?)
    }

    package var owner: UserID?
    /// Of a lead or contact what stands in `Full_Name`; else it is put together from the names in `fields`.
    package var name: String?
    /// Several may stand in one, separated by `;`.
    package var email: Change<String> = .keep
    package var secondaryEmail: Change<String> = .keep
    package var account: Change<Identifier<RecordKey>> = .keep
    package var contact: Change<Identifier<RecordKey>> = .keep
    package var sharedWith: [UserID]?
    /// Further fields; nil takes one away.
    package var fields: [String: String?] = [:]

    package init() {}
}

/// Adds a record to the directory, or changes one; for administrators (P1).
///
/// Whoever puts an address on a record decides whose mail is shown there, as an import does. A record that is to be
/// changed must be one that the caller may open (V1).
package struct SaveRecord: UseCase {
    /// What is to be saved.
    package enum Target: Sendable {
        case new(Module)
        case existing(RecordKey)
        /// The one that has the same value in the first of these fields in which one does, else a new one.
        case same(Module, checkedFields: [String])
    }

    package var target: Target
    package var input: RecordInput

    package init(_ target: Target, _ input: RecordInput) {
        self.target = target
        self.input = input
    }

    /// What became of it.
    package struct Output: Sendable {
        package var record: RecordKey
        package var isNew: Bool
        /// ISO 8601 with offset.
        package var createdTime: String
        package var modifiedTime: String
        /// The field by which it was found.
        package var duplicateField: String?
    }

    /// - Throws: `InvalidField`, `Refusal` (P1, V1).
    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Output {
        let now = mailkeep.clock()
        var action = AuditedAction(name: "record.save")
        switch target {
        case .new(let module), .same(let module, _): action.target = module.rawValue
        case .existing(let record): action.target = record.description
        }
        let hasher = mailkeep.keys.addressHasher
        return try await mailkeep.act(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            let saving = RecordSaving(transaction: transaction, actor: actor, hasher: hasher, now: now)
            return (.done, try saving.save(input, as: target))
        }
    }
}

/// Deletes a record of the directory; for administrators who may open it (P1, V1).
///
/// Its mail stays stored and stands on its page no more. A record on which a legal hold was ever placed stays (R1).
package struct DeleteRecord: UseCase {
    package var record: RecordKey

    package init(_ record: RecordKey) {
        self.record = record
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws {
        let now = mailkeep.clock()
        let action = AuditedAction(name: "record.delete", target: record.description)
        try await mailkeep.act(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            guard try transaction.isAssociated(actor.id, with: record) else { throw Refusal(.v1) }
            let holds = try transaction.holds(everOn: record)
            guard holds.isEmpty else { throw Refusal(.r1, holds: holds) }
            try transaction.deleteRecord(record, at: now)
            return (.done, ())
        }
    }
}

/// A value that a field cannot take, or one that is missing.
package struct InvalidField: Error, Sendable, Equatable {
    package enum Problem: Sendable, Equatable {
        case missing
        case invalid
    }

    /// The CRM's name of the field.
    package let field: String
    package let problem: Problem
    /// What it takes, as the API names data types.
    package let expected: String?

    package init(_ field: String, _ problem: Problem = .invalid, expected: String? = nil) {
        self.field = field
        self.problem = problem
        self.expected = expected
    }
}

/// Saves one record within a transaction.
private struct RecordSaving {
    let transaction: WriteTransaction
    let actor: User
    let hasher: AddressHasher
    let now: Timestamp

    func save(_ input: RecordInput, as target: SaveRecord.Target) throws -> SaveRecord.Output {
        var (found, duplicateField): (RecordKey?, String?) = (nil, nil)
        let module: Module
        switch target {
        case .new(let new): module = new
        case .existing(let record):
            guard try transaction.isAssociated(actor.id, with: record) else { throw Refusal(.v1) }
            (module, found) = (record.module, record)
        case .same(let new, let fields):
            module = new
            for field in fields where found == nil {
                found = try same(input, in: field, of: module)
                duplicateField = found == nil ? nil : field
            }
        }
        let former = try found.flatMap(transaction.record)
        let record = try merged(input, into: former, module)
        try transaction.upsertRecord(record, at: now)
        return SaveRecord.Output(
            record: record.key,
            isNew: former == nil,
            createdTime: (former?.createdAt ?? now).iso8601,
            modifiedTime: now.iso8601,
            duplicateField: duplicateField
        )
    }

    /// The record that has what `input` says in a field, of those that the caller may open.
    private func same(_ input: RecordInput, in field: String, of module: Module) throws -> RecordKey? {
        switch field {
        case "Email", "Secondary_Email":
            guard case .set(let text?) = field == "Email" ? input.email : input.secondaryEmail else { return nil }
            guard let address = NormalizedAddress(text) else { throw InvalidField(field, expected: "email") }
            let hash = AddressHashes(address, hasher).exact
            return try transaction.records(of: module, addressHash: hash, openTo: actor.id).first
        case RecordField.name(of: module), "Full_Name":
            guard let name = name(input, former: nil, module) else { return nil }
            return try transaction.records(of: module, named: name, openTo: actor.id).first
        default: throw InvalidField("duplicate_check_fields")
        }
    }

    private func merged(_ input: RecordInput, into former: Record?, _ module: Module) throws -> Record {
        let nameField = RecordField.name(of: module)
        guard let text = name(input, former: former, module) else { throw InvalidField(nameField, .missing) }
        guard let name = try? Name.checked(text) else { throw InvalidField(nameField, expected: "text") }
        var record: Record
        if let former {
            record = former
        } else {
            guard let id = try transaction.nextRecordID(in: module) else { throw InvalidField("id") }
            record = Record(key: RecordKey(module: module, id: id), owner: actor.id, name: name)
        }
        record.name = name
        if let owner = input.owner { record.owner = try user(owner, in: "Owner") }
        if let users = input.sharedWith { record.sharedWith = try users.map { try user($0, in: "Shared_With") } }
        record.account = try linked(input.account, former?.account, .accounts, in: "Account_Name")
        record.contact = try linked(input.contact, former?.contact, .contacts, in: "Contact_Name")
        record.addresses = try addresses(input, former: former)
        for (field, value) in input.fields { record.fields[field] = value }
        return record
    }

    /// The name that a record comes to; nil where it has none.
    private func name(_ input: RecordInput, former: Record?, _ module: Module) -> String? {
        if let name = input.name, !name.isEmpty { return name }
        guard module.matchesAddresses else { return former?.name }
        guard input.fields["First_Name"] != nil || input.fields["Last_Name"] != nil else { return former?.name }
        let given = { (field: String) in input.fields[field] ?? former?.fields[field] }
        guard let last = given("Last_Name") ?? (input.fields["Last_Name"] == nil ? former?.name : nil) else {
            return nil
        }
        return PersonName.full(first: given("First_Name"), last: last)
    }

    /// The first address is what `Email` says, the others what `Secondary_Email` does.
    private func addresses(_ input: RecordInput, former: Record?) throws -> [RecordAddress] {
        let stored = former?.addresses ?? []
        let first = try addresses(input.email, in: "Email") ?? Array(stored.prefix(1))
        return first + (try addresses(input.secondaryEmail, in: "Secondary_Email") ?? Array(stored.dropFirst()))
    }

    private func addresses(_ change: RecordInput.Change<String>, in field: String) throws -> [RecordAddress]? {
        guard case .set(let text) = change else { return nil }
        return try (text ?? "").split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
            .map { address in
                guard let normalized = NormalizedAddress(address) else { throw InvalidField(field, expected: "email") }
                let hashes = AddressHashes(normalized, hasher)
                try transaction.noteTag(of: hashes)
                return RecordAddress(address: address, hash: hashes.exact)
            }
    }

    private func user(_ id: UserID, in field: String) throws -> UserID {
        guard try transaction.user(id) != nil else { throw InvalidField(field, expected: "ownerlookup") }
        return id
    }

    private func linked(
        _ change: RecordInput.Change<Identifier<RecordKey>>,
        _ former: RecordKey?,
        _ module: Module,
        in field: String
    ) throws -> RecordKey? {
        guard case .set(let id) = change else { return former }
        guard let id else { return nil }
        let key = RecordKey(module: module, id: id)
        guard try transaction.recordExists(key) else { throw InvalidField(field, expected: "lookup") }
        return key
    }
}

/// How a person's names are put together.
package enum PersonName {
    /// The surname comes first where a name is written in Chinese characters or kana, as Japanese has it.
    package static func full(first: String?, last: String) -> String {
        guard let first, !first.isEmpty else { return last }
        let isEastAsian = (first + last).unicodeScalars.contains { (0x3040...0x9FFF).contains($0.value) }
        return isEastAsian ? "\(last) \(first)" : "\(first) \(last)"
    }
}
