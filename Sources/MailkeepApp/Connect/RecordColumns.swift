import MailkeepModel
import MailkeepStore

/// The CRM's fields as the columns of an import.
enum RecordColumns {
    static func names(of module: Module) -> [String] {
        RecordField.known(of: module).map(\.name).filter { $0 != "id" && $0 != "Created_Time" }
    }

    static func row(of record: CRMDocument.Record, _ module: Module, emails: [String: String]) -> [String: String] {
        let person = { (reference: CRMDocument.Reference) in reference.email ?? reference.id.flatMap { emails[$0] } }
        var row = [
            "Id": record.text("id") ?? "", "Owner": record.reference("Owner").flatMap(person) ?? "",
            "Name": record.text("Full_Name") ?? record.text(RecordField.name(of: module)) ?? "",
        ]
        if module.matchesAddresses {
            row["Email"] = record.text("Email") ?? ""
            row["Secondary Email"] = record.text("Secondary_Email") ?? ""
            row["First_Name"] = record.text("First_Name") ?? ""
            row["Last_Name"] = record.text("Last_Name") ?? ""
        }
        if module == .contacts || module == .deals { row["Account"] = record.reference("Account_Name")?.id ?? "" }
        if module == .deals { row["Contact"] = record.reference("Contact_Name")?.id ?? "" }
        // A server that has no such field says nothing of shares: those that stand here stay.
        if case .references(let people)? = record.fields["Shared_With"] {
            row["Shared With"] = people.compactMap(person).joined(separator: ";")
        }
        return row
    }
}

extension Importer {
    /// A row without links to records that are not here, and without shares with people who are not.
    ///
    /// - Returns: the row, and whether something was left out.
    mutating func withoutLooseEnds(_ row: ImportTable.Row) throws -> (row: ImportTable.Row, isLoose: Bool) {
        var (row, isLoose) = (row, false)
        for (column, module) in [("Account", Module.accounts), ("Contact", .contacts)] where !row[column].isEmpty {
            let key = Identifier<RecordKey>(row[column]).map { RecordKey(module: module, id: $0) }
            guard try key.map(transaction.recordExists) != true else { continue }
            (row[column], isLoose) = ("", true)
        }
        if row.has("Shared With") {
            let people = row.list("Shared With")
            let known = try people.filter { try user(at: $0) != nil }
            row["Shared With"] = known.joined(separator: ";")
            if known.count < people.count { isLoose = true }
        }
        return (row, isLoose)
    }
}
