import GRDB
package import MailkeepModel

/// A record as a viewer opens it.
package struct OpenRecord: Sendable, Equatable {
    package var record: Record
    /// Why the viewer may open it: one ground at least.
    package var grounds: [AssociationGround]
    /// The linked records, and the contacts and deals that link to it, where the viewer may open them.
    package var account: NamedRecord?
    package var contact: NamedRecord?
    package var contacts: Page<NamedRecord>
    package var deals: Page<NamedRecord>
    package var modifiedAt: Timestamp
    /// The viewer shares their own mail on it.
    package var sharesOwnMail: Bool
}

extension ReadTransaction {
    /// Why a viewer may open a record; nothing where they may not, or it is not there (V1).
    package func associationGrounds(of viewer: UserID, with record: RecordKey) throws -> [AssociationGround] {
        let found = try row(
            """
            SELECT \(Visibility.isOwner) AS owner, \(Visibility.isSharedWith) AS shared,
                   \(Visibility.isAboveOwner) AS superior, \(Visibility.isSeeingAdministrator) AS administrator
            FROM record JOIN user AS viewer ON viewer.id = :viewer AND viewer.status = 'active'
            WHERE record.module = :module AND record.id = :id AND \(Visibility.mayOpenRecord)
            """,
            Visibility.arguments(viewer: viewer, record: record)
        )
        guard let found else { return [] }
        return AssociationGround.allCases.filter { found[$0.rawValue] }
    }

    /// A record for who may open it; nil for absent and forbidden alike (V1).
    package func openRecord(_ key: RecordKey, for viewer: UserID) throws -> OpenRecord? {
        let grounds = try associationGrounds(of: viewer, with: key)
        guard !grounds.isEmpty, let record = try record(key),
            let row = try row("SELECT * FROM record WHERE module = ? AND id = ?", Self.arguments(key))
        else { return nil }
        let rowKey: Int64 = row["key"]
        return OpenRecord(
            record: record,
            grounds: grounds,
            account: try namedRecord(ofRow: row["account_key"], openTo: viewer),
            contact: try namedRecord(ofRow: row["contact_key"], openTo: viewer),
            contacts: key.module == .accounts
                ? try records(.contacts, linkedTo: rowKey, by: "account_key", openTo: viewer) : Page(items: []),
            deals: key.module == .accounts
                ? try records(.deals, linkedTo: rowKey, by: "account_key", openTo: viewer)
                : try records(.deals, linkedTo: rowKey, by: "contact_key", openTo: viewer),
            modifiedAt: Timestamp(rawValue: row["modified_at"]),
            sharesOwnMail: try sharesEmails(of: viewer, on: key)
        )
    }

    private func records(
        _ module: Module,
        linkedTo key: Int64,
        by column: String,
        openTo viewer: UserID
    ) throws -> Page<NamedRecord> {
        let page = PageRequest(size: 100)
        let found = try rows(
            """
            SELECT module, id, name FROM record
            WHERE \(column) = :key AND module = :module AND \(Visibility.mayOpenRecord)
            ORDER BY name COLLATE NOCASE, key LIMIT :limit
            """,
            ["key": key, "module": module.rawValue, "viewer": viewer.rawValue, "limit": page.limit]
        )
        return Page(found.compactMap(Self.namedRecord), of: page)
    }
}
