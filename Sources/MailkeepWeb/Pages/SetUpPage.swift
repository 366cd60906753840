import HTTPTypes
import Hummingbird
import MailkeepApp
import MailkeepModel

/// Makes the organisation and its first administrator, for whoever has the token that `serve` printed.
struct SetUpPage {
    let site: Site

    private struct Content {
        var setUpToken = ""
        var organizationName = ""
        var email = ""
        var personName = ""
        var isJapanese = false
        var problem: String?
    }

    func add(to router: some RouterMethods<VisitContext>) {
        router.get("/setup") { _, context in
            try await requireNoOrganization()
            let query = context.query
            var content = Content()
            content.setUpToken = query.text("token") ?? ""
            content.isJapanese = context.locale == .japanese
            return try site.publicPage(.setup, title: .setupTitle, content, for: context)
        }
        router.post("/setup") { _, context in
            try await requireNoOrganization()
            let form = context.form
            let locale = form["locale"].flatMap { MailkeepModel.Locale(rawValue: $0) } ?? context.locale
            let new = NewOrganization(
                name: form.text("organization") ?? "",
                administratorEmail: form.text("email") ?? "",
                administratorName: form.text("name") ?? "",
                locale: locale,
                password: form["password"] ?? ""
            )
            do {
                guard let expected = site.setUpToken?.text, SecretToken.areEqual(form.text("token") ?? "", expected)
                else { throw AppError(.badSetUpToken) }
                try await site.mailkeep.setUp(new, origin: "web \(context.client)")
            } catch let error as AppError {
                let problem = Problem(error, in: context.locale)
                let content = Content(
                    setUpToken: form.text("token") ?? "",
                    organizationName: new.name,
                    email: new.administratorEmail,
                    personName: new.administratorName,
                    isJapanese: locale == .japanese,
                    problem: problem.message
                )
                return try site.publicPage(.setup, title: .setupTitle, content, problem.status, for: context)
            }
            return Response.redirect(to: "/signin", type: .normal)
        }
    }

    private func requireNoOrganization() async throws {
        if try await site.mailkeep.hasOrganization() { throw HTTPError(.notFound) }
    }
}

extension Site {
    /// A page for people who are not signed in; a browser without a token for its forms gets one.
    func publicPage<Content>(
        _ template: Template,
        title: PageWord,
        _ content: Content,
        _ status: HTTPResponse.Status = .ok,
        for context: VisitContext
    ) throws -> Response {
        var visit = context
        var cookies: [Cookie] = []
        if visit.session == nil, visit.visitor == nil {
            let token = SecretToken()
            visit.visitor = token
            cookies.append(cookie(.visitor, token.text))
        }
        let title = Wording(locale: visit.locale, on: .page).text(title)
        var response = try render(template, title: title, content, status, for: visit, here: visit.here)
        for cookie in cookies { response.setCookie(cookie) }
        return response
    }
}
