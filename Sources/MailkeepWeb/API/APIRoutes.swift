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

    private let site: Site
    private let router: any RouterMethods<APIContext>

    init(_ site: Site, _ router: any RouterMethods<APIContext>) {
        self.site = site
        self.router = router
    }

    /// - Parameter action: as what others than administrators are refused, before anything is looked at (P1); nil where
    ///   it is not for them alone. The same of the other methods.
    func get(_ path: String, _ area: Area, administrators action: String? = nil, _ handler: @escaping Handler) {
        add(.get, path, area, .read, action, handler)
    }

    /// - Parameter operation: what it does, as scopes name it.
    func post(
        _ path: String,
        _ area: Area,
        _ operation: Scope.Operation,
        administrators action: String? = nil,
        _ handler: @escaping Handler
    ) {
        add(.post, path, area, operation, action, handler)
    }

    func put(_ path: String, _ area: Area, administrators action: String? = nil, _ handler: @escaping Handler) {
        add(.put, path, area, .update, action, handler)
    }

    func delete(_ path: String, _ area: Area, administrators action: String? = nil, _ handler: @escaping Handler) {
        add(.delete, path, area, .delete, action, handler)
    }

    private func add(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ area: Area,
        _ operation: Scope.Operation,
        _ action: String?,
        _ handler: @escaping Handler
    ) {
        router.on(RouterPath(path), method: method) { [site] request, context in
            let needed: Scope
            switch area {
            case .of(let area): needed = Scope(area, operation)
            case .module: needed = Scope(Scope.Area(try context.module()), operation)
            }
            guard context.access.allows(needed) else { throw APIFault(.scope) }
            if let action {
                try await site.mailkeep.perform(RequireAdministrator(for: action), as: context.caller)
            }
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
        // Once for what goes wrong before it is known who asks and in which language, and once for all else.
        router.add(middleware: APIErrors())
        router.add(middleware: APIAuthentication(site: self))
        router.add(middleware: APILimit(site: self))
        router.add(middleware: APIErrors())
        router.add(middleware: MethodGuard(bare.routes))
        addAPI(to: router)
        return router
    }

    private func addAPI(to router: Router<VisitContext>) {
        TokenEndpoint(site: self).add(to: router)
        APIDocument.add(to: router)
        let routes = APIRoutes(self, router.group(RouterPath(Self.apiPath), context: APIContext.self))
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
