import Hummingbird

/// Leads what is asked of the API past all that pages need.
struct APIDoor<Responder: HTTPResponder>: RouterMiddleware where Responder.Context == VisitContext {
    typealias Context = VisitContext

    let responder: Responder

    func handle(
        _ request: Request,
        context: VisitContext,
        next: (Request, VisitContext) async throws -> Response
    ) async throws -> Response {
        guard Self.isOfAPI(request.uri.path) else { return try await next(request, context) }
        return try await responder.respond(to: request, context: context)
    }

    static func isOfAPI(_ path: String) -> Bool {
        ["/crm", "/oauth"].contains { path == $0 || path.hasPrefix("\($0)/") }
    }
}
