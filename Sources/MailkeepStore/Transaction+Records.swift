package import Foundation
import GRDB
package import MailkeepModel

/// A customer record as the directory holds it.
package struct Record: Sendable, Equatable {
    package var key: RecordKey
    package var owner: UserID
    package var name: String
    /// Its own addresses, in order, each with its keyed hash.
    package var addresses: [RecordAddress]
    package var account: RecordKey?
    package var contact: RecordKey?
    package var sharedWith: [UserID]
    /// Columns of the import that Mailkeep gives no meaning.
    package var fields: [String: String]
    /// Nil of one that is not stored yet.
    package var createdAt: Timestamp?
    package var modifiedAt: Timestamp?

    package init(
        key: RecordKey,
        owner: UserID,
        name: String,
        addresses: [RecordAddress] = [],
        account: RecordKey? = nil,
        contact: RecordKey? = nil,
        sharedWith: [UserID] = [],
        fields: [String: String] = [:]
    ) {
        self.key = key
        self.owner = owner
        self.name = name
        self.addresses = addresses
        self.account = account
        self.contact = contact
        self.sharedWith = sharedWith
        self.fields = fields
    }
}

/// One of a record's addresses: as written, and its keyed hash.
package struct RecordAddress: Sendable, Equatable {
    package let address: String
    package let hash: Data

    package init(address: String, hash: Data) {
        self.address = address
        self.hash = hash
    }
}

extension ReadTransaction {
    /// Whether a viewer is associated with a record and so may open it (rules.md, Words; V1).
    package func isAssociated(_ viewer: UserID, with record: RecordKey) throws -> Bool {
        try exists(
            "SELECT 1 FROM record WHERE module = :module AND id = :id AND \(Visibility.mayOpenRecord)",
            Visibility.arguments(viewer: viewer, record: record)
        )
    }

    /// Whether an owner shares their mail on a record.
    package func sharesEmails(of user: UserID, on record: RecordKey) throws -> Bool {
        try exists(
            """
            SELECT 1 FROM email_share JOIN record ON record.key = email_share.record_key
            WHERE email_share.user_id = ? AND record.module = ? AND record.id = ?
            """,
            [user.rawValue, record.module.rawValue, record.id.rawValue]
        )
    }

    /// A record, whoever asks: callers check the association first.
    package func record(_ key: RecordKey) throws -> Record? {
        guard let row = try row("SELECT * FROM record WHERE module = ? AND id = ?", Self.arguments(key)) else {
            return nil
        }
        let rowKey: Int64 = row["key"]
        let addresses = try rows(
            "SELECT address, hash FROM record_address WHERE record_key = ? ORDER BY position",
            [rowKey]
        )
        let shares = try rows("SELECT user_id FROM record_share WHERE record_key = ? ORDER BY user_id", [rowKey])
        var record = Record(
            key: key,
            owner: UserID(rawValue: row["owner_id"]),
            name: row["name"],
            addresses: addresses.map { RecordAddress(address: $0["address"], hash: $0["hash"]) },
            account: try recordKey(ofRow: row["account_key"]),
            contact: try recordKey(ofRow: row["contact_key"]),
            sharedWith: shares.map { UserID(rawValue: $0["user_id"]) },
            fields: try JSONDecoder().decode([String: String].self, from: Data((row["fields"] as String).utf8))
        )
        record.createdAt = Timestamp(rawValue: row["created_at"])
        record.modifiedAt = Timestamp(rawValue: row["modified_at"])
        return record
    }

    /// The records of a module with one of these addresses that a viewer may open, oldest first (V1).
    ///
    /// - Parameters:
    ///   - hash: the keyed hash of an address.
    ///   - page: up to one more than it holds.
    package func records(
        of module: Module,
        addressHash hash: Data,
        openTo viewer: UserID,
        page: PageRequest = PageRequest()
    ) throws -> [RecordKey] {
        try rows(
            """
            SELECT record.id FROM record
            WHERE record.key IN (SELECT record_key FROM record_address WHERE hash = :hash) AND record.module = :module
              AND \(Visibility.mayOpenRecord)
            ORDER BY record.key LIMIT :limit OFFSET :offset
            """,
            [
                "hash": hash, "module": module.rawValue, "viewer": viewer.rawValue, "limit": page.limit,
                "offset": page.offset,
            ]
        ).map { RecordKey(module: module, id: Identifier(rawValue: $0["id"])) }
    }

    /// The records of a module and name, in any case, that a viewer may open, oldest first (V1).
    package func records(of module: Module, named name: String, openTo viewer: UserID) throws -> [RecordKey] {
        try rows(
            """
            SELECT record.id FROM record
            WHERE record.module = :module AND record.name = :name COLLATE NOCASE AND \(Visibility.mayOpenRecord)
            ORDER BY record.key
            """,
            ["name": name, "module": module.rawValue, "viewer": viewer.rawValue]
        ).map { RecordKey(module: module, id: Identifier(rawValue: $0["id"])) }
    }

    /// The names of the fields that Mailkeep gives no meaning, of the records of a module that a viewer may open (V1).
    package func fieldNames(of module: Module, openTo viewer: UserID) throws -> [String] {
        try rows(
            """
            SELECT DISTINCT field.key AS name FROM record JOIN json_each(record.fields) AS field
            WHERE record.module = :module AND \(Visibility.mayOpenRecord) ORDER BY name
            """,
            ["module": module.rawValue, "viewer": viewer.rawValue]
        ).map { $0["name"] }
    }

    /// The records of a module that were deleted since a moment, in that order.
    package func deletedRecords(
        of module: Module,
        since moment: Timestamp?,
        page: PageRequest
    ) throws -> Page<(id: Identifier<RecordKey>, at: Timestamp)> {
        let found = try rows(
            """
            SELECT id, deleted_at FROM deleted_record WHERE module = ? AND deleted_at >= ?
            ORDER BY deleted_at, id LIMIT ? OFFSET ?
            """,
            [module.rawValue, moment?.rawValue ?? 0, page.limit, page.offset]
        )
        return Page(found, of: page).map {
            (id: Identifier(rawValue: $0["id"]), at: Timestamp(rawValue: $0["deleted_at"]))
        }
    }

    /// The standing legal holds that keep a record from being deleted: those on it, and those on the organisation.
    package func holdsAgainstDeleting(_ record: RecordKey) throws -> [HoldID] {
        try rows(
            """
            SELECT id FROM hold WHERE lifted_at IS NULL AND (record_key = ? OR scope = 'organization') ORDER BY id
            """,
            [try rowKey(of: record)]
        ).map { HoldID(rawValue: $0["id"]) }
    }

    /// All legal holds that were ever placed on a record.
    package func holds(everOn record: RecordKey) throws -> [HoldID] {
        try rows("SELECT id FROM hold WHERE record_key = ? ORDER BY id", [try rowKey(of: record)])
            .map { HoldID(rawValue: $0["id"]) }
    }

    /// Whether a record exists, for the importer's links.
    package func recordExists(_ key: RecordKey) throws -> Bool {
        try rowKey(of: key) != nil
    }

    /// The first id above all that a module has given.
    package func nextRecordID(in module: Module) throws -> Identifier<RecordKey>? {
        let given = try row(
            """
            SELECT MAX(id) AS id FROM (
                SELECT MAX(id) AS id FROM record WHERE module = :module
                UNION ALL SELECT MAX(id) FROM deleted_record WHERE module = :module)
            """,
            ["module": module.rawValue]
        )
        let last: Int64 = given?["id"] ?? 0
        return last < .max ? Identifier(rawValue: last + 1) : nil
    }

    func rowKey(of key: RecordKey) throws -> Int64? {
        try row("SELECT key FROM record WHERE module = ? AND id = ?", Self.arguments(key))?["key"]
    }

    private func recordKey(ofRow key: Int64?) throws -> RecordKey? {
        guard let key, let row = try row("SELECT module, id FROM record WHERE key = ?", [key]),
            let module = Module(rawValue: row["module"])
        else { return nil }
        return RecordKey(module: module, id: Identifier(rawValue: row["id"]))
    }

    static func arguments(_ key: RecordKey) -> StatementArguments {
        [key.module.rawValue, key.id.rawValue]
    }
}

extension WriteTransaction {
    /// Older mails that a record is linked with in the transaction that changes it; more of them follow in the background.
    private static let linkedAtOnce = 500

    /// Adds a record or replaces the one with its key; what is associated follows at once (design decision 7).
    ///
    /// - Parameter links: whether older mail of its new addresses is looked through at once; where many records change,
    ///   once for all of them is enough.
    /// - Throws: `StoreError` (`constraint`) when a linked record is absent.
    package func upsertRecord(_ record: Record, links: Bool = true, at now: Timestamp) throws {
        let fields = try String(decoding: JSONEncoder.sorted.encode(record.fields), as: UTF8.self)
        try run(
            """
            INSERT INTO record (module, id, owner_id, name, account_key, contact_key, fields, created_at, modified_at)
            VALUES (:module, :id, :owner, :name, :account, :contact, :fields, :now, :now)
            ON CONFLICT (module, id) DO UPDATE SET owner_id = :owner, name = :name, account_key = :account,
                contact_key = :contact, fields = :fields, modified_at = :now
            """,
            [
                "module": record.key.module.rawValue, "id": record.key.id.rawValue, "owner": record.owner.rawValue,
                "name": record.name, "account": try linked(record.account), "contact": try linked(record.contact),
                "fields": fields, "now": now.rawValue,
            ]
        )
        guard let key = try rowKey(of: record.key) else { throw StoreError(.other, "the record was not stored") }
        try run("DELETE FROM deleted_record WHERE module = ? AND id = ?", Self.arguments(record.key))
        try setAddresses(record.addresses, ofRow: key)
        try run("DELETE FROM record_share WHERE record_key = ?", [key])
        for user in Set(record.sharedWith) {
            try run("INSERT INTO record_share (record_key, user_id) VALUES (?, ?)", [key, user.rawValue])
        }
        if links { try linkNewAddresses(at: now) }
    }

    /// Deletes a record: its mail stands on no page of it any more, and stays stored.
    ///
    /// - Throws: `StoreError` (`constraint`) where a legal hold was ever placed on it.
    package func deleteRecord(_ record: RecordKey, at now: Timestamp) throws {
        guard let key = try rowKey(of: record) else { return }
        try run("UPDATE record SET account_key = NULL, modified_at = ? WHERE account_key = ?", [now.rawValue, key])
        try run("UPDATE record SET contact_key = NULL, modified_at = ? WHERE contact_key = ?", [now.rawValue, key])
        try run("DELETE FROM record WHERE key = ?", [key])
        try run(
            "INSERT OR REPLACE INTO deleted_record (module, id, deleted_at) VALUES (?, ?, ?)",
            [record.module.rawValue, record.id.rawValue, now.rawValue]
        )
    }

    /// Looks through some of the older mail of addresses that came to records; the rest follows in the background.
    package func linkNewAddresses(at now: Timestamp) throws {
        try linkChangedAddresses(limit: Self.linkedAtOnce, at: now)
    }

    /// Gives a record its addresses; those that it had keep their rows, as a row that is new has older mail looked through.
    private func setAddresses(_ addresses: [RecordAddress], ofRow key: Int64) throws {
        var former = try rows(
            "SELECT position, address, hash FROM record_address WHERE record_key = ? ORDER BY position",
            [key]
        ).map { (position: $0["position"] as Int, address: RecordAddress(address: $0["address"], hash: $0["hash"])) }
        guard former.map(\.address) != addresses else { return }
        // No two rows may have one position, not even on the way: below zero nobody is in the way.
        for (index, address) in addresses.enumerated() {
            let place = -1 - index
            if let same = former.firstIndex(where: { $0.address.hash == address.hash }) {
                try run(
                    "UPDATE record_address SET position = ?, address = ? WHERE record_key = ? AND position = ?",
                    [place, address.address, key, former.remove(at: same).position]
                )
            } else {
                try run(
                    "INSERT INTO record_address (record_key, position, address, hash) VALUES (?, ?, ?, ?)",
                    [key, place, address.address, address.hash]
                )
            }
        }
        try run("DELETE FROM record_address WHERE record_key = ? AND position >= 0", [key])
        try run("UPDATE record_address SET position = -1 - position WHERE record_key = ?", [key])
    }

    /// Shares the owner's mail on a record with those associated with it (Record-level share).
    ///
    /// - Returns: whether that changed anything.
    package func shareEmails(of user: UserID, on record: RecordKey, at now: Timestamp) throws -> Bool {
        guard let key = try rowKey(of: record) else { return false }
        try run(
            "INSERT OR IGNORE INTO email_share (user_id, record_key, shared_at) VALUES (?, ?, ?)",
            [user.rawValue, key, now.rawValue]
        )
        return database.changesCount > 0
    }

    /// Takes such a share back.
    ///
    /// - Returns: whether that changed anything.
    package func unshareEmails(of user: UserID, on record: RecordKey) throws -> Bool {
        guard let key = try rowKey(of: record) else { return false }
        try run("DELETE FROM email_share WHERE user_id = ? AND record_key = ?", [user.rawValue, key])
        return database.changesCount > 0
    }

    private func linked(_ key: RecordKey?) throws -> Int64? {
        guard let key else { return nil }
        guard let row = try rowKey(of: key) else {
            throw StoreError(.constraint, "there is no \(key.module.rawValue) \(key.id)")
        }
        return row
    }
}

extension JSONEncoder {
    /// Writes keys in a fixed order, so that equal values give equal bytes.
    package static var sorted: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
