import MailkeepModel
import MailkeepStore

/// The organisation's settings in the API's form.
package struct OrganizationShape: Encodable, Sendable, Equatable {
    package var company_name: String
    /// Whether administrators are associated with every record (rules.md, Words).
    package var administrators_see_records: Bool
    /// Whether an address with a `+tag` associates like the same without it.
    package var address_tags_ignored: Bool
    /// How many days messages are kept; absent where that is for ever (R3).
    package var retention_days: Int?
}

/// Shows the organisation's settings; for administrators (P1).
package struct ShowOrganization: UseCase {
    package init() {}

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> OrganizationShape {
        try await mailkeep.read(AuditedAction(name: "organization.show"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            return try transaction.organizationShape()
        }
    }
}

/// What every user may know of the organisation, in the API's form.
package struct OrganizationReference: Encodable, Sendable, Equatable {
    package var id: String
    /// By which integrations tell organisations apart; it never changes.
    package var zgid: String
    package var company_name: String
}

/// Tells which organisation it is.
package struct DescribeOrganization: UseCase {
    package init() {}

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> OrganizationReference {
        try await mailkeep.read(AuditedAction(name: "organization.describe"), as: caller) { transaction, _ in
            let id = try transaction.organizationCreatedAt().map { String($0.rawValue) } ?? ""
            return OrganizationReference(id: id, zgid: id, company_name: try transaction.organizationName() ?? "")
        }
    }
}

/// Changes the organisation's settings; for administrators (P1).
///
/// What is nil stays as it is.
package struct UpdateOrganization: UseCase {
    /// Takes administrators out of those who are associated with every record, or in again.
    package var administratorsSeeRecords: Bool?
    /// Takes an address with a `+tag` for the same without it, or no longer.
    package var ignoresAddressTags: Bool?

    package init(administratorsSeeRecords: Bool? = nil, ignoresAddressTags: Bool? = nil) {
        self.administratorsSeeRecords = administratorsSeeRecords
        self.ignoresAddressTags = ignoresAddressTags
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> OrganizationShape {
        var action = AuditedAction(name: "organization.update")
        action.details["administrators_see_records"] = administratorsSeeRecords.map { "\($0)" }
        action.details["address_tags_ignored"] = ignoresAddressTags.map { "\($0)" }
        return try await mailkeep.act(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            let former = try transaction.organizationShape()
            if let administratorsSeeRecords { try transaction.setAdministratorsSeeRecords(administratorsSeeRecords) }
            if let ignoresAddressTags { try transaction.setIgnoresTags(ignoresAddressTags) }
            let shape = try transaction.organizationShape()
            return (shape == former ? .unchanged : .done, shape)
        }
    }
}

extension ReadTransaction {
    func organizationShape() throws -> OrganizationShape {
        OrganizationShape(
            company_name: try organizationName() ?? "",
            administrators_see_records: try administratorsSeeRecords(),
            address_tags_ignored: try ignoresTags(),
            retention_days: try retention()?.days
        )
    }
}
