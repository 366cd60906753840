import Hummingbird
import MailkeepApp
import MailkeepModel

/// `/users`: the organisation's users; for administrators, but for one's own entry (P1).
struct UsersAPI {
    let site: Site

    func add(to routes: APIRoutes) {
        routes.get("/users", .of(.users)) { _, context in try await list(context) }
        routes.get("/users/actions/count", .of(.users)) { _, context in
            struct Count: Encodable { var count: Int }
            guard let query = try Self.query(context, PageRequest(1, size: 1)) else {
                return try Response(json: Count(count: 0))
            }
            let page = try await site.mailkeep.perform(FindUsers(query), as: context.caller)
            return try Response(json: Count(count: page.total ?? 0))
        }
        routes.get("/users/{id}", .of(.users)) { _, context in
            let user = try await site.mailkeep.perform(ShowUser(user: context.id("id")), as: context.caller)
            return try Response("users", [user])
        }
        routes.post("/users", .of(.users), .create) { request, context in
            let users = try await request.jsonObjects("users")
            let answers = try await context.each(users, path: \.path) { try await create($0, context) }
            return try Response("users", answers: answers)
        }
        routes.put("/users", .of(.users)) { request, context in
            let users = try await request.jsonObjects("users")
            let answers = try await context.each(users, path: \.path) { user in
                guard let id: UserID = try user.reference("id") else { throw APIFault(.missing, parameter: "id") }
                return try await update(id, user, context)
            }
            return try Response("users", answers: answers)
        }
        routes.put("/users/{id}", .of(.users)) { request, context in
            let users = try await request.jsonObjects("users", most: 1)
            let answers = try await context.each(users, path: \.path) {
                try await update(context.id("id"), $0, context)
            }
            return try Response("users", answers: answers)
        }
    }

    /// Which users a list is of, as the CRM names it.
    private enum UserType: String {
        case all = "AllUsers"
        case active = "ActiveUsers"
        case inactive = "DeactiveUsers"
        case confirmed = "ConfirmedUsers"
        case notConfirmed = "NotConfirmedUsers"
        case deleted = "DeletedUsers"
        case activeConfirmed = "ActiveConfirmedUsers"
        case administrators = "AdminUsers"
        case activeConfirmedAdministrators = "ActiveConfirmedAdmins"
        case current = "CurrentUser"
    }

    /// - Returns: nil for a list that is always empty: nobody is ever deleted.
    private static func query(_ context: APIContext, _ page: PageRequest) throws -> UserQuery? {
        var query = UserQuery(page: page)
        switch try context.choice("type", UserType.self) ?? .all {
        case .all, .current: break
        case .active: query.status = .active
        case .inactive: query.status = .inactive
        case .confirmed: query.awaitsAcceptance = false
        case .notConfirmed: query.awaitsAcceptance = true
        case .activeConfirmed: (query.status, query.awaitsAcceptance) = (.active, false)
        case .administrators: query.profile = .administrator
        case .activeConfirmedAdministrators:
            (query.status, query.profile, query.awaitsAcceptance) = (.active, .administrator, false)
        case .deleted: return nil
        }
        query.ids = try context.ids("ids", most: 100)
        return query
    }

    private func list(_ context: APIContext) async throws -> Response {
        let request = try context.page()
        if try context.choice("type", UserType.self) == .current {
            let user = try await site.mailkeep.perform(ShowUser(user: context.user.id), as: context.caller)
            return try Response("users", Page(items: request.number == 1 ? [user] : []), of: request)
        }
        guard let query = try Self.query(context, request) else {
            try await site.mailkeep.perform(RequireAdministrator(for: "user.list"), as: context.caller)
            return Response(status: .noContent)
        }
        return try Response("users", try await site.mailkeep.perform(FindUsers(query), as: context.caller), of: request)
    }

    private func create(_ user: JSONObject, _ context: APIContext) async throws -> ActionAnswer {
        guard let name = try Self.name(user) else { throw APIFault(.missing, parameter: "last_name") }
        let action = AddUser(
            email: try user.neededString("email"),
            name: name,
            profile: try await profile(user, context) ?? .standard,
            role: try await role(user, context),
            locale: try Self.locale(user)
        )
        let added = try await site.mailkeep.perform(action, as: context.caller)
        return ActionAnswer(
            .init(id: added.id),
            message: context.wording.text(key: "api.user_added"),
            status: .created
        )
    }

    /// Changes what differs from what stands; a status goes alone, as each of both may be refused.
    private func update(_ id: UserID, _ user: JSONObject, _ context: APIContext) async throws -> ActionAnswer {
        let former = try await site.mailkeep.perform(ShowUser(user: id), as: context.caller)
        var action = UpdateUser(user: id)
        if let name = try Self.name(user), name != former.full_name { action.name = name }
        if let role = try await role(user, context), role != former.role?.name { action.role = role }
        if let profile = try await profile(user, context), profile.rawValue != former.profile.name.lowercased() {
            action.profile = profile
        }
        if let locale = try Self.locale(user), locale.rawValue != former.locale {
            action.locale = locale
        }
        if let email = try user.string("email"), email != former.email { throw user.fault("email") }
        let isUpdate = action.name != nil || action.role != nil || action.profile != nil || action.locale != nil
        if let status: UserStatus = try user.choice("status") {
            guard !isUpdate else { throw user.fault("status") }
            return try await setStatus(status, of: id, backUp: user.bool("back_up") ?? false, context)
        }
        guard try user.bool("back_up") != true else { throw user.fault("back_up") }
        if isUpdate { _ = try await site.mailkeep.perform(action, as: context.caller) }
        return ActionAnswer(.init(id: "\(id)"), message: context.wording.text(key: "api.user_updated"))
    }

    private func setStatus(
        _ status: UserStatus,
        of id: UserID,
        backUp: Bool,
        _ context: APIContext
    ) async throws -> ActionAnswer {
        var details = ActionAnswer.Details(id: "\(id)")
        guard status == .inactive else {
            let result = try await site.mailkeep.perform(ActivateUser(user: id), as: context.caller)
            let message = context.wording.text(result == .done ? .okActivate : .okUnchanged)
            return ActionAnswer(details, message: message)
        }
        let output = try await site.mailkeep.perform(DeactivateUser(user: id, backUp: backUp), as: context.caller)
        guard output.result == .done else { throw APIFault(.inactive, id: "\(id)") }
        if let backup = output.backup {
            details.backup = try await site.mailkeep.perform(ShowBackup(backup: backup), as: context.caller)
        }
        return ActionAnswer(details, message: context.wording.text(.okDeactivate))
    }

    /// The directory keeps one name; where both are given they are put together.
    private static func name(_ user: JSONObject) throws -> String? {
        let (first, last) = (try user.string("first_name"), try user.string("last_name"))
        if let full = try user.string("full_name") { return full }
        guard let last else { return first }
        return PersonName.full(first: first, last: last)
    }

    /// Also with a country, as the CRM has it: `ja_JP`.
    private static func locale(_ user: JSONObject) throws -> MailkeepModel.Locale? {
        guard let text = try user.string("locale") else { return nil }
        guard let locale = MailkeepModel.Locale(rawValue: String(text.prefix { $0 != "_" && $0 != "-" })) else {
            throw user.fault("locale")
        }
        return locale
    }

    /// By id, as the CRM takes it, or by name.
    private func role(_ user: JSONObject, _ context: APIContext) async throws -> String? {
        guard let value = user["role"] else { return nil }
        let id: RoleID? = JSONObject.identifier(value)
        let roles = try await site.mailkeep.perform(ListRoles(), as: context.caller)
        let found = roles.first { $0.id == id?.description || $0.name == Self.name(value) }
        guard let found else { throw user.fault("role", expected: "bigint") }
        return found.name
    }

    private func profile(_ user: JSONObject, _ context: APIContext) async throws -> Profile? {
        guard let value = user["profile"] else { return nil }
        let id: Identifier<Profile>? = JSONObject.identifier(value)
        let found = Profile.allCases.first {
            ProfileShape($0).id == id?.description || ProfileShape($0).name == Self.name(value)
        }
        guard let found else { throw user.fault("profile", expected: "bigint") }
        return found
    }

    private static func name(_ value: JSONValue) -> String? {
        if case .object(let fields) = value { fields["name"]?.text } else { value.text }
    }
}
