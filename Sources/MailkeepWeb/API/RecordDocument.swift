import MailkeepApp
import MailkeepModel

/// A record in the CRM's form: its fields under the CRM's names.
struct RecordDocument: Encodable {
    private struct Reference: Encodable {
        var id: String
        var name: String
        var email: String?
    }

    private let fields: [String: AnyEncodable]

    /// - Parameter wanted: the fields that are asked for; nil asks for all. The id is always told.
    init(_ record: DirectoryRecord, fields wanted: Set<String>?) {
        let person = { (person: DirectoryRecord.Person) in
            Reference(id: "\(person.id)", name: person.name, email: person.email)
        }
        let link = { (link: DirectoryRecord.Link?) in link.map { Reference(id: "\($0.id)", name: $0.name) } }
        var fields: [String: any Encodable] = record.fields
        let module = record.key.module
        if module.matchesAddresses {
            fields["First_Name"] = record.fields["First_Name"]
            fields["Last_Name"] = record.fields["Last_Name"] ?? record.name
            fields["Full_Name"] = record.name
            fields["Email"] = record.addresses.first
            fields["Secondary_Email"] =
                record.addresses.count > 1 ? record.addresses.dropFirst().joined(separator: ";") : String?.none
        } else {
            fields[RecordField.name(of: module)] = record.name
        }
        if module == .contacts || module == .deals { fields["Account_Name"] = link(record.account) }
        if module == .deals { fields["Contact_Name"] = link(record.contact) }
        fields["Owner"] = person(record.owner)
        fields["Shared_With"] = record.sharedWith.map(person)
        fields["Created_Time"] = record.createdTime
        fields["Modified_Time"] = record.modifiedTime
        fields["id"] = "\(record.key.id)"
        self.fields = fields.filter { name, _ in wanted.map { name == "id" || $0.contains(name) } ?? true }
            .mapValues { AnyEncodable($0) }
    }

    func encode(to encoder: any Encoder) throws { try KeyedDocument(fields).encode(to: encoder) }
}

extension RecordInput {
    /// Characters of a further field's value.
    private static let longestValue = 10_000

    /// What an object of the API says of a record.
    ///
    /// What the CRM marks as its own (`$…`) is passed over, and what is read only.
    ///
    /// - Throws: `APIFault` (`value`).
    init(_ object: JSONObject, of module: Module) throws {
        self.init()
        let known = Dictionary(
            uniqueKeysWithValues: RecordField.known(of: module).map { ($0.name, $0) }
        )
        for (name, value) in object.fields.sorted(by: { $0.key < $1.key }) where !name.hasPrefix("$") {
            guard let field = known[name] else {
                fields.updateValue(try Self.text(value, name, object), forKey: name)
                continue
            }
            if !field.isReadOnly { try set(field, to: value, object, module) }
        }
    }

    private mutating func set(_ field: RecordField, to value: JSONValue, _ object: JSONObject, _ module: Module) throws
    {
        switch field.name {
        case "Owner": owner = try object.reference(field.name)
        case "Shared_With": sharedWith = try Self.users(value, field.name, object)
        case "Email": email = .set(try object.string(field.name))
        case "Secondary_Email": secondaryEmail = .set(try object.string(field.name))
        case "Account_Name" where module != .accounts: account = .set(try object.reference(field.name))
        case "Contact_Name": contact = .set(try object.reference(field.name))
        case "First_Name", "Last_Name":
            fields.updateValue(try Self.text(value, field.name, object), forKey: field.name)
        default: name = try object.string(field.name)
        }
    }

    private static func text(_ value: JSONValue, _ name: String, _ object: JSONObject) throws -> String? {
        if value == .null { return nil }
        guard name.count <= 100, let text = value.text, text.count <= longestValue else {
            throw object.fault(name, expected: "text")
        }
        return text.isEmpty ? nil : text
    }

    private static func users(_ value: JSONValue, _ name: String, _ object: JSONObject) throws -> [UserID] {
        if value == .null { return [] }
        guard case .array(let values) = value, values.count <= 1000 else {
            throw object.fault(name, expected: "multiuserlookup")
        }
        return try values.map { value in
            guard let id: UserID = JSONObject.identifier(value) else {
                throw object.fault(name, expected: "multiuserlookup")
            }
            return id
        }
    }
}
