/// The kinds of customer record.
package enum Module: String, Sendable, CaseIterable {
    case leads = "Leads"
    case contacts = "Contacts"
    case accounts = "Accounts"
    case deals = "Deals"

    /// Whether records of this module match mail by their own addresses (V4).
    package var matchesAddresses: Bool { self == .leads || self == .contacts }
}

/// Names one record: ids are unique within a module.
package struct RecordKey: Hashable, Sendable, CustomStringConvertible {
    package let module: Module
    package let id: Identifier<RecordKey>

    package init(module: Module, id: Identifier<RecordKey>) {
        self.module = module
        self.id = id
    }

    /// As in the API's paths: `Contacts/12`.
    package var description: String { "\(module.rawValue)/\(id)" }
}
