import GRDB
package import MailkeepModel

/// A record as a list tells it to a viewer who may open it.
package struct ListedRecord: Sendable, Equatable {
    package var key: RecordKey
    package var name: String
    package var owner: UserID
    package var ownerName: String
    package var addresses: [String]
    /// Where the viewer may open them.
    package var account: NamedRecord?
    package var contact: NamedRecord?
    package var modifiedAt: Timestamp
}

/// A record by its name.
package struct NamedRecord: Sendable, Equatable {
    package var key: RecordKey
    package var name: String
}

extension ReadTransaction {
    /// A page of the records of a module that a viewer may open; how many there are is not told (V1).
    package func records(_ query: RecordQuery, openTo viewer: UserID) throws -> Page<ListedRecord> {
        var arguments: StatementArguments = [
            "viewer": viewer.rawValue, "module": query.module.rawValue, "limit": query.page.limit,
            "offset": query.page.offset,
        ]
        var condition = "record.module = :module AND \(Visibility.mayOpenRecord)"
        if let term = SearchText.term(query.search) {
            condition += " AND " + Self.isFound
            arguments += ["search": term]
        }
        if let moment = query.modifiedAfter {
            condition += " AND record.modified_at > :modified_after"
            arguments += ["modified_after": moment.rawValue]
        }
        if let id = query.afterID {
            condition += " AND record.id > :after_id"
            arguments += ["after_id": id.rawValue]
        }
        let candidates =
            try opensMany(viewer, of: query.module)
            ? "" : "(SELECT DISTINCT key FROM (\(Visibility.recordsOfViewer))) AS candidate CROSS JOIN "
        let direction = query.sorting.isDescending ? "DESC" : "ASC"
        let found = try rows(
            """
            SELECT record.*, owner.name AS owner_name
            FROM \(candidates)record CROSS JOIN user AS owner ON owner.id = record.owner_id
            WHERE \(candidates.isEmpty ? "" : "record.key = candidate.key AND ")\(condition)
            ORDER BY \(query.sorting.key.column) \(direction), record.key \(direction)
            LIMIT :limit OFFSET :offset
            """,
            arguments
        )
        return try Page(found, of: query.page).map { try listedRecord($0, module: query.module, openTo: viewer) }
    }

    /// The record of a row key, for who may open it.
    func namedRecord(ofRow key: Int64?, openTo viewer: UserID) throws -> NamedRecord? {
        guard let key else { return nil }
        return try row(
            "SELECT module, id, name FROM record WHERE key = :key AND \(Visibility.mayOpenRecord)",
            ["key": key, "viewer": viewer.rawValue]
        ).flatMap(Self.namedRecord)
    }

    static func namedRecord(_ row: Row) -> NamedRecord? {
        Module(rawValue: row["module"]).map {
            NamedRecord(key: RecordKey(module: $0, id: Identifier(rawValue: row["id"])), name: row["name"])
        }
    }

    /// Whether a viewer may open so many records of a module that going through all in order finds a page of them sooner
    /// than sorting those.
    private func opensMany(_ viewer: UserID, of module: Module) throws -> Bool {
        try exists(
            "SELECT 1 FROM user AS viewer WHERE viewer.id = ? AND \(Visibility.isSeeingAdministrator)",
            [viewer.rawValue]
        )
            || exists(
                "SELECT 1 FROM (\(Visibility.recordsOfViewer)) LIMIT 1 OFFSET :many",
                ["viewer": viewer.rawValue, "module": module.rawValue, "many": Self.many]
            )
    }

    private static let many = 2000

    /// Of a row of `record`: `:search` is part of its name or of an address.
    private static let isFound = """
        (\(SearchText.isPart(of: "record.name"))
         OR EXISTS (SELECT 1 FROM record_address AS searched
                    WHERE searched.record_key = record.key AND \(SearchText.isPart(of: "searched.address"))))
        """

    private func listedRecord(_ row: Row, module: Module, openTo viewer: UserID) throws -> ListedRecord {
        let key: Int64 = row["key"]
        return ListedRecord(
            key: RecordKey(module: module, id: Identifier(rawValue: row["id"])),
            name: row["name"],
            owner: UserID(rawValue: row["owner_id"]),
            ownerName: row["owner_name"],
            addresses: try rows(
                "SELECT address FROM record_address WHERE record_key = ? ORDER BY position",
                [key]
            ).map { $0["address"] },
            account: try namedRecord(ofRow: row["account_key"], openTo: viewer),
            contact: try namedRecord(ofRow: row["contact_key"], openTo: viewer),
            modifiedAt: Timestamp(rawValue: row["modified_at"])
        )
    }
}

extension RecordQuery.Key {
    fileprivate var column: String {
        switch self {
        case .name: "record.name COLLATE NOCASE"
        case .modified: "record.modified_at"
        case .id: "record.id"
        }
    }
}
