import Foundation
import MailkeepModel

/// What the CRM's API answers, as far as it is read.
enum CRMDocument {
    struct Info: Decodable {
        var more_records: Bool?
        var next_page_token: String?
    }

    struct Reference: Decodable {
        var id: String?
        var name: String?
        var email: String?
    }

    struct Role: Decodable {
        var name: String
        var reporting_to: Reference?
    }

    struct Roles: Decodable {
        var roles: [Role]
    }

    struct User: Decodable {
        var id: String
        var email: String?
        var full_name: String?
        var last_name: String?
        var status: String?
        var role: Reference?
        var profile: Reference?

        /// Whether the CRM says so: what it does not tell deactivates nobody.
        var isInactive: Bool { status.map { $0 != "active" } ?? false }
    }

    struct Users: Decodable {
        var users: [User]
        var info: Info?
    }

    /// A record's fields, of which only texts, links and lists of people are of use.
    struct Record: Decodable {
        enum Value: Decodable {
            case text(String)
            case reference(Reference)
            case references([Reference])
            case other

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let text = try? container.decode(String.self) {
                    self = .text(text)
                } else if let reference = try? container.decode(Reference.self) {
                    self = .reference(reference)
                } else if let references = try? container.decode([Reference].self) {
                    self = .references(references)
                } else {
                    self = .other
                }
            }
        }

        let fields: [String: Value]

        init(from decoder: any Decoder) throws {
            fields = try decoder.singleValueContainer().decode([String: Value].self)
        }

        func text(_ name: String) -> String? {
            if case .text(let text)? = fields[name], !text.isEmpty { text } else { nil }
        }

        func reference(_ name: String) -> Reference? {
            if case .reference(let reference)? = fields[name] { reference } else { nil }
        }
    }

    struct Records: Decodable {
        var data: [Record]
        var info: Info?
    }

    struct Deleted: Decodable {
        struct Entry: Decodable {
            var id: String
        }

        var data: [Entry]
        var info: Info?
    }
}
