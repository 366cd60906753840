import Foundation
import HTTPTypes
import Hummingbird
import MailkeepApp
import MailkeepModel

/// A request with an access token.
struct APIContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    let visit: VisitContext
    let access: Access

    init(context: VisitContext) throws {
        guard let access = context.access else { throw APIFault(.token) }
        coreContext = context.coreContext
        visit = context
        self.access = access
    }

    var user: User { access.user }
    var query: FormData { visit.query }
    var wording: Wording { Wording(locale: user.locale) }

    /// As whom use cases are performed.
    var caller: Caller {
        Caller(
            user: user.id,
            origin: "api \(visit.client) client/\(access.client)",
            request: visit.request
        )
    }

    /// The id in the path; one that nothing has where it is none, so that it is answered like one (V1).
    func id<Entity>(_ name: String) -> Identifier<Entity> {
        Identifier(orNone: parameters.get(name))
    }

    /// The module in the path.
    ///
    /// - Throws: `APIFault` (`path`).
    func module() throws -> Module {
        guard let module = parameters.get("module").flatMap({ Module(rawValue: $0) }) else { throw APIFault(.path) }
        return module
    }

    /// The record in the path.
    func record() throws -> RecordKey { RecordKey(module: try module(), id: id("id")) }

    /// `page` and `per_page`.
    ///
    /// - Throws: `APIFault` (`value`) outside 1 to 200.
    func page() throws -> PageRequest {
        let (number, size) = (try number("page") ?? 1, try number("per_page") ?? PageRequest.maximumSize)
        guard number >= 1 else { throw APIFault(.value, parameter: "page", expected: "integer") }
        guard (1...PageRequest.maximumSize).contains(size) else {
            throw APIFault(.value, parameter: "per_page", expected: "integer")
        }
        return PageRequest(number, size: size)
    }

    /// A parameter that is a number.
    func number(_ name: String) throws -> Int? {
        guard let text = query[name] else { return nil }
        guard let number = Int(text) else { throw APIFault(.value, parameter: name, expected: "integer") }
        return number
    }

    /// A parameter that is one of several words.
    func choice<Value: RawRepresentable>(_ name: String, _: Value.Type = Value.self) throws -> Value?
    where Value.RawValue == String {
        guard let text = query[name] else { return nil }
        guard let value = Value(rawValue: text) else { throw APIFault(.value, parameter: name) }
        return value
    }

    /// A parameter that is a list of ids, separated by commas.
    func ids<Entity>(_ name: String, most: Int) throws -> [Identifier<Entity>]? {
        guard let text = query[name] else { return nil }
        let ids = text.split(separator: ",").map { Identifier<Entity>($0.trimmingCharacters(in: .whitespaces)) }
        guard !ids.isEmpty, ids.count <= most else { throw APIFault(.value, parameter: name, expected: "bigint") }
        return try ids.map { id in
            guard let id else { throw APIFault(.value, parameter: name, expected: "bigint") }
            return id
        }
    }

    /// A parameter that is one id.
    func optionalID<Entity>(_ name: String) throws -> Identifier<Entity>? {
        let found: [Identifier<Entity>]? = try ids(name, most: 1)
        return found?.first
    }

    /// A parameter that is a moment.
    func moment(_ name: String) throws -> Timestamp? {
        guard let text = query[name] else { return nil }
        guard let moment = Timestamp(iso8601: text) else {
            throw APIFault(.value, parameter: name, expected: "datetime")
        }
        return moment
    }
}

/// Finds out whose access token a request has, and how many requests its client has left.
struct APIAuthentication: RouterMiddleware {
    typealias Context = VisitContext

    let site: Site

    func handle(
        _ request: Request,
        context: VisitContext,
        next: (Request, VisitContext) async throws -> Response
    ) async throws -> Response {
        var visit = context
        if let token = Self.token(of: request), let access = try await site.mailkeep.access(token) {
            visit.access = access
            visit.locale = access.user.locale
            visit.note.user = access.user.id
        }
        return try await next(request, visit)
    }

    /// `Authorization: Zoho-oauthtoken …` or `Bearer …` (RFC 6750, section 2.1).
    private static func token(of request: Request) -> SecretToken? {
        let words = (request.headers[.authorization] ?? "").split(separator: " ")
        guard words.count == 2, ["zoho-oauthtoken", "bearer"].contains(words[0].lowercased()) else { return nil }
        return SecretToken(String(words[1]))
    }
}

/// Lets each client make so many requests a minute, and tells how many are left.
struct APILimit: RouterMiddleware {
    typealias Context = VisitContext

    let site: Site

    func handle(
        _ request: Request,
        context: VisitContext,
        next: (Request, VisitContext) async throws -> Response
    ) async throws -> Response {
        guard let access = context.access else {
            let response = try await next(request, context)
            if response.status == .unauthorized { try await site.mailkeep.countUnknownClient(at: context.client) }
            return response
        }
        let state = await site.apiRate.take(by: access.client)
        guard state.isAllowed else { throw APIFault(.rate, retryAfter: state.resetSeconds) }
        var response = try await next(request, context)
        for (name, value) in [
            ("X-RateLimit-Limit", state.limit), ("X-RateLimit-Remaining", state.remaining),
            ("X-RateLimit-Reset", state.resetSeconds),
        ] {
            if let name = HTTPField.Name(name) { response.headers[name] = "\(value)" }
        }
        return response
    }
}

/// How many requests each client has made in the minute that goes on.
actor APIRate {
    struct State: Sendable {
        let isAllowed: Bool
        let limit: Int
        let remaining: Int
        /// Seconds until the next minute begins.
        let resetSeconds: Int
    }

    private let limit: Int
    private let clock = ContinuousClock()
    private var begun: ContinuousClock.Instant
    private var counts: [ClientID: Int] = [:]

    init(limit: Int) {
        self.limit = limit
        begun = clock.now
    }

    func take(by client: ClientID) -> State {
        let now = clock.now
        if begun.duration(to: now) >= .seconds(60) {
            begun = now
            counts = [:]
        }
        let used = min(counts[client, default: 0] + 1, limit + 1)
        counts[client] = used
        return State(
            isAllowed: used <= limit,
            limit: limit,
            remaining: max(0, limit - used),
            resetSeconds: max(1, 60 - Int(begun.duration(to: now).components.seconds))
        )
    }
}
