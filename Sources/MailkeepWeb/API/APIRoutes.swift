import HTTPTypes
import Hummingbird
import MailkeepApp
import MailkeepModel

/// Where routes of the API are added, each with the scope that it needs.
struct APIRoutes {
    typealias Handler = @Sendable (Request, APIContext) async throws -> Response

    /// In which part of the API a route is.
    enum Area: Sendable {
        case of(Scope.Area)
        /// Of the module in its path.
        case module
    }

    private let router: any RouterMethods<APIContext>

    init(_ router: any RouterMethods<APIContext>) {
        self.router = router
    }

    func get(_ path: String, _ area: Area, _ handler: @escaping Handler) {
        add(.get, path, area, .read, handler)
    }

    /// - Parameter operation: what it does, as scopes name it.
    func post(_ path: String, _ area: Area, _ operation: Scope.Operation, _ handler: @escaping Handler) {
        add(.post, path, area, operation, handler)
    }

    func put(_ path: String, _ area: Area, _ handler: @escaping Handler) {
        add(.put, path, area, .update, handler)
    }

    func delete(_ path: String, _ area: Area, _ handler: @escaping Handler) {
        add(.delete, path, area, .delete, handler)
    }

    private func add(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ area: Area,
        _ operation: Scope.Operation,
        _ handler: @escaping Handler
    ) {
        router.on(RouterPath(path), method: method) { request, context in
            let needed: Scope
            switch area {
            case .of(let area): needed = Scope(area, operation)
            case .module: needed = Scope(Scope.Area(try context.module()), operation)
            }
            guard context.access.allows(needed) else { throw APIFault(.scope) }
            return try await handler(request, context)
        }
    }
}

extension Site {
    static let apiPath = "/crm/v8"

    /// Everything that answers under `/crm` and `/oauth`.
    func api() -> Router<VisitContext> {
        let bare = Router(context: VisitContext.self)
        addAPI(to: bare)
        let router = Router(context: VisitContext.self, options: [.autoGenerateHeadEndpoints])
        router.add(middleware: APIAuthentication(site: self))
        router.add(middleware: APIErrors())
        router.add(middleware: APILimit(site: self))
        router.add(middleware: MethodGuard(bare.routes))
        addAPI(to: router)
        return router
    }

    private func addAPI(to router: Router<VisitContext>) {
        TokenEndpoint(site: self).add(to: router)
        APIDocument.add(to: router)
        let routes = APIRoutes(router.group(RouterPath(Self.apiPath), context: APIContext.self))
        UsersAPI(site: self).add(to: routes)
        SettingsAPI(site: self).add(to: routes)
        MailAddonAPI(site: self).add(to: routes)
        BackupsAPI(site: self).add(to: routes)
        ConfigurationAPI(site: self).add(to: routes)
        RecordsAPI(site: self).add(to: routes)
        EmailsAPI(site: self).add(to: routes)
        EmailFilesAPI(site: self).add(to: routes)
    }
}
