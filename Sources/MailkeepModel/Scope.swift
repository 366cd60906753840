/// A part of the API that a client may use, as integrators write it: `ZohoCRM.modules.contacts.READ`.
///
/// An area and everything below it, and one kind of operation there or all of them. A scope limits what its user may do,
/// and gives nothing.
package struct Scope: Hashable, Sendable, CustomStringConvertible {
    package enum Operation: String, Sendable, CaseIterable {
        case all = "ALL"
        case read = "READ"
        case create = "CREATE"
        case update = "UPDATE"
        case delete = "DELETE"
    }

    package enum Area: String, Sendable, CaseIterable {
        case users = "ZohoCRM.users"
        case organization = "ZohoCRM.org"
        case settings = "ZohoCRM.settings"
        case roles = "ZohoCRM.settings.roles"
        case profiles = "ZohoCRM.settings.profiles"
        case modulesSettings = "ZohoCRM.settings.modules"
        case fields = "ZohoCRM.settings.fields"
        case modules = "ZohoCRM.modules"
        case leads = "ZohoCRM.modules.leads"
        case contacts = "ZohoCRM.modules.contacts"
        case accounts = "ZohoCRM.modules.accounts"
        case deals = "ZohoCRM.modules.deals"
        case emails = "ZohoCRM.modules.emails"
        case files = "ZohoCRM.files"
        case mailAddonUsers = "Mailkeep.mail_addon"
        case backups = "Mailkeep.backups"
        case configuration = "Mailkeep.configuration"
        case auditLog = "Mailkeep.audit_log"

        /// Where the records of a module are.
        package init(_ module: Module) {
            self =
                switch module {
                case .leads: .leads
                case .contacts: .contacts
                case .accounts: .accounts
                case .deals: .deals
                }
        }

        fileprivate func holds(_ other: Area) -> Bool { self == other || other.rawValue.hasPrefix("\(rawValue).") }
    }

    package let area: Area
    package let operation: Operation

    package init(_ area: Area, _ operation: Operation) {
        self.area = area
        self.operation = operation
    }

    /// Reads a scope in any case; nil where there is none of that name.
    package init?(_ text: some StringProtocol) {
        let text = text.lowercased()
        guard let dot = text.lastIndex(of: "."),
            let area = Area.allCases.first(where: { $0.rawValue.lowercased() == text[..<dot] }),
            let operation = Operation(rawValue: text[text.index(after: dot)...].uppercased())
        else { return nil }
        self.init(area, operation)
    }

    package var description: String { "\(area.rawValue).\(operation.rawValue)" }

    /// Whether who has this scope may do what needs the other.
    package func covers(_ needed: Scope) -> Bool {
        area.holds(needed.area) && (operation == .all || operation == needed.operation)
    }

    /// Everything: what a client may do for which no scopes were chosen.
    package static let everything: [Scope] = Area.allCases
        .filter { area in !Area.allCases.contains { $0 != area && $0.holds(area) } }
        .map { Scope($0, .all) }
}

/// A program that uses the API in a user's name.
package enum Client {}
package typealias ClientID = Identifier<Client>
