import Foundation
import MailkeepKeys
import MailkeepModel
import MailkeepStore
import MailkeepSync
import OAuthClient

/// Reads the CRM page by page, and stores each page in one transaction with where the next one is.
struct DirectoryReader {
    private static let pageSize = 200
    static let path = "crm/v8"
    /// Milliseconds that are read again, as a change may be told a little later than its time.
    private static let overlap: Int64 = 60_000
    /// Milliseconds by which the CRM's clock may differ from ours before it is not believed.
    private static let skew: Int64 = 86_400_000
    /// Records that are asked for again, one by one, in the next run because something of them could not be stored; where
    /// there are more, all are read anew after a day.
    static let mostUnresolved = 100
    /// Milliseconds.
    private static let day: Int64 = 86_400_000

    let mailkeep: Mailkeep
    let caller: Caller
    let connection: Connection
    let client: OAuthAPIClient
    let permissions: JobPermissions
    let onProgress: @Sendable (DirectoryRun) async throws -> Void
    var run = DirectoryRun()
    /// The addresses of the CRM's users by their ids there.
    var emails: [String: String] = [:]
    var beganAt: Timestamp?
    var position: DirectoryPosition
    /// Whether the next page is asked for by a token of a run that was broken off, which may have ended since.
    private var isResuming: Bool
    /// What the pages of this stage listed, as hashes of their ids.
    private var pages: Set<Int> = []

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
        let isDue = connection.rereadAt.map { $0 <= mailkeep.clock() } ?? false
        // One that cannot be read, as another version wrote it, costs reading from the beginning.
        position =
            connection.position.flatMap { try? JSONDecoder().decode(DirectoryPosition.self, from: $0) }
            ?? DirectoryPosition(isFull: connection.completedAt == nil || isDue)
        isResuming = position.token != nil
    }

    mutating func read() async throws -> DirectoryRun {
        run.read_since = position.isFull ? nil : connection.completedAt?.iso8601
        try await readRoles()
        try await readUsers()
        try await readUnresolved()
        var isOver = false
        while !isOver {
            if position.stage.isOfDeleted, connection.completedAt == nil { break }
            isOver = try await !readPage()
            try await onProgress(run)
        }
        let (began, now) = (beganAt ?? mailkeep.clock(), mailkeep.clock())
        let action = AuditedAction(
            name: "connection.read",
            details: [
                "users": "\(run.users)", "records": "\(run.records.values.reduce(0, +))", "deleted": "\(run.deleted)",
                "skipped": "\(run.skipped_count)",
            ]
        )
        let (savedAt, left) = (connection.savedAt, position.unresolved.sorted())
        let isTooMuch = left.count > Self.mostUnresolved
        let anew = isTooMuch ? now.advanced(byMilliseconds: Self.day) : nil
        let rereadAt = position.isFull ? anew : connection.rereadAt ?? anew
        try await mailkeep.act(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            try transaction.completeConnection(
                savedAt: savedAt,
                readUntil: began,
                unresolved: Array(left.prefix(Self.mostUnresolved)),
                rereadAt: rereadAt,
                at: now
            )
            return (.done, ())
        }
        return run
    }

    /// Asks again for what could not be stored, or deleted, in the run before.
    private mutating func readUnresolved() async throws {
        for module in Module.allCases {
            let paths = connection.unresolved.filter { $0.hasPrefix("\(module.rawValue)/") }
            guard !paths.isEmpty else { continue }
            let ids = Set(paths.compactMap { $0.split(separator: "/").last.map(String.init) })
            let query = [
                "ids": ids.sorted().joined(separator: ","), "per_page": "\(Self.pageSize)",
                "fields": RecordColumns.names(of: module).joined(separator: ","),
            ]
            let found = try await get(CRMDocument.Records.self, module.rawValue, query)?.data ?? []
            let there = found.filter { $0.text("id").map(ids.contains) ?? false }
            if !there.isEmpty { try await storeRecords(there, module, nil) }
            let thereIDs = Set(there.compactMap { $0.text("id") })
            let gone = paths.filter { $0.hasPrefix("\(module.rawValue)/deleted/") }
                .compactMap { $0.split(separator: "/").last.map(String.init) }.filter { !thereIDs.contains($0) }
            if !gone.isEmpty { try await delete(gone, module, nil) }
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
        default:
            try Self.checkStatus(answer.status, path)
            return nil
        }
    }

    /// - Throws: `AppError` (`connectionRefused`, `connectionBroken`) where a status is neither 200 nor says that there is
    ///   nothing.
    static func checkStatus(_ status: Int, _ path: String) throws {
        switch status {
        case 200, 204, 304: return
        case 401, 403: throw AppError(.connectionRefused, ["detail": "\(path): \(status)"])
        default: throw AppError(.connectionBroken, ["detail": "\(path): \(status)"])
        }
    }

    private mutating func readRoles() async throws {
        guard let roles = try await get(CRMDocument.Roles.self, "settings/roles")?.roles else { return }
        let rows = roles.enumerated().map { index, role in
            ImportTable.Row(line: index + 1, ["Name": role.name, "Reports To": role.reporting_to?.name ?? ""])
        }
        let (result, _) = try await store { try $0.importRoles(rows) }
        run.roles = result.stored
        for problem in result.skipped {
            run.skip("roles/\(problem.value)", problem.reason.rawValue, problem.message(in: .english))
        }
    }

    private mutating func readUsers() async throws {
        for page in 1... {
            let query = ["type": "AllUsers", "page": "\(page)", "per_page": "\(Self.pageSize)"]
            guard let document = try await get(CRMDocument.Users.self, "users", query) else { break }
            try checkProgress(document.users.map(\.id), document.info, "users")
            try await storeUsers(document.users)
            try await onProgress(run)
            guard document.info?.more_records == true else { break }
        }
    }

    /// - Throws: `AppError` (`connectionBroken`) where a server goes round in circles.
    private mutating func checkProgress(_ ids: [String], _ info: CRMDocument.Info?, _ path: String) throws {
        if !pages.insert(ids.hashValue).inserted, info?.more_records == true {
            throw AppError(.connectionBroken, ["detail": "\(path): the same page again"])
        }
    }

    private mutating func storeUsers(_ users: [CRMDocument.User]) async throws {
        for user in users {
            if let email = user.email { emails[user.id] = email }
        }
        try await deactivate(users.filter(\.isInactive))
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
            if !known.contains(email.lowercased()), user.isInactive {
                row["Status"] = UserStatus.inactive.rawValue
            }
            return ImportTable.Row(line: index, row)
        }
        let (result, _) = try await store { try $0.importUsers(rows) }
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
                    let now = mailkeep.clock()
                    try await mailkeep.store.write { try $0.noteNotBackedUp(user.id, by: refusal.rule, at: now) }
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
    /// - Returns: whether there is more.
    private mutating func readPage() async throws -> Bool {
        let (stage, wasResuming) = (position.stage, isResuming)
        isResuming = false
        if position.page == 1 { pages = [] }
        let isEnded: Set<Int> = wasResuming ? [400, 404] : []
        var query = ["per_page": "\(Self.pageSize)"]
        if let token = position.token { query["page_token"] = token } else { query["page"] = "\(position.page)" }
        let since = connection.completedAt?.advanced(byMilliseconds: -Self.overlap)
        var next = position
        if stage.isOfDeleted {
            query["type"] = "all"
            let path = "\(stage.module.rawValue)/deleted"
            let document = try await get(
                CRMDocument.Deleted.self,
                path,
                query,
                since: position.isFull ? nil : since,
                isAbsent: isEnded
            )
            if document == nil, wasResuming { return beginAnew() }
            let ids = document?.data.map(\.id) ?? []
            try checkProgress(ids, document?.info, path)
            let hasMore = next.advance(after: document?.info)
            try await delete(ids, stage.module, next)
            return hasMore
        }
        query["fields"] = RecordColumns.names(of: stage.module).joined(separator: ",")
        let document = try await get(
            CRMDocument.Records.self,
            stage.module.rawValue,
            query,
            since: position.isFull ? nil : since,
            isAbsent: isEnded
        )
        if document == nil, wasResuming { return beginAnew() }
        try checkProgress(document?.data.map { $0.text("id") ?? "" } ?? [], document?.info, stage.module.rawValue)
        let hasMore = next.advance(after: document?.info)
        try await storeRecords(document?.data ?? [], stage.module, next)
        return hasMore
    }

    private mutating func beginAnew() -> Bool {
        position.begin(position.stage)
        pages = []
        return true
    }

    /// Stores a page in one transaction.
    func store<Output: Sendable>(
        _ body: @escaping @Sendable (inout Importer) throws -> Output
    ) async throws -> (ImportResult, Output) {
        let (hasher, now, caller) = (mailkeep.keys.addressHasher, mailkeep.clock(), caller)
        return try await mailkeep.store.write { transaction in
            let actor = try transaction.activeUser(caller.user)
            try PagePolicy.use(actor: actor).enforce()
            var importer = Importer(transaction: transaction, actor: actor, caller: caller, hasher: hasher, now: now)
            importer.auditsUnchanged = false
            let output = try body(&importer)
            return (importer.result, output)
        }
    }
}
