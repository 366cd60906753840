import HTTPTypes
import Hummingbird
import MailkeepApp
import MailkeepModel

/// Settings > Personal settings > Account: one's name, language and password.
struct AccountPage {
    static let address = "/settings/account"

    let site: Site

    private struct Content {
        let email: String
        var accountName: String
        var isJapanese: Bool
        let roleName: String?
        let profileName: String
        var problem: String?
        var passwordProblem: String?
    }

    func add(to router: some RouterMethods<SignedInContext>) {
        router.get("/settings/account") { _, context in
            try await page(content(context), for: context)
        }
        router.post("/settings/account") { _, context in
            let name = context.form.text("name") ?? ""
            let locale = context.form["locale"].flatMap { MailkeepModel.Locale(rawValue: $0) }
            do {
                let action = UpdateUser(user: context.user.id, name: name, locale: locale)
                _ = try await site.mailkeep.perform(action, as: context.caller)
            } catch let error as AppError {
                var content = try await content(context)
                content.accountName = name
                content.problem = Presenter(context).wording.error(error)
                return try await page(content, .badRequest, for: context)
            }
            let words = Wording(locale: locale ?? context.user.locale, on: .page)
            return try await site.redirect(
                to: Self.address,
                telling: Notice(text: words.text(.accountSaved)),
                in: context
            )
        }
        router.post("/settings/account/password") { _, context in
            let form = context.form
            do {
                guard form["password"] == form["password_again"] else { throw PasswordsDiffer() }
                let action = ChangePassword(current: form["current"] ?? "", new: form["password"] ?? "")
                let token = try await site.mailkeep.perform(action, as: context.caller)
                if let session = try await site.mailkeep.session(token) {
                    let notice = Notice(text: Presenter(context).wording.text(.passwordChanged))
                    try await site.mailkeep.setNotice(notice.json, of: session)
                }
                var response = Response.redirect(to: Self.address, type: .normal)
                response.setCookie(site.cookie(.session, token.text))
                return response
            } catch {
                let problem = try PasswordsDiffer.problem(error, in: context.visit)
                var content = try await content(context)
                content.passwordProblem = problem.message
                return try await page(content, problem.status, for: context)
            }
        }
    }

    private func content(_ context: SignedInContext) async throws -> Content {
        let user = try await site.mailkeep.perform(ShowUser(user: context.user.id), as: context.caller)
        return Content(
            email: user.email,
            accountName: user.full_name,
            isJapanese: user.locale == MailkeepModel.Locale.japanese.rawValue,
            roleName: user.role?.name,
            profileName: Presenter(context).profile(context.user.profile)
        )
    }

    private func page(
        _ content: Content,
        _ status: HTTPResponse.Status = .ok,
        for context: SignedInContext
    ) async throws -> Response {
        let title = Presenter(context).wording.text(.accountTitle)
        return try await site.render(.account, title: title, content, status, for: context)
    }
}

extension Presenter {
    /// A profile's name.
    func profile(_ profile: Profile) -> String {
        wording.text(profile == .administrator ? .profileAdministrator : .profileStandard)
    }
}
