import Foundation
import HTTPTypes
import Hummingbird
import MailkeepApp
import MailkeepModel

/// Finds out who visits: the session, the language, the client's address and time zone.
struct VisitMiddleware: RouterMiddleware {
    typealias Context = VisitContext

    let site: Site

    func handle(
        _ request: Request,
        context: VisitContext,
        next: (Request, VisitContext) async throws -> Response
    ) async throws -> Response {
        var visit = context
        visit.client = site.proxies.client(peer: context.peer, forwardedFor: request.headers[.xForwardedFor])
        visit.here = request.method == .get ? request.uri.description : request.uri.path
        visit.query = FormData(encoded: request.uri.query ?? "")
        let cookies = request.cookies
        if let token = cookies[site.cookieName(.session)].flatMap({ SecretToken($0.value) }) {
            visit.session = try await site.mailkeep.session(token, isUse: !LivePart.isAsked(for: request))
            if let user = visit.session?.user.id { visit.note.user = user }
        }
        visit.visitor = cookies[site.cookieName(.visitor)].flatMap { SecretToken($0.value) }
        visit.locale =
            visit.session?.user.locale ?? cookies["lang"].flatMap { MailkeepModel.Locale(rawValue: $0.value) }
            ?? Self.preferred(request.headers[.acceptLanguage])
        if let zone = cookies["tz"].flatMap({ $0.value.removingPercentEncoding }).flatMap(TimeZone.init(identifier:)) {
            visit.timeZone = zone
        }
        return try await next(request, visit)
    }

    /// The first of our languages in what a browser prefers (RFC 9110 section 12.5.4); English where it names none.
    static func preferred(_ acceptLanguage: String?) -> MailkeepModel.Locale {
        let ranges = (acceptLanguage ?? "").split(separator: ",").map { range in
            let parts = range.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            return (language: parts.first?.lowercased() ?? "", quality: quality)
        }
        let ours = ranges.enumerated().compactMap { place, range -> (MailkeepModel.Locale, Double, Int)? in
            let language = range.language.split(separator: "-").first.map(String.init) ?? ""
            return MailkeepModel.Locale(rawValue: language).map { ($0, range.quality, place) }
        }
        return ours.filter { $0.1 > 0 }.max { ($0.1, -$0.2) < ($1.1, -$1.2) }?.0 ?? .english
    }
}

/// The cookies that only this server reads.
enum PrivateCookie: String {
    case session = "mailkeep"
    /// Of somebody who is not signed in, for their forms.
    case visitor = "mailkeep_visitor"
    /// That this browser has signed in to an account.
    case device = "mailkeep_device"
}

extension Site {
    /// Under TLS no other host can set a cookie of this name.
    func cookieName(_ cookie: PrivateCookie) -> String {
        configuration.isSecure ? "__Host-\(cookie.rawValue)" : cookie.rawValue
    }

    /// A cookie that scripts cannot read and other sites do not send along with forms.
    ///
    /// - Parameter seconds: how long it lasts; nil until the browser is closed, 0 takes it away.
    func cookie(_ cookie: PrivateCookie, _ value: String, lasting seconds: Int? = nil) -> Cookie {
        Cookie(
            name: cookieName(cookie),
            value: value,
            maxAge: seconds,
            path: "/",
            secure: configuration.isSecure,
            httpOnly: true,
            sameSite: .lax
        )
    }
}

extension HTTPField.Name {
    static var xForwardedFor: Self { Self("X-Forwarded-For") ?? .via }
}
