import HTTPTypes
import Hummingbird

/// Tells who asks an address for what it does not take what it does (RFC 9110, 15.5.6).
struct MethodGuard: RouterMiddleware {
    typealias Context = VisitContext

    /// The parts of a route's path and its methods; a part that is nil stands for anything.
    private struct Route {
        let parts: [String?]
        var methods: Set<HTTPRequest.Method>
        var placeholders: Int { parts.count { $0 == nil } }

        func holds(_ path: [Substring]) -> Bool {
            path.count == parts.count
                && zip(path, parts).allSatisfy { part, expected in expected.map { $0 == part } ?? true }
        }
    }

    private let routes: [Route]

    init(_ routes: [Router<VisitContext>.RouteDescription]) {
        let byPath = Dictionary(grouping: routes) { $0.path.description }
        self.routes = byPath.map { path, routes in
            let parts = path.split(separator: "/").map { $0.hasPrefix("{") ? nil : String($0) }
            var methods = Set(routes.map(\.method))
            if methods.contains(.get) { methods.insert(.head) }
            return Route(parts: parts, methods: methods)
        }
    }

    func handle(
        _ request: Request,
        context: VisitContext,
        next: (Request, VisitContext) async throws -> Response
    ) async throws -> Response {
        let path = request.uri.path.split(separator: "/")
        // What is named by its own words is not what a placeholder stands for.
        let routes = routes.filter { $0.holds(path) }
        let fewest = routes.map(\.placeholders).min()
        let methods = routes.filter { $0.placeholders == fewest }.reduce(into: Set()) { $0.formUnion($1.methods) }
        guard methods.isEmpty || methods.contains(request.method) else {
            throw MethodNotAllowed(allowed: methods.map(\.rawValue).sorted().joined(separator: ", "))
        }
        return try await next(request, context)
    }
}

/// An address was asked for something that it does not take, whatever stands there.
struct MethodNotAllowed: Error {
    /// The methods that it takes, as the header `Allow` names them.
    let allowed: String
}
