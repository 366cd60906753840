import Foundation
import MailMessage
import MailkeepKeys
import MailkeepModel
import MailkeepStore

/// Stores the rows of an import within one transaction; bad rows are noted and passed over.
struct Importer {
    let transaction: WriteTransaction
    let actor: User
    let hasher: AddressHasher
    let now: Timestamp
    var result = ImportResult()

    /// `Name,Reports To`, in any order; a role reports to one of the file or one that is there already.
    mutating func importRoles(_ rows: [ImportTable.Row]) throws {
        var roles: [(row: ImportTable.Row, id: RoleID)] = []
        for row in rows {
            guard let name = try? Name.checked(row["Name"]) else {
                note(row, .name, row["Name"])
                continue
            }
            roles.append((row, try transaction.ensureRole(named: name)))
        }
        for (row, id) in roles {
            let superiorName = row["Reports To"]
            var superior: RoleID?
            if !superiorName.isEmpty {
                guard let found = try? transaction.existingRole(named: superiorName) else {
                    note(row, .role, superiorName)
                    continue
                }
                superior = found
            }
            try transaction.setSuperior(of: id, to: superior)
            result.stored += 1
        }
        guard try transaction.rebuildRoleHierarchy() else { throw AppError(.roleCycle) }
    }

    /// `Email,Name,Role,Profile,Status`.
    ///
    /// A user who is there already takes the file's values, within the rules.
    mutating func importUsers(_ rows: [ImportTable.Row]) throws {
        for row in rows {
            guard let email = try? UserAddress(row["Email"]) else {
                note(row, .email, row["Email"])
                continue
            }
            guard let name = try? Name.checked(row["Name"]) else {
                note(row, .name, row["Name"])
                continue
            }
            guard let profile = Profile(rawValue: row["Profile"].isEmpty ? "standard" : row["Profile"].lowercased())
            else {
                note(row, .profile, row["Profile"])
                continue
            }
            guard let status = UserStatus(rawValue: row["Status"].isEmpty ? "active" : row["Status"].lowercased())
            else {
                note(row, .status, row["Status"])
                continue
            }
            var role: RoleID?
            if !row["Role"].isEmpty {
                role = try? transaction.existingRole(named: row["Role"])
                if role == nil {
                    note(row, .role, row["Role"])
                    continue
                }
            }
            do {
                try store(email, name: name, profile: profile, status: status, role: role)
                result.stored += 1
            } catch let refusal as Refusal {
                result.skipped.append(ImportProblem(line: row.line, reason: .refused, refusal: refusal))
            }
        }
    }

    private func store(
        _ email: UserAddress,
        name: String,
        profile: Profile,
        status: UserStatus,
        role: RoleID?
    ) throws {
        guard var user = try transaction.user(normalizedEmail: email.normalized) else {
            let new = NewUser(
                email: email.text,
                normalizedEmail: email.normalized,
                domain: email.domain,
                name: name,
                profile: profile,
                status: status,
                role: role,
                locale: actor.locale
            )
            _ = try transaction.insertUser(new, addressHash: hash(email.normalized), at: now)
            return
        }
        try UserPolicy.changeProfile(
            actor: actor,
            target: user,
            to: profile,
            administratorCount: try transaction.administratorCount()
        ).enforce()
        if status == .inactive {
            let decision = UserPolicy.deactivate(
                actor: actor,
                target: user,
                administratorCount: try transaction.administratorCount()
            )
            if try decision.enforce() { try transaction.deactivate(user.id, at: now) }
        } else if try UserPolicy.activate(actor: actor, target: user).enforce() {
            let savedAt = try transaction.mailAddon(of: user.id)?.savedAt.advanced(byMilliseconds: 1)
            try transaction.activate(user.id, at: max(now, savedAt ?? now))
        }
        user.name = name
        user.profile = profile
        user.role = role
        try transaction.updateUser(user)
    }

    /// `Id,Owner,Name,Email,Secondary Email,Account,Contact,Shared With`; other columns are kept as fields.
    mutating func importRecords(_ rows: [ImportTable.Row], module: Module) throws {
        let users = Dictionary(
            try transaction.users().compactMap { user in NormalizedAddress(user.email).map { ($0, user.id) } },
            uniquingKeysWith: { first, _ in first }
        )
        var seen: Set<String> = []
        for row in rows {
            if let record = try record(row, module: module, users: users, seen: &seen) {
                try transaction.upsertRecord(record, at: now)
                result.stored += 1
            }
        }
    }

    private mutating func record(
        _ row: ImportTable.Row,
        module: Module,
        users: [NormalizedAddress: UserID],
        seen: inout Set<String>
    ) throws -> Record? {
        let id = row["Id"].isEmpty ? try transaction.nextRecordID(in: module) : Identifier(row["Id"])
        guard let id else { return note(row, .id, row["Id"]) }
        guard seen.insert(id.description).inserted else { return note(row, .duplicate, row["Id"]) }
        guard let name = try? Name.checked(row["Name"]) else { return note(row, .name, row["Name"]) }
        guard let owner = NormalizedAddress(row["Owner"]).flatMap({ users[$0] }) else {
            return note(row, .owner, row["Owner"])
        }
        var record = Record(key: RecordKey(module: module, id: id), owner: owner, name: name)
        for address in row.list("Email") + row.list("Secondary Email") {
            guard let normalized = NormalizedAddress(address) else { return note(row, .email, address) }
            record.addresses.append(RecordAddress(address: address, hash: hash(normalized.description)))
        }
        for colleague in row.list("Shared With") {
            guard let user = NormalizedAddress(colleague).flatMap({ users[$0] }) else {
                return note(row, .user, colleague)
            }
            record.sharedWith.append(user)
        }
        for (column, linked, reason) in [
            ("Account", Module.accounts, ImportProblem.Reason.account), ("Contact", .contacts, .contact),
        ] where !row[column].isEmpty {
            guard let id = Identifier<RecordKey>(row[column]) else { return note(row, reason, row[column]) }
            let key = RecordKey(module: linked, id: id)
            guard try transaction.recordExists(key) else { return note(row, reason, row[column]) }
            if linked == .accounts { record.account = key } else { record.contact = key }
        }
        record.fields = row.others(than: Self.recordColumns)
        return record
    }

    private static let recordColumns: Set<String> = [
        "Id", "Owner", "Name", "Email", "Secondary Email", "Account", "Contact", "Shared With",
    ]

    private func hash(_ address: String) -> Data {
        Data(hasher.hash(address))
    }

    @discardableResult
    private mutating func note(_ row: ImportTable.Row, _ reason: ImportProblem.Reason, _ value: String) -> Record? {
        result.skipped.append(ImportProblem(line: row.line, reason: reason, value: value))
        return nil
    }
}
