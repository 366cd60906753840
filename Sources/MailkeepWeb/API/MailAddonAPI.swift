import Foundation
import Hummingbird
import MailkeepApp
import MailkeepModel

/// `/settings/mail_addon/users`: the administrators' page (P1–P5).
struct MailAddonAPI {
    static let key = "mail_addon_users"
    private static let path = "/settings/mail_addon/users"

    let site: Site

    func add(to routes: APIRoutes) {
        routes.get(Self.path, .of(.mailAddonUsers)) { _, context in try await list(context) }
        routes.get("\(Self.path)/{id}", .of(.mailAddonUsers)) { _, context in
            let user: UserID = context.id("id")
            guard let shown = try await site.mailkeep.perform(ShowMailAddonUser(user: user), as: context.caller) else {
                throw AppError(.noUser, ["email": "\(user)"])
            }
            return try Response(Self.key, [shown])
        }
        routes.post("\(Self.path)/{id}/actions/lock", .of(.mailAddonUsers), .update) { _, context in
            let user: UserID = context.id("id")
            let result = try await site.mailkeep.perform(LockSettings(user: user), as: context.caller)
            return try answer(result == .done ? .okLock : .okUnchanged, user, context)
        }
        routes.post("\(Self.path)/{id}/actions/unlock", .of(.mailAddonUsers), .update) { _, context in
            let user: UserID = context.id("id")
            let result = try await site.mailkeep.perform(UnlockSettings(user: user), as: context.caller)
            return try answer(result == .done ? .okUnlock : .okUnchanged, user, context)
        }
        routes.post("\(Self.path)/{id}/actions/backup", .of(.mailAddonUsers), .create) { _, context in
            let user: UserID = context.id("id")
            let backup = try await site.mailkeep.perform(StartBackup(user: user), as: context.caller)
            return try Response(Self.key, [try await begun(backup, of: user, context)], .created)
        }
        routes.post("/settings/mail_addon/actions/latest_backup", .of(.mailAddonUsers), .create) { request, context in
            let users: [UserID] = try await request.jsonIDs(most: 200)
            let answers = try await context.each(users, path: { _ in nil }) { user in
                let backup = try await site.mailkeep.perform(TakeLatestBackup(user: user), as: context.caller)
                return try await begun(backup, of: user, context)
            }
            return try Response(Self.key, answers: answers)
        }
        routes.put("\(Self.path)/{id}/backup_source", .of(.mailAddonUsers)) { request, context in
            try await attachSource(to: context.id("id"), try await request.jsonObject(), context)
        }
        routes.delete("\(Self.path)/{id}/backup_source", .of(.mailAddonUsers)) { _, context in
            let user: UserID = context.id("id")
            let result = try await site.mailkeep.perform(DetachBackupSource(user: user), as: context.caller)
            return try answer(result == .done ? .okSourceDetach : .okUnchanged, user, context)
        }
    }

    private func list(_ context: APIContext) async throws -> Response {
        let page = try context.page()
        var query = MailAddonUserQuery(status: try context.choice("type") ?? .active, page: page)
        query.search = context.query["word"] ?? ""
        query.sharing = try context.choice("sharing")
        query.accountType = try context.choice("account_type")
        query.backup = try context.choice("backup_status")
        query.isLocked = try context.choice("locked", Truth.self).map { $0 == .true }
        let found = try await site.mailkeep.perform(FindMailAddonUsers(query), as: context.caller)
        return try Response(Self.key, found.page, of: page)
    }

    private enum Truth: String {
        case `true`
        case `false`
    }

    private func answer(_ words: WordingID, _ user: UserID, _ context: APIContext) throws -> Response {
        try Response(Self.key, [ActionAnswer(.init(id: "\(user)"), message: context.wording.text(words))])
    }

    private func begun(_ backup: BackupID, of user: UserID, _ context: APIContext) async throws -> ActionAnswer {
        let shape = try await site.mailkeep.perform(ShowBackup(backup: backup), as: context.caller)
        let words: WordingID = shape.kind == BackupKind.latest.rawValue ? .okLatest : .okBackup
        return ActionAnswer(
            .init(id: "\(user)", backup: shape),
            message: context.wording.text(words),
            status: .created
        )
    }

    /// A sign-in to the leaver's mailbox, or a file of the server (L9).
    private func attachSource(to user: UserID, _ body: JSONObject, _ context: APIContext) async throws -> Response {
        let source: AttachBackupSource.Source
        if let path = try body.string("path") {
            guard body["username"] == nil else { throw body.fault("path") }
            source = .path(path)
        } else {
            source = .signIn(
                MailCredentials(
                    username: try body.neededString("username"),
                    password: try body.neededString("password"),
                    authorizeAs: try body.string("authorize_as")
                )
            )
        }
        let server = try await site.mailkeep.perform(AttachBackupSource(user: user, source: source), as: context.caller)
        let message =
            server.map { server in
                let place = "\(server.host):\(server.port) (\(server.security.rawValue))"
                return context.wording.text(.okSourceServer, ["server": place])
            } ?? context.wording.text(.okSource)
        return try Response(Self.key, [ActionAnswer(.init(id: "\(user)"), message: message)])
    }
}
