import Foundation
import HTTPTypes
import Hummingbird
import MailkeepApp
import MailkeepModel

/// Signing in and out, and the language for people who are not signed in.
struct SignInPages {
    let site: Site

    private struct Content {
        var email = ""
        var next = ""
        var problem: String?
    }

    func add(to router: some RouterMethods<VisitContext>) {
        router.get("/signin") { request, context in
            guard try await site.mailkeep.hasOrganization() else {
                return Response.redirect(to: "/setup", type: .normal)
            }
            if context.session != nil { return Response.redirect(to: "/", type: .normal) }
            let query = context.query
            let content = Content(next: Self.ownPath(query["next"]) ?? "")
            return try site.publicPage(.signin, title: .signinTitle, content, for: context)
        }
        router.post("/signin") { request, context in
            let form = context.form
            let email = form.text("email") ?? ""
            do {
                let attempt = SignInAttempt(
                    email: email,
                    password: form["password"] ?? "",
                    address: context.client,
                    deviceCookie: request.cookies[site.cookieName(.device)]?.value
                )
                let signedIn = try await site.mailkeep.signIn(attempt)
                if let former = context.session { try await signOut(former, context) }
                var response = Response.redirect(to: Self.ownPath(form["next"]) ?? "/", type: .normal)
                response.setCookie(site.cookie(.session, signedIn.token.text))
                response.setCookie(site.cookie(.device, signedIn.deviceCookie, lasting: 365 * 86_400))
                response.setCookie(site.cookie(.visitor, "", lasting: 0))
                return response
            } catch  where error is AppError || error is Refusal {
                let problem = Problem(error, in: context.locale)
                let content = Content(email: email, next: form["next"] ?? "", problem: problem.message)
                let isThrottled = (error as? AppError)?.code == .tooManyAttempts
                return try site.publicPage(
                    .signin,
                    title: .signinTitle,
                    content,
                    isThrottled ? .tooManyRequests : problem.status,
                    for: context
                )
            }
        }
        router.post("/signout") { _, context in
            if let session = context.session { try await signOut(session, context) }
            var response = Response.redirect(to: "/signin", type: .normal)
            response.setCookie(site.cookie(.session, "", lasting: 0))
            return response
        }
        router.post("/language") { _, context in
            let form = context.form
            let locale = form["locale"].flatMap { MailkeepModel.Locale(rawValue: $0) } ?? context.locale
            var response = Response.redirect(to: Self.ownPath(form["next"]) ?? "/signin", type: .normal)
            response.setCookie(
                Cookie(
                    name: "lang",
                    value: locale.rawValue,
                    maxAge: 365 * 86_400,
                    path: "/",
                    secure: site.configuration.isSecure,
                    httpOnly: true,
                    sameSite: .lax
                )
            )
            return response
        }
    }

    private func signOut(_ session: Session, _ context: VisitContext) async throws {
        let caller = Caller(user: session.user.id, origin: "web \(context.client)", request: context.request)
        try await site.mailkeep.signOut(session, as: caller)
    }

    /// The page for signing in that leads back to what was asked for.
    static func address(returningTo request: Request) -> String {
        let path = request.uri.description
        guard request.method == .get, path != "/", ownPath(path) != nil,
            let encoded = path.addingPercentEncoding(withAllowedCharacters: .alphanumerics)
        else { return "/signin" }
        return "/signin?next=\(encoded)"
    }

    /// A path of this server; nil for what would lead elsewhere.
    static func ownPath(_ text: String?) -> String? {
        guard let text, text.hasPrefix("/"), !text.hasPrefix("//"), text.utf8.count < 2000,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") })
        else { return nil }
        return text
    }
}
