package import MailkeepModel

/// A field of a module's records, under the CRM's name for it.
package struct RecordField: Sendable, Equatable {
    package enum DataType: String, Sendable {
        case bigint
        case text
        case email
        case lookup
        case ownerlookup
        case multiuserlookup
        case datetime
    }

    package let name: String
    package let type: DataType
    package var isMandatory = false
    package var isReadOnly = false
    /// What it looks up.
    package var lookup: Module?
    /// Whether Mailkeep keeps it as it is given, and gives it no meaning.
    package var isCustom = false

    /// The field in which a module's records have their name, and which they cannot do without.
    package static func name(of module: Module) -> String {
        switch module {
        case .leads, .contacts: "Last_Name"
        case .accounts: "Account_Name"
        case .deals: "Deal_Name"
        }
    }

    /// The fields that Mailkeep knows; records may have others, which are kept.
    package static func known(of module: Module) -> [RecordField] {
        let own: [RecordField] =
            switch module {
            case .leads: person + addresses
            case .contacts:
                person + addresses + [RecordField(name: "Account_Name", type: .lookup, lookup: .accounts)]
            case .accounts: [RecordField(name: "Account_Name", type: .text, isMandatory: true)]
            case .deals:
                [
                    RecordField(name: "Deal_Name", type: .text, isMandatory: true),
                    RecordField(name: "Account_Name", type: .lookup, lookup: .accounts),
                    RecordField(name: "Contact_Name", type: .lookup, lookup: .contacts),
                ]
            }
        return [
            RecordField(name: "id", type: .bigint, isReadOnly: true), RecordField(name: "Owner", type: .ownerlookup),
        ]
            + own
            + [
                RecordField(name: "Shared_With", type: .multiuserlookup),
                RecordField(name: "Created_Time", type: .datetime, isReadOnly: true),
                RecordField(name: "Modified_Time", type: .datetime, isReadOnly: true),
            ]
    }

    private static let person = [
        RecordField(name: "First_Name", type: .text),
        RecordField(name: "Last_Name", type: .text, isMandatory: true),
        RecordField(name: "Full_Name", type: .text),
    ]
    private static let addresses = [
        RecordField(name: "Email", type: .email), RecordField(name: "Secondary_Email", type: .email),
    ]

    /// A field that Mailkeep gives no meaning.
    package static func custom(_ name: String) -> RecordField {
        RecordField(name: name, type: .text, isCustom: true)
    }
}
