import HTTPTypes
import Hummingbird
import MailkeepApp
import MailkeepModel

/// Settings > Users & Permissions > Users.
struct UserPages {
    static let address = "/settings/users"

    let site: Site

    func add(to router: some RouterMethods<SignedInContext>) {
        router.get("/settings/users") { _, context in
            try await list(UserListQuery(context.visit.query), for: context)
        }
        router.get("/settings/users/new") { _, context in
            try await form(UserForm(locale: context.user.locale), for: context)
        }
        router.post("/settings/users/new") { request, context in try await add(request, context) }
        router.get("/settings/users/{user}") { _, context in
            let user = try await site.mailkeep.perform(ShowUser(user: Self.user(context)), as: context.caller)
            return try await form(UserForm(user), for: context)
        }
        router.post("/settings/users/{user}") { _, context in try await update(context) }
        router.post("/settings/users/{user}/invite") { request, context in
            try await invite(try Self.user(context), request, for: context)
        }
        router.get("/settings/users/{user}/deactivate") { _, context in
            try await deactivation(of: try Self.user(context), for: context)
        }
        router.post("/settings/users/{user}/deactivate") { _, context in try await deactivate(context) }
        router.get("/settings/users/{user}/activate") { _, context in
            let user = try await site.mailkeep.perform(
                PreviewActivation(user: Self.user(context)),
                as: context.caller
            )
            let wording = Presenter(context).wording
            let list = MailAddonListQuery(leftBy: context)
            let confirmation = Confirmation(
                question: wording.text(.dlgActivate, ["user": user.full_name]),
                button: wording.text(.btnActivate),
                action: list.action("\(Self.address)/\(user.id)/activate"),
                back: list?.place.text ?? Self.address
            )
            return try await site.render(.confirm, title: wording.text(.btnActivate), confirmation, for: context)
        }
        router.post("/settings/users/{user}/activate") { _, context in
            let user = try Self.user(context)
            let result = try await site.mailkeep.perform(ActivateUser(user: user), as: context.caller)
            let notice = Notice(text: Presenter(context).wording.text(result == .done ? .okActivate : .okUnchanged))
            let back = MailAddonListQuery(leftBy: context)?.on(.active).place.text
            return try await site.redirect(to: back ?? "\(Self.address)/\(user)", telling: notice, in: context)
        }
    }

    /// The user that an address names; one that nobody is where it is no id.
    static func user(_ context: SignedInContext) throws -> UserID {
        UserID(orNone: context.parameters.get("user"))
    }

    // MARK: Adding and changing

    private func add(_ request: Request, _ context: SignedInContext) async throws -> Response {
        let entered = UserForm(context.form)
        do {
            let action = AddUser(
                email: entered.email,
                name: entered.userName,
                profile: entered.profile,
                role: entered.role,
                locale: entered.locale
            )
            let user = try await site.mailkeep.perform(action, as: context.caller)
            return try await invite(UserID(user.id) ?? UserID(rawValue: 0), request, for: context)
        } catch let error as AppError {
            return try await form(entered, problem: Problem(error, in: context.user.locale), for: context)
        }
    }

    private func update(_ context: SignedInContext) async throws -> Response {
        let id = try Self.user(context)
        let user = try await site.mailkeep.perform(ShowUser(user: id), as: context.caller)
        var entered = UserForm(context.form)
        entered.userID = user.id
        entered.email = user.email
        entered.holds = user.holds ?? []
        do {
            var action = UpdateUser(
                user: id,
                name: entered.userName,
                role: entered.role,
                profile: context.form["profile"] == nil ? nil : entered.profile,
                locale: context.form["locale"] == nil ? nil : entered.locale
            )
            action.addedAliases = entered.aliases.filter { !user.aliases.contains($0) }
            action.removedAliases = user.aliases.filter { !entered.aliases.contains($0) }
            let changed = try await site.mailkeep.perform(action, as: context.caller)
            let notice = Notice(text: Presenter(context).wording.text(.okUserSet, ["user": changed.full_name]))
            return try await site.redirect(to: "\(Self.address)/\(id)", telling: notice, in: context)
        } catch  where error is AppError || error is Refusal {
            return try await form(entered, problem: Problem(error, in: context.user.locale), for: context)
        }
    }

    /// Makes a one-time link, and shows it this once.
    private func invite(_ user: UserID, _ request: Request, for context: SignedInContext) async throws -> Response {
        let invited = try await site.mailkeep.perform(InviteUser(user: user), as: context.caller)
        let presenter = Presenter(context)
        let content = InvitationLink(
            userName: invited.user.full_name,
            email: invited.user.email,
            link: "\(site.origin(of: request))/invitations/\(invited.token.text)",
            lasting: presenter.wording.text(.inviteDays, ["n": presenter.number(Int(InviteUser.days))]),
            back: "\(Self.address)/\(user)"
        )
        return try await site.render(.invited, title: presenter.wording.text(.inviteTitle), content, for: context)
    }

    private struct InvitationLink {
        let userName: String
        let email: String
        let link: String
        let lasting: String
        let back: String
    }

    private func form(
        _ entered: UserForm,
        problem: Problem? = nil,
        for context: SignedInContext
    ) async throws -> Response {
        let roles = try await site.mailkeep.perform(ListRoles(), as: context.caller)
        let presenter = Presenter(context)
        let content = UserFormPage(entered, roles: roles.map(\.name), problem: problem, presenter)
        let title =
            entered.userID.isEmpty
            ? presenter.wording.text(.usersAdd) : presenter.wording.text(.usersEdit, ["user": entered.userName])
        return try await site.render(.user, title: title, content, problem?.status ?? .ok, for: context)
    }

    // MARK: Deactivating

    private func deactivation(
        of user: UserID,
        problem: Problem? = nil,
        for context: SignedInContext
    ) async throws -> Response {
        let preview = try await site.mailkeep.perform(PreviewDeactivation(user: user), as: context.caller)
        let presenter = Presenter(context)
        let list = MailAddonListQuery(leftBy: context)
        let content = Deactivation(preview, from: list, problem: problem?.message, presenter)
        return try await site.render(
            .deactivate,
            title: presenter.wording.text(.btnDeactivate),
            content,
            problem?.status ?? .ok,
            for: context
        )
    }

    private func deactivate(_ context: SignedInContext) async throws -> Response {
        let user = try Self.user(context)
        let action = DeactivateUser(user: user, backUp: context.form["back_up"] != nil)
        do {
            let output = try await site.mailkeep.perform(action, as: context.caller)
            let wording = Presenter(context).wording
            var notice = Notice(text: wording.text(output.result == .done ? .okDeactivate : .okUnchanged))
            if output.backup != nil { notice.lines.append(wording.text(.okBackup)) }
            let list = MailAddonPages.list(context, orElse: .inactive).on(.inactive)
            return try await site.redirect(to: list.place.text, telling: notice, in: context)
        } catch let error as Refusal {
            guard error.rule != .p1 else { throw error }
            return try await deactivation(of: user, problem: Problem(error, in: context.user.locale), for: context)
        }
    }

    private struct Deactivation {
        let question: String
        let action: String
        let back: String
        let problem: String?
        let refusalText: String?
        let backupText: String
        let backupRefusalText: String?
        let mayBackUp: Bool

        init(
            _ preview: PreviewDeactivation.Output,
            from list: MailAddonListQuery?,
            problem: String?,
            _ presenter: Presenter
        ) {
            let wording = presenter.wording
            question = wording.text(.dlgDeactivate, ["user": preview.user.full_name])
            action = list.action("\(UserPages.address)/\(preview.user.id)/deactivate")
            back = list?.place.text ?? UserPages.address
            self.problem = problem
            refusalText = preview.refusal.map(wording.refusal)
            backupText = wording.text(.dlgDeactivateOpt)
            backupRefusalText = preview.backupRefusal.map(wording.refusal)
            mayBackUp = preview.backupRefusal == nil && preview.refusal == nil
        }
    }
}

/// A question before something is done.
struct Confirmation {
    let question: String
    let button: String
    let action: String
    let back: String
    var isDanger = false
    var refusalText: String?
}
