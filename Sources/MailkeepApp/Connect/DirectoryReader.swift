import Foundation
import MailkeepKeys
import MailkeepModel
import MailkeepStore
import MailkeepSync
import OAuthClient
import Synchronization

/// Reads the CRM page by page, and stores each page in one transaction with where the next one is.
struct DirectoryReader {
    /// Where a run is in the records.
    struct Position: Codable {
        enum Stage: Int, Codable, CaseIterable {
            case accounts
            case contacts
            case deals
            case leads
            case deletedAccounts
            case deletedContacts
            case deletedDeals
            case deletedLeads

            var module: Module {
                switch self {
                case .accounts, .deletedAccounts: .accounts
                case .contacts, .deletedContacts: .contacts
                case .deals, .deletedDeals: .deals
                case .leads, .deletedLeads: .leads
                }
            }

            var isOfDeleted: Bool { rawValue >= Stage.deletedAccounts.rawValue }
            var next: Stage? { Stage(rawValue: rawValue + 1) }
        }

        var stage = Stage.accounts
        var page = 1
        var token: String?
    }

    private static let pageSize = 200
    private static let path = "crm/v8"
    /// Milliseconds that are read again, as a change may be told a little later than its time.
    private static let overlap: Int64 = 60_000
    /// Milliseconds by which the CRM's clock may differ from ours before it is not believed.
    private static let skew: Int64 = 86_400_000
    /// Records that are asked for again in the next run because something of them could not be stored; of more of them
    /// that run reads from where this one did.
    private static let mostUnresolved = 500

    let mailkeep: Mailkeep
    let caller: Caller
    let connection: Connection
    let client: OAuthAPIClient
    let permissions: JobPermissions
    let onProgress: @Sendable (DirectoryRun) async throws -> Void
    private var run = DirectoryRun()
    /// The addresses of the CRM's users by their ids there.
    private var emails: [String: String] = [:]
    private var knownEmails: Set<String> = []
    private var beganAt: Timestamp?
    /// Whether the next page is asked for by a token of a run that was broken off, which may have ended since.
    private var isResuming = false
    /// What could not be stored, or not wholly, as paths of the API: `Contacts/12`.
    private var unresolved: Set<String> = []

    init(
        mailkeep: Mailkeep,
        caller: Caller,
        connection: Connection,
        client: OAuthAPIClient,
        permissions: JobPermissions,
        onProgress: @escaping @Sendable (DirectoryRun) async throws -> Void
    ) {
        self.mailkeep = mailkeep
        self.caller = caller
        self.connection = connection
        self.client = client
        self.permissions = permissions
        self.onProgress = onProgress
        beganAt = connection.beganAt
    }

    mutating func read() async throws -> DirectoryRun {
        run.read_since = connection.completedAt?.iso8601
        try await readRoles()
        try await readUsers()
        try await readUnresolved()
        var position = try connection.position.map { try JSONDecoder().decode(Position.self, from: $0) } ?? Position()
        isResuming = position.token != nil
        while true {
            if position.stage.isOfDeleted, connection.completedAt == nil { break }
            let isLast = try await readPage(&position)
            try await onProgress(run)
            if isLast { break }
        }
        let (began, now) = (beganAt ?? mailkeep.clock(), mailkeep.clock())
        let action = AuditedAction(
            name: "connection.read",
            details: [
                "users": "\(run.users)", "records": "\(run.records.values.reduce(0, +))", "deleted": "\(run.deleted)",
                "skipped": "\(run.skipped_count)",
            ]
        )
        let (savedAt, left) = (connection.savedAt, unresolved.sorted())
        // Where too much is left, the next run reads from where this one did.
        let until = left.count > Self.mostUnresolved ? connection.completedAt : began
        try await mailkeep.act(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            try transaction.completeConnection(
                savedAt: savedAt,
                readUntil: until,
                unresolved: left.count > Self.mostUnresolved ? [] : left,
                at: now
            )
            return (.done, ())
        }
        return run
    }

    /// Asks again for what could not be stored in the run before.
    private mutating func readUnresolved() async throws {
        for path in connection.unresolved {
            let words = path.split(separator: "/")
            guard words.count == 2, let module = Module(rawValue: String(words[0])) else { continue }
            let fields = ["fields": RecordColumns.names(of: module).joined(separator: ",")]
            let records = try await get(CRMDocument.Records.self, path, fields, isAbsent: [400, 404])?.data ?? []
            try await storeRecords(records, module, nil)
        }
    }

    /// Asks the CRM for a document; nil where there is nothing (204, 304).
    ///
    /// - Parameter isAbsent: further statuses that say so.
    private mutating func get<Document: Decodable>(
        _: Document.Type,
        _ path: String,
        _ query: [String: String] = [:],
        since: Timestamp? = nil,
        isAbsent: Set<Int> = []
    ) async throws -> Document? {
        var headers: [String: String] = [:]
        if let since { headers["If-Modified-Since"] = since.iso8601 }
        let answer = try await client.get("\(Self.path)/\(path)", query, headers: headers)
        if beganAt == nil {
            let now = mailkeep.clock()
            let theirs = answer.date.flatMap { Int64(exactly: ($0.timeIntervalSince1970 * 1000).rounded()) }
            let believed = now.advanced(byMilliseconds: -Self.skew)...now.advanced(byMilliseconds: Self.skew)
            beganAt = theirs.map(Timestamp.init).flatMap { believed.contains($0) ? $0 : nil } ?? now
        }
        switch answer.status {
        case let status where isAbsent.contains(status): return nil
        case 204, 304: return nil
        case 200:
            do {
                return try JSONDecoder().decode(Document.self, from: answer.body)
            } catch {
                throw AppError(.connectionBroken, ["detail": "\(path): not the document that was expected"])
            }
        case 401, 403: throw AppError(.connectionRefused, ["detail": "\(path): \(answer.status)"])
        default: throw AppError(.connectionBroken, ["detail": "\(path): \(answer.status)"])
        }
    }

    private mutating func readRoles() async throws {
        guard let roles = try await get(CRMDocument.Roles.self, "settings/roles")?.roles else { return }
        let rows = roles.enumerated().map { index, role in
            ImportTable.Row(line: index + 1, ["Name": role.name, "Reports To": role.reporting_to?.name ?? ""])
        }
        let result = try await store { try $0.importRoles(rows) }
        run.roles = result.stored
        for problem in result.skipped {
            run.skip("roles/\(problem.value)", problem.reason.rawValue, problem.message(in: .english))
        }
    }

    private mutating func readUsers() async throws {
        var page = 1
        while true {
            let query = ["type": "AllUsers", "page": "\(page)", "per_page": "\(Self.pageSize)"]
            guard let document = try await get(CRMDocument.Users.self, "users", query) else { break }
            try await storeUsers(document.users)
            try await onProgress(run)
            guard document.info?.more_records == true else { break }
            page += 1
        }
    }

    private mutating func storeUsers(_ users: [CRMDocument.User]) async throws {
        for user in users {
            guard let email = user.email else { continue }
            emails[user.id] = email
            knownEmails.insert(email.lowercased())
        }
        try await deactivate(users.filter { $0.status != "active" })
        let known = Set(try await usersOfAddresses(users.compactMap(\.email)).map { $0.email.lowercased() })
        let rows = users.enumerated().compactMap { index, user -> ImportTable.Row? in
            guard let email = user.email else { return nil }
            var row = [
                "Email": email, "Name": user.full_name ?? user.last_name ?? email, "Role": user.role?.name ?? "",
            ]
            // What profiles are called there takes nothing from who is an administrator here.
            if user.profile?.name?.lowercased() == Profile.administrator.rawValue {
                row["Profile"] = Profile.administrator.rawValue
            }
            if !known.contains(email.lowercased()), user.status != "active" {
                row["Status"] = UserStatus.inactive.rawValue
            }
            return ImportTable.Row(line: index, row)
        }
        let result = try await store { try $0.importUsers(rows) }
        run.users += result.stored
        for problem in result.skipped {
            let id = users.indices.contains(problem.line) ? users[problem.line].id : ""
            run.skip("users/\(id)", problem.reason.rawValue, problem.message(in: .english))
        }
    }

    /// Deactivates users who are inactive there and active here, with a backup where that is wished and the rules allow
    /// it, in one act (B5).
    private mutating func deactivate(_ users: [CRMDocument.User]) async throws {
        for user in try await usersOfAddresses(users.compactMap(\.email)) where user.status == .active {
            var action = DeactivateUser(user: user.id, backUp: connection.backsUp, permissions: permissions)
            do {
                let output: DeactivateUser.Output
                do {
                    output = try await mailkeep.perform(action, as: caller)
                } catch let refusal as Refusal where action.backUp && refusal.rule != .u2 && refusal.rule != .p1 {
                    run.skip(
                        "backup of users/\(user.id)",
                        refusal.rule.rawValue,
                        Wording(locale: .english).refusal(refusal)
                    )
                    action.backUp = false
                    output = try await mailkeep.perform(action, as: caller)
                }
                if let backup = output.backup {
                    run.backups += 1
                    run.backupIDs.append(backup)
                }
            } catch let refusal as Refusal where refusal.rule == .u2 {
                run.skip("users/\(user.id)", refusal.rule.rawValue, Wording(locale: .english).refusal(refusal))
            }
        }
    }

    private func usersOfAddresses(_ emails: [String]) async throws -> [User] {
        let addresses = emails.compactMap { try? UserAddress($0) }
        return try await mailkeep.store.read { transaction in
            try addresses.compactMap { try transaction.user(normalizedEmail: $0.normalized) }
        }
    }

    /// Reads a page of records, or of what was deleted, and goes on to the next; from the beginning of its stage where
    /// the token of a run that was broken off has ended.
    ///
    /// - Returns: whether it was the last.
    private mutating func readPage(_ position: inout Position) async throws -> Bool {
        let stage = position.stage
        var query = ["per_page": "\(Self.pageSize)"]
        if let token = position.token { query["page_token"] = token } else { query["page"] = "\(position.page)" }
        let (wasResuming, isEnded): (Bool, Set<Int>) = (isResuming, isResuming ? [400, 404] : [])
        isResuming = false
        let since = connection.completedAt?.advanced(byMilliseconds: -Self.overlap)
        let info: CRMDocument.Info?
        var next = position
        if stage.isOfDeleted {
            query["type"] = "all"
            let document = try await get(
                CRMDocument.Deleted.self,
                "\(stage.module.rawValue)/deleted",
                query,
                since: since,
                isAbsent: isEnded
            )
            if document == nil, wasResuming {
                position = Position(stage: stage)
                return false
            }
            info = document?.info
            next.advance(after: info)
            try await delete(document?.data ?? [], stage.module, next)
        } else {
            query["fields"] = RecordColumns.names(of: stage.module).joined(separator: ",")
            let document = try await get(
                CRMDocument.Records.self,
                stage.module.rawValue,
                query,
                since: since,
                isAbsent: isEnded
            )
            if document == nil, wasResuming {
                position = Position(stage: stage)
                return false
            }
            info = document?.info
            next.advance(after: info)
            try await storeRecords(document?.data ?? [], stage.module, next)
        }
        if let token = next.token, token == position.token {
            throw AppError(.connectionBroken, ["detail": "\(stage.module.rawValue): the same page again"])
        }
        position = next
        return next.stage.rawValue == stage.rawValue ? info?.more_records != true : false
    }

    /// - Parameter next: where the run goes on after these; nil of records that were asked for one by one.
    private mutating func storeRecords(
        _ records: [CRMDocument.Record],
        _ module: Module,
        _ next: Position?
    ) async throws {
        let rows = records.enumerated().map { index, record in
            ImportTable.Row(line: index, RecordColumns.row(of: record, module, emails: emails))
        }
        let known = knownEmails
        let (position, began, savedAt) = (try next.map(JSONEncoder().encode), beganAt, connection.savedAt)
        let loose = Mutex<[Int]>([])
        let result = try await store { importer in
            let linked = try rows.map { try importer.withoutLooseEnds($0, users: known) }
            loose.withLock { $0 = linked.filter(\.isLoose).map(\.row.line) }
            try importer.importRecords(linked.map(\.row), module: module)
            if let position {
                try importer.transaction.setConnectionPosition(position, beganAt: began, savedAt: savedAt)
            }
        }
        run.records[module.rawValue, default: 0] += result.stored
        for line in loose.withLock({ $0 }) {
            note(records, line, module, "incomplete", "A link or a share was left out, as its other end is not here.")
        }
        for problem in result.skipped {
            note(records, problem.line, module, problem.reason.rawValue, problem.message(in: .english))
        }
    }

    /// Notes a record of which something could not be stored, to be asked for again.
    private mutating func note(
        _ records: [CRMDocument.Record],
        _ index: Int,
        _ module: Module,
        _ reason: String,
        _ message: String
    ) {
        guard records.indices.contains(index), let id = records[index].text("id") else { return }
        unresolved.insert("\(module.rawValue)/\(id)")
        run.skip("\(module.rawValue)/\(id)", reason, message)
    }

    private mutating func delete(
        _ entries: [CRMDocument.Deleted.Entry],
        _ module: Module,
        _ next: Position
    ) async throws {
        let keys = entries.compactMap { Identifier<RecordKey>($0.id) }.map { RecordKey(module: module, id: $0) }
        let (position, began, now, caller) = (try JSONEncoder().encode(next), beganAt, mailkeep.clock(), caller)
        let savedAt = connection.savedAt
        let (deleted, held) = try await mailkeep.store.write { transaction -> (Int, [(RecordKey, [HoldID])]) in
            try PagePolicy.use(actor: try transaction.activeUser(caller.user)).enforce()
            var (deleted, held) = (0, [(RecordKey, [HoldID])]())
            for key in keys where try transaction.recordExists(key) {
                var entry = AuditEntry(
                    AuditedAction(name: "record.delete", target: key.description),
                    by: caller,
                    at: now
                )
                let holds = try transaction.holdsAgainstDeleting(key)
                if holds.isEmpty, try transaction.holds(everOn: key).isEmpty {
                    try transaction.deleteRecord(key, at: now)
                    deleted += 1
                } else {
                    entry.refuse(by: Refusal(.r1, holds: holds))
                    held.append((key, holds))
                }
                try transaction.appendAudit(entry)
            }
            try transaction.setConnectionPosition(position, beganAt: began, savedAt: savedAt)
            return (deleted, held)
        }
        run.deleted += deleted
        for (key, holds) in held {
            run.skip(
                key.description,
                Rule.r1.rawValue,
                Wording(locale: .english).refusal(Refusal(.r1, holds: holds))
            )
        }
    }

    /// Stores a page in one transaction.
    private func store(_ body: @escaping @Sendable (inout Importer) throws -> Void) async throws -> ImportResult {
        let (hasher, now, caller) = (mailkeep.keys.addressHasher, mailkeep.clock(), caller)
        return try await mailkeep.store.write { transaction in
            let actor = try transaction.activeUser(caller.user)
            try PagePolicy.use(actor: actor).enforce()
            var importer = Importer(transaction: transaction, actor: actor, caller: caller, hasher: hasher, now: now)
            importer.auditsUnchanged = false
            try body(&importer)
            return importer.result
        }
    }
}

extension DirectoryReader.Position {
    /// Goes on to the next page, or to what comes after.
    fileprivate mutating func advance(after info: CRMDocument.Info?) {
        if info?.more_records == true {
            token = info?.next_page_token
            page += 1
        } else if let next = stage.next {
            self = DirectoryReader.Position(stage: next)
        }
    }
}
