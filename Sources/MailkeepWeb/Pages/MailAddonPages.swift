import HTTPTypes
import Hummingbird
import MailkeepApp
import MailkeepModel

/// Settings > Users & Permissions > Mail add-on users (P1–P5).
struct MailAddonPages {
    static let address = "/settings/mail-addon-users"

    let site: Site

    func add(to router: some RouterMethods<SignedInContext>) {
        router.get("/settings/mail-addon-users") { _, context in
            let asked = MailAddonListQuery(context.visit.query)
            let found = try await site.mailkeep.perform(FindMailAddonUsers(asked.query), as: context.caller)
            let presenter = Presenter(context)
            let content = MailAddonListPage(found, asked, presenter)
            return try await site.render(.addonUsers, title: presenter.wording.text(.addonTitle), content, for: context)
        }
        router.post("/settings/mail-addon-users/actions") { _, context in try await actOnSeveral(context) }
        router.get("/settings/mail-addon-users/linking") { _, context in
            let linking = try await site.mailkeep.perform(ShowLinking(), as: context.caller)
            return try site.render(LinkingPart(linking, Presenter(context)), for: context)
        }
        router.get("/settings/mail-addon-users/{user}/row") { _, context in
            let user = try UserPages.user(context)
            guard let row = try await site.mailkeep.perform(ShowMailAddonUser(user: user), as: context.caller) else {
                throw HTTPError(.notFound)
            }
            let presenter = Presenter(context)
            let list = Self.list(context, orElse: row.user.status == "active" ? .active : .inactive)
            let fragment = RowFragment(t: Words(presenter.wording), row: MailAddonRow(row, on: list, presenter))
            return try site.render(fragment, with: .addonRowPart)
        }
        router.post("/settings/mail-addon-users/{user}/backup") { _, context in
            let wording = Presenter(context).wording
            return try await act(context, on: .inactive) {
                _ = try await site.mailkeep.perform(StartBackup(user: $0), as: context.caller)
                return wording.text(.okBackup)
            }
        }
        router.post("/settings/mail-addon-users/{user}/latest") { _, context in
            let wording = Presenter(context).wording
            return try await act(context, on: .inactive) {
                _ = try await site.mailkeep.perform(TakeLatestBackup(user: $0), as: context.caller)
                return wording.text(.okBackup)
            }
        }
        router.get("/settings/mail-addon-users/{user}/lock") { _, context in
            try await confirm(.dlgLock, .btnLock, "lock", for: context)
        }
        router.post("/settings/mail-addon-users/{user}/lock") { _, context in
            let wording = Presenter(context).wording
            return try await act(context, on: .active) {
                let result = try await site.mailkeep.perform(LockSettings(user: $0), as: context.caller)
                return wording.text(result == .done ? .okLock : .okUnchanged)
            }
        }
        router.get("/settings/mail-addon-users/{user}/unlock") { _, context in
            try await confirm(.dlgUnlock, .btnUnlock, "unlock", for: context)
        }
        router.post("/settings/mail-addon-users/{user}/unlock") { _, context in
            let wording = Presenter(context).wording
            return try await act(context, on: .active) {
                let result = try await site.mailkeep.perform(UnlockSettings(user: $0), as: context.caller)
                return wording.text(result == .done ? .okUnlock : .okUnchanged)
            }
        }
        router.get("/settings/mail-addon-users/{user}/source") { _, context in
            try await source(SourceForm(), for: context)
        }
        router.post("/settings/mail-addon-users/{user}/source") { _, context in try await attach(context) }
        router.post("/settings/mail-addon-users/{user}/source/upload") { request, context in
            try await upload(request, context)
        }
        router.post("/settings/mail-addon-users/{user}/source/detach") { _, context in try await detach(context) }
    }

    private struct RowFragment {
        let t: Words
        let row: MailAddonRow
    }

    /// The list that an action was asked from, or else one of its tabs.
    static func list(_ context: SignedInContext, orElse tab: UserStatus) -> MailAddonListQuery {
        MailAddonListQuery(leftBy: context) ?? MailAddonListQuery(FormData()).on(tab)
    }

    /// Acts on one user, and tells a refusal on the page that it was asked from.
    private func act(
        _ context: SignedInContext,
        on tab: UserStatus,
        _ body: (UserID) async throws -> String
    ) async throws -> Response {
        var notice: Notice
        do {
            notice = Notice(text: try await body(try UserPages.user(context)))
        } catch let error as Refusal where error.rule != .p1 {
            notice = Notice(text: Presenter(context).wording.refusal(error), isProblem: true)
        }
        let list = Self.list(context, orElse: tab)
        return try await site.redirect(to: list.place.text, telling: notice, in: context)
    }

    private func confirm(
        _ question: WordingID,
        _ button: WordingID,
        _ action: String,
        for context: SignedInContext
    ) async throws -> Response {
        let user = try UserPages.user(context)
        let row = try await row(of: user, orElse: Refusal(.l5, .settings), for: context)
        let wording = Presenter(context).wording
        let list = Self.list(context, orElse: row.user.status == "active" ? .active : .inactive)
        let confirmation = Confirmation(
            question: wording.text(question, ["user": row.user.full_name]),
            button: wording.text(button),
            action: list.action("\(Self.address)/\(user)/\(action)"),
            back: list.place.text,
            refusalText: row.refused_actions?.first { $0.action == action }?.message
        )
        return try await site.render(.confirm, title: wording.text(button), confirmation, for: context)
    }

    /// The row of a user who is listed; one who is not is refused by `refusal`, and an absent one told as such.
    func row(
        of user: UserID,
        orElse refusal: Refusal,
        for context: SignedInContext
    ) async throws -> MailAddonShape {
        let found = try await site.mailkeep.perform(ShowMailAddonUser(user: user), as: context.caller)
        if let found { return found }
        _ = try await site.mailkeep.perform(ShowUser(user: user), as: context.caller)
        throw refusal
    }

    // MARK: Several at once

    /// Does the same to every user whose box is ticked; each is decided by itself (N5).
    private func actOnSeveral(_ context: SignedInContext) async throws -> Response {
        let wording = Presenter(context).wording
        var seen: Set<UserID> = []
        let users = context.form.all("user").compactMap { UserID($0) }.filter { seen.insert($0).inserted }
        let isInactive = context.form["tab"] == UserStatus.inactive.rawValue
        let address = Self.list(context, orElse: isInactive ? .inactive : .active).place.text
        // P1 comes first, also where nobody is ticked, or nothing is asked for.
        try await site.mailkeep.perform(RequireAdministrator(for: "mail_addon.list"), as: context.caller)
        guard !users.isEmpty else {
            let text = isInactive ? wording.text(.noSelect) : wording.text(.addonSelect)
            let notice = Notice(text: text, isProblem: true)
            return try await site.redirect(to: address, telling: notice, in: context)
        }
        // Nothing is done where somebody is ticked who is not there.
        var names: [String] = []
        for user in users {
            names.append(try await site.mailkeep.perform(ShowUser(user: user), as: context.caller).full_name)
        }
        var lines: [String] = []
        var refused = 0
        for (user, name) in zip(users, names) {
            do {
                let outcome = try await perform(context.form["action"], on: user, wording, as: context.caller)
                lines.append("\(name): \(outcome)")
            } catch let error as Refusal where error.rule != .p1 {
                refused += 1
                lines.append("\(name): \(wording.refusal(error))")
            }
        }
        let counts = ["ok": "\(users.count - refused)", "ng": "\(refused)"]
        let text =
            context.form["action"] == PagePolicy.Action.latestBackup.rawValue
            ? wording.text(.okLatest, counts) : wording.text(.addonSeveral, counts)
        let notice = Notice(text: text, isProblem: refused == users.count, lines: lines)
        return try await site.redirect(to: address, telling: notice, in: context)
    }

    /// - Returns: what was done, in words.
    private func perform(
        _ action: String?,
        on user: UserID,
        _ wording: Wording,
        as caller: Caller
    ) async throws -> String {
        switch action.flatMap({ PagePolicy.Action(rawValue: $0) }) {
        case .latestBackup:
            _ = try await site.mailkeep.perform(TakeLatestBackup(user: user), as: caller)
            return wording.text(.okBackup)
        case .lock:
            let result = try await site.mailkeep.perform(LockSettings(user: user), as: caller)
            return wording.text(result == .done ? .okLock : .okUnchanged)
        case .unlock:
            let result = try await site.mailkeep.perform(UnlockSettings(user: user), as: caller)
            return wording.text(result == .done ? .okUnlock : .okUnchanged)
        default: throw HTTPError(.badRequest)
        }
    }
}
