import Hummingbird
import MailkeepApp
import MailkeepModel

/// Choosing a password by a one-time link.
struct InvitationPage {
    let site: Site

    private struct Content {
        let personName: String
        let email: String
        let invitation: String
        var problem: String?
    }

    func add(to router: some RouterMethods<VisitContext>) {
        router.get("/invitations/{token}") { _, context in
            let link = try Self.link(context)
            guard let user = try await site.mailkeep.invitedUser(link) else { throw AppError(.badLink) }
            let content = Content(personName: user.name, email: user.email, invitation: link.text)
            return try site.publicPage(.invitation, title: .invitationTitle, content, for: context)
        }
        router.post("/invitations/{token}") { _, context in
            let link = try Self.link(context)
            guard let user = try await site.mailkeep.invitedUser(link) else { throw AppError(.badLink) }
            let (password, again) = (context.form["password"] ?? "", context.form["password_again"] ?? "")
            do {
                guard password == again else { throw PasswordsDiffer() }
                let token = try await site.mailkeep.acceptInvitation(
                    link,
                    password: password,
                    address: context.client
                )
                var response = Response.redirect(to: "/", type: .normal)
                response.setCookie(site.cookie(.session, token.text))
                response.setCookie(site.cookie(.visitor, "", lasting: 0))
                return response
            } catch {
                let problem = try PasswordsDiffer.problem(error, in: context)
                let content = Content(
                    personName: user.name,
                    email: user.email,
                    invitation: link.text,
                    problem: problem.message
                )
                return try site.publicPage(.invitation, title: .invitationTitle, content, problem.status, for: context)
            }
        }
    }

    private static func link(_ context: VisitContext) throws -> SecretToken {
        guard let token = context.parameters.get("token").flatMap({ SecretToken($0) }) else { throw AppError(.badLink) }
        return token
    }
}

/// A new password was typed differently the second time.
struct PasswordsDiffer: Error {
    /// What the page of a new password tells of an error; throws what is not about it.
    static func problem(_ error: any Error, in visit: VisitContext) throws -> Problem {
        if error is PasswordsDiffer {
            return Problem(.badRequest, Wording(locale: visit.locale, on: .page).text(.passwordDiffers))
        }
        guard error is AppError else { throw error }
        return Problem(error, in: visit.locale)
    }
}
