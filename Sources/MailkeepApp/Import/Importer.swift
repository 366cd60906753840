import MailMessage
import MailkeepKeys
import MailkeepModel
import MailkeepStore

/// Stores the rows of an import within one transaction; bad rows are noted and passed over.
struct Importer {
    let transaction: WriteTransaction
    let actor: User
    let caller: Caller
    let hasher: AddressHasher
    let now: Timestamp
    /// Whether users of whom nothing changes have an audit entry too.
    var auditsUnchanged = true
    var result = ImportResult()
    /// The users who were looked for, by the addresses that were given for them; nil of who is not there.
    private var users: [String: UserID?] = [:]

    init(transaction: WriteTransaction, actor: User, caller: Caller, hasher: AddressHasher, now: Timestamp) {
        self.transaction = transaction
        self.actor = actor
        self.caller = caller
        self.hasher = hasher
        self.now = now
    }

    /// `Name,Reports To`, in any order; a role reports to one of the file or one that is there already.
    mutating func importRoles(_ rows: [ImportTable.Row]) throws {
        var roles: [(row: ImportTable.Row, id: RoleID)] = []
        var seen: Set<String> = []
        for row in rows {
            guard let name = try? Name.checked(row["Name"]) else {
                note(row, .name, row["Name"])
                continue
            }
            guard seen.insert(name).inserted else {
                note(row, .duplicate, name)
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
    /// A user who is there already takes the file's values, within the rules; an empty field, or a column that is not
    /// there, leaves theirs as it is.
    mutating func importUsers(_ rows: [ImportTable.Row]) throws {
        var seen: Set<String> = []
        for row in rows {
            guard let email = try? UserAddress(row["Email"]) else {
                note(row, .email, row["Email"])
                continue
            }
            guard seen.insert(email.normalized).inserted else {
                note(row, .duplicate, row["Email"])
                continue
            }
            guard let name = try? Name.checked(row["Name"]) else {
                note(row, .name, row["Name"])
                continue
            }
            var values = UserValues(name: name)
            if !row["Profile"].isEmpty {
                values.profile = Profile(rawValue: row["Profile"].lowercased())
                if values.profile == nil {
                    note(row, .profile, row["Profile"])
                    continue
                }
            }
            if !row["Status"].isEmpty {
                values.status = UserStatus(rawValue: row["Status"].lowercased())
                if values.status == nil {
                    note(row, .status, row["Status"])
                    continue
                }
            }
            if !row["Role"].isEmpty {
                values.role = try? transaction.existingRole(named: row["Role"])
                if values.role == nil {
                    note(row, .role, row["Role"])
                    continue
                }
            }
            let owner = try transaction.owner(ofAddress: email.normalized)
            guard try owner == nil || transaction.user(normalizedEmail: email.normalized) != nil else {
                note(row, .alias, row["Email"])
                continue
            }
            do {
                try audited(owner) { try store(email, values) }
                result.stored += 1
            } catch let refusal as Refusal {
                result.skipped.append(ImportProblem(line: row.line, reason: .refused, refusal: refusal))
            }
        }
    }

    /// What a row says of a user; what is nil stays as it is, or is as for a new user.
    private struct UserValues {
        var name: String
        var profile: Profile?
        var status: UserStatus?
        var role: RoleID?
    }

    /// Writes what became of each user to the audit log, also where a rule refused it (U4).
    private func audited(_ user: UserID?, _ store: () throws -> (user: UserID, changes: [String: String])) throws {
        var entry = AuditEntry(AuditedAction(name: "import.user", user: user), by: caller, at: now)
        do {
            let (user, changes) = try transaction.savepoint(store)
            entry.user = user
            entry.details = changes
            entry.outcome = changes.isEmpty ? .unchanged : .done
            if changes.isEmpty, !auditsUnchanged { return }
        } catch let refusal as Refusal {
            entry.refuse(by: refusal)
            try transaction.appendAudit(entry)
            throw refusal
        }
        try transaction.appendAudit(entry)
    }

    private func store(_ email: UserAddress, _ values: UserValues) throws -> (UserID, [String: String]) {
        guard let former = try transaction.user(normalizedEmail: email.normalized) else {
            let new = NewUser(
                email: email.text,
                normalizedEmail: email.normalized,
                domain: email.domain,
                name: values.name,
                profile: values.profile ?? .standard,
                status: values.status ?? .active,
                role: values.role,
                locale: actor.locale
            )
            let hashes = AddressHashes(email, hasher)
            let id = try transaction.insertUser(new, addressHash: hashes.exact, at: now)
            try transaction.noteTag(of: hashes)
            return (id, ["profile": new.profile.rawValue, "status": new.status.rawValue])
        }
        var user = former
        user.name = values.name
        user.profile = values.profile ?? former.profile
        user.role = values.role ?? former.role
        let count = try transaction.administratorCount()
        try UserPolicy.changeProfile(actor: actor, target: former, to: user.profile, administratorCount: count)
            .enforce()
        switch values.status {
        case .inactive:
            let decision = UserPolicy.deactivate(actor: actor, target: former, administratorCount: count)
            if try decision.enforce() { try transaction.deactivate(user.id, at: now) }
        case .active:
            let decision = UserPolicy.activate(actor: actor, target: former)
            if try decision.enforce() { try transaction.activate(user.id, for: caller, at: now) }
        case nil: break
        }
        try transaction.updateUser(user)
        var changes: [String: String] = [:]
        if let status = values.status, status != former.status { changes["status"] = status.rawValue }
        if user.profile != former.profile { changes["profile"] = user.profile.rawValue }
        if user.role != former.role { changes["role"] = user.role?.description }
        if user.name != former.name { changes["name"] = "changed" }
        return (user.id, changes)
    }

    /// `Id,Owner,Name,Email,Secondary Email,Account,Contact,Shared With`; other columns are kept as fields.
    ///
    /// A column that is not there leaves what a record has; an empty field takes it away.
    mutating func importRecords(_ rows: [ImportTable.Row], module: Module) throws {
        var seen: Set<String> = []
        for row in rows {
            if let record = try record(row, module: module, seen: &seen) {
                try transaction.upsertRecord(record, links: false, at: now)
                result.stored += 1
            }
        }
        try transaction.linkNewAddresses(at: now)
    }

    private mutating func record(
        _ row: ImportTable.Row,
        module: Module,
        seen: inout Set<String>
    ) throws -> Record? {
        let id = row["Id"].isEmpty ? try transaction.nextRecordID(in: module) : Identifier(row["Id"])
        guard let id else { return note(row, .id, row["Id"]) }
        guard seen.insert(id.description).inserted else { return note(row, .duplicate, row["Id"]) }
        guard let name = try? Name.checked(row["Name"]) else { return note(row, .name, row["Name"]) }
        guard let owner = try user(at: row["Owner"]) else { return note(row, .owner, row["Owner"]) }
        let key = RecordKey(module: module, id: id)
        var record = Record(key: key, owner: owner, name: name)
        if let former = try transaction.record(key) {
            if !row.has("Email"), !row.has("Secondary Email") { record.addresses = former.addresses }
            if !row.has("Shared With") { record.sharedWith = former.sharedWith }
            if !row.has("Account") { record.account = former.account }
            if !row.has("Contact") { record.contact = former.contact }
            record.fields = former.fields.filter { !row.has($0.key) }
        }
        for address in row.list("Email") + row.list("Secondary Email") {
            guard let normalized = NormalizedAddress(address) else { return note(row, .email, address) }
            let hashes = AddressHashes(normalized, hasher)
            record.addresses.append(RecordAddress(address: address, hash: hashes.exact))
            try transaction.noteTag(of: hashes)
        }
        for colleague in row.list("Shared With") {
            guard let user = try user(at: colleague) else { return note(row, .user, colleague) }
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
        record.fields.merge(row.others(than: Self.recordColumns)) { $1 }
        return record
    }

    /// The user of an address; nil where nobody here has it.
    mutating func user(at address: String) throws -> UserID? {
        if let known = users[address] { return known }
        let found = try NormalizedAddress(address).flatMap { try transaction.user(normalizedEmail: $0.description)?.id }
        users[address] = .some(found)
        return found
    }

    private static let recordColumns: Set<String> = [
        "Id", "Owner", "Name", "Email", "Secondary Email", "Account", "Contact", "Shared With",
    ]

    @discardableResult
    private mutating func note(_ row: ImportTable.Row, _ reason: ImportProblem.Reason, _ value: String) -> Record? {
        result.skipped.append(ImportProblem(line: row.line, reason: reason, value: value))
        return nil
    }
}
