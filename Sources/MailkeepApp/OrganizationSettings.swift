import MailkeepModel
import MailkeepStore

/// The organisation's settings in the API's form.
package struct OrganizationShape: Encodable, Sendable, Equatable {
    package var company_name: String
    /// Whether administrators are associated with every record (rules.md, Words).
    package var administrators_see_records: Bool
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

/// Changes the organisation's settings; for administrators (P1).
package struct UpdateOrganization: UseCase {
    /// Takes administrators out of those who are associated with every record, or in again.
    package var administratorsSeeRecords: Bool

    package init(administratorsSeeRecords: Bool) {
        self.administratorsSeeRecords = administratorsSeeRecords
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> OrganizationShape {
        let action = AuditedAction(
            name: "organization.update",
            details: ["administrators_see_records": "\(administratorsSeeRecords)"]
        )
        return try await mailkeep.act(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            let isChanged = try transaction.administratorsSeeRecords() != administratorsSeeRecords
            try transaction.setAdministratorsSeeRecords(administratorsSeeRecords)
            return (isChanged ? .done : .unchanged, try transaction.organizationShape())
        }
    }
}

extension ReadTransaction {
    fileprivate func organizationShape() throws -> OrganizationShape {
        OrganizationShape(
            company_name: try organizationName() ?? "",
            administrators_see_records: try administratorsSeeRecords()
        )
    }
}
