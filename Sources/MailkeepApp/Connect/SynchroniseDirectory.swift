import Foundation
import MailkeepKeys
import MailkeepModel
import MailkeepStore
import MailkeepSync
import OAuthClient

/// What a run brought from the CRM.
package struct DirectoryRun: Encodable, Sendable, Equatable {
    /// Why something was passed over.
    package struct Skipped: Encodable, Sendable, Equatable {
        /// `users/12`, `Contacts/12`.
        package var what: String
        package var reason: String
        package var message: String
    }

    package var roles = 0
    package var users = 0
    /// By module.
    package var records: [String: Int] = [:]
    package var deleted = 0
    /// Backups of leavers that were asked for.
    package var backups = 0
    package var skipped_count = 0
    /// The first of them.
    package var skipped: [Skipped] = []
    /// From when on the CRM was read; nil where it was read from the beginning.
    package var read_since: String?

    fileprivate mutating func skip(_ what: String, _ reason: String, _ message: String) {
        skipped_count += 1
        if skipped.count < 100 { skipped.append(Skipped(what: what, reason: reason, message: message)) }
    }
}

/// Reads roles, users, records and shares from the CRM that is the master of the directory; for administrators (P1).
///
/// From the beginning at first, and then what has changed since; a run that was broken off goes on at the page where it
/// stopped. Whoever is deactivated there is deactivated here, within the rules. The CRM's ids of records are kept.
package struct SynchroniseDirectory: UseCase {
    package var onProgress: @Sendable (DirectoryRun) async throws -> Void

    package init(onProgress: @escaping @Sendable (DirectoryRun) async throws -> Void = { _ in }) {
        self.onProgress = onProgress
    }

    /// - Throws: `AppError` (`noConnection`, `connectionRefused`, `connectionBroken`), `Refusal` (P1).
    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> DirectoryRun {
        let action = AuditedAction(name: "connection.run")
        let connection = try await mailkeep.act(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            guard let connection = try transaction.connection() else { throw AppError(.noConnection) }
            return (.done, connection)
        }
        do {
            let settings = connection.settings
            guard let base = URL(string: settings.apiDomain), let endpoint = URL(string: settings.tokenEndpoint) else {
                throw AppError(.badConnection, ["name": "api-domain"])
            }
            let configuration = OAuthClientConfiguration(
                clientID: settings.clientID,
                clientSecret: settings.clientSecret,
                authorizationEndpoint: endpoint,
                tokenEndpoint: endpoint,
                scope: "",
                certificates: settings.certificates
            )
            let run = try await OAuthAPIClient.with(
                configuration,
                refreshToken: settings.refreshToken,
                base: base,
                scheme: "Zoho-oauthtoken"
            ) { client in
                var reader = DirectoryReader(
                    mailkeep: mailkeep,
                    caller: caller,
                    connection: connection,
                    client: client,
                    onProgress: onProgress
                )
                return try await reader.read()
            }
            return run
        } catch {
            let told = Self.told(error)
            if let told = told as? AppError {
                let now = mailkeep.clock()
                try await mailkeep.store.write { try $0.failConnection(told.description, at: now) }
            }
            throw told
        }
    }

    private static func told(_ error: any Error) -> any Error {
        guard let error = error as? OAuthError else { return error }
        switch error.code {
        case .grantRefused, .clientRefused: return AppError(.connectionRefused, ["detail": error.message])
        case .certificateInvalid, .unavailable, .invalidAnswer:
            return AppError(.connectionBroken, ["detail": error.message])
        }
    }
}

/// Reads the CRM page by page, and stores each page in one transaction with where the next one is.
private struct DirectoryReader {
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

    let mailkeep: Mailkeep
    let caller: Caller
    let connection: Connection
    let client: OAuthAPIClient
    let onProgress: @Sendable (DirectoryRun) async throws -> Void
    private var run = DirectoryRun()
    /// The addresses of the CRM's users by their ids there.
    private var emails: [String: String] = [:]
    private var beganAt: Timestamp?

    init(
        mailkeep: Mailkeep,
        caller: Caller,
        connection: Connection,
        client: OAuthAPIClient,
        onProgress: @escaping @Sendable (DirectoryRun) async throws -> Void
    ) {
        self.mailkeep = mailkeep
        self.caller = caller
        self.connection = connection
        self.client = client
        self.onProgress = onProgress
        beganAt = connection.beganAt
    }

    mutating func read() async throws -> DirectoryRun {
        run.read_since = connection.completedAt?.iso8601
        try await readRoles()
        try await readUsers()
        var position = try connection.position.map { try JSONDecoder().decode(Position.self, from: $0) } ?? Position()
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
        try await mailkeep.act(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            try transaction.completeConnection(beganAt: began, at: now)
            return (.done, ())
        }
        return run
    }

    /// Asks the CRM for a document; nil where there is nothing (204, 304).
    private mutating func get<Document: Decodable>(
        _: Document.Type,
        _ path: String,
        _ query: [String: String] = [:],
        since: Timestamp? = nil
    ) async throws -> Document? {
        var headers: [String: String] = [:]
        if let since { headers["If-Modified-Since"] = since.iso8601 }
        let answer = try await client.get("\(Self.path)/\(path)", query, headers: headers)
        if beganAt == nil {
            beganAt =
                answer.date.map { Timestamp(rawValue: Int64($0.timeIntervalSince1970 * 1000)) }
                ?? mailkeep.clock()
        }
        switch answer.status {
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
        let rows = users.enumerated().compactMap { index, user -> ImportTable.Row? in
            guard let email = user.email else { return nil }
            emails[user.id] = email
            let isAdministrator = user.profile?.name?.lowercased() == Profile.administrator.rawValue
            return ImportTable.Row(
                line: index,
                [
                    "Email": email, "Name": user.full_name ?? user.last_name ?? email, "Role": user.role?.name ?? "",
                    "Profile": (isAdministrator ? Profile.administrator : .standard).rawValue,
                    "Status": (user.status == "active" ? UserStatus.active : .inactive).rawValue,
                ]
            )
        }
        let leaving = rows.filter { $0["Status"] == UserStatus.inactive.rawValue }.map { $0["Email"] }
        let active = try await usersOfAddresses(leaving).filter { $0.status == .active }
        let result = try await store { try $0.importUsers(rows) }
        run.users += result.stored
        for problem in result.skipped {
            let id = users.indices.contains(problem.line) ? users[problem.line].id : ""
            run.skip("users/\(id)", problem.reason.rawValue, problem.message(in: .english))
        }
        guard connection.backsUp else { return }
        for user in try await usersOfAddresses(active.map(\.email)) where user.status == .inactive {
            do {
                _ = try await mailkeep.perform(StartBackup(user: user.id), as: caller)
                run.backups += 1
            } catch let refusal as Refusal {
                run.skip("backup of \(user.id)", refusal.rule.rawValue, Wording(locale: .english).refusal(refusal))
            }
        }
    }

    private func usersOfAddresses(_ emails: [String]) async throws -> [User] {
        let addresses = emails.compactMap { try? UserAddress($0) }
        return try await mailkeep.store.read { transaction in
            try addresses.compactMap { try transaction.user(normalizedEmail: $0.normalized) }
        }
    }

    /// Reads a page of records, or of what was deleted, and goes on to the next.
    ///
    /// - Returns: whether it was the last.
    private mutating func readPage(_ position: inout Position) async throws -> Bool {
        let stage = position.stage
        var query = ["per_page": "\(Self.pageSize)"]
        if let token = position.token { query["page_token"] = token } else { query["page"] = "\(position.page)" }
        let since = connection.completedAt?.advanced(byMilliseconds: -Self.overlap)
        let info: CRMDocument.Info?
        var next = position
        if stage.isOfDeleted {
            query["type"] = "all"
            let document = try await get(
                CRMDocument.Deleted.self,
                "\(stage.module.rawValue)/deleted",
                query,
                since: since
            )
            info = document?.info
            next.advance(after: info)
            try await delete(document?.data ?? [], stage.module, next)
        } else {
            query["fields"] = RecordColumns.names(of: stage.module).joined(separator: ",")
            let document = try await get(CRMDocument.Records.self, stage.module.rawValue, query, since: since)
            info = document?.info
            next.advance(after: info)
            try await storeRecords(document?.data ?? [], stage.module, next)
        }
        position = next
        return next.stage.rawValue == stage.rawValue ? info?.more_records != true : false
    }

    private mutating func storeRecords(
        _ records: [CRMDocument.Record],
        _ module: Module,
        _ next: Position
    ) async throws {
        let rows = records.enumerated().map { index, record in
            ImportTable.Row(line: index, RecordColumns.row(of: record, module, emails: emails))
        }
        let known = Set(emails.values.map { $0.lowercased() })
        let (position, began) = (try JSONEncoder().encode(next), beganAt)
        let result = try await store { importer in
            let linked = try rows.map { try importer.withoutLooseEnds($0, users: known) }
            try importer.importRecords(linked, module: module)
            try importer.transaction.setConnectionPosition(position, beganAt: began)
        }
        run.records[module.rawValue, default: 0] += result.stored
        for problem in result.skipped {
            let id = records.indices.contains(problem.line) ? records[problem.line].text("id") ?? "" : ""
            run.skip("\(module.rawValue)/\(id)", problem.reason.rawValue, problem.message(in: .english))
        }
    }

    private mutating func delete(
        _ entries: [CRMDocument.Deleted.Entry],
        _ module: Module,
        _ next: Position
    ) async throws {
        let keys = entries.compactMap { Identifier<RecordKey>($0.id) }.map { RecordKey(module: module, id: $0) }
        let (position, began, now, caller) = (try JSONEncoder().encode(next), beganAt, mailkeep.clock(), caller)
        let (deleted, held) = try await mailkeep.store.write { transaction -> (Int, [RecordKey]) in
            try PagePolicy.use(actor: try transaction.activeUser(caller.user)).enforce()
            var (deleted, held) = (0, [RecordKey]())
            for key in keys where try transaction.recordExists(key) {
                var entry = AuditEntry(
                    AuditedAction(name: "record.delete", target: key.description),
                    by: caller,
                    at: now
                )
                let holds = try transaction.holds(everOn: key)
                if holds.isEmpty {
                    try transaction.deleteRecord(key, at: now)
                    deleted += 1
                } else {
                    entry.refuse(by: Refusal(.r1, holds: holds))
                    held.append(key)
                }
                try transaction.appendAudit(entry)
            }
            try transaction.setConnectionPosition(position, beganAt: began)
            return (deleted, held)
        }
        run.deleted += deleted
        for key in held {
            run.skip(key.description, Rule.r1.rawValue, Wording(locale: .english).refusal(Refusal(.r1)))
        }
    }

    /// Stores a page in one transaction.
    private func store(_ body: @escaping @Sendable (inout Importer) throws -> Void) async throws -> ImportResult {
        let (hasher, now, caller) = (mailkeep.keys.addressHasher, mailkeep.clock(), caller)
        return try await mailkeep.store.write { transaction in
            let actor = try transaction.activeUser(caller.user)
            try PagePolicy.use(actor: actor).enforce()
            var importer = Importer(transaction: transaction, actor: actor, caller: caller, hasher: hasher, now: now)
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

/// The CRM's fields as the columns of an import.
private enum RecordColumns {
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
    fileprivate func withoutLooseEnds(_ row: ImportTable.Row, users: Set<String>) throws -> ImportTable.Row {
        var row = row
        for (column, module) in [("Account", Module.accounts), ("Contact", .contacts)] where !row[column].isEmpty {
            let key = Identifier<RecordKey>(row[column]).map { RecordKey(module: module, id: $0) }
            if try key.map(transaction.recordExists) != true { row[column] = "" }
        }
        if row.has("Shared With") {
            row["Shared With"] = row.list("Shared With").filter { users.contains($0.lowercased()) }
                .joined(separator: ";")
        }
        return row
    }
}
