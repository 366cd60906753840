import Hummingbird
import MailkeepApp
import MailkeepModel

/// Settings > API clients: the programs that act as the user, and for administrators everybody's.
struct ClientPages {
    static let address = "/settings/clients"

    let site: Site

    func add(to router: some RouterMethods<SignedInContext>) {
        router.get("/settings/clients") { _, context in
            let clients = try await site.mailkeep.perform(ListClients(), as: context.caller)
            let presenter = Presenter(context)
            let content = List(
                clients: clients.map { ClientLine($0, presenter) },
                isOfAll: context.user.isAdministrator,
                areas: Self.areas(presenter.wording, chosen: [])
            )
            return try await site.render(.clients, title: presenter.wording.text(.clientTitle), content, for: context)
        }
        router.post("/settings/clients") { _, context in try await create(context) }
        router.get("/settings/clients/{client}/revoke") { _, context in
            let id = Self.client(context)
            let clients = try await site.mailkeep.perform(ListClients(), as: context.caller)
            guard let client = clients.first(where: { $0.client_id == id.description }) else {
                throw AppError(.noClient)
            }
            let wording = Presenter(context).wording
            let confirmation = Confirmation(
                question: wording.text(.clientRevokeQuestion, ["name": client.name, "user": client.user.name]),
                button: wording.text(.clientRevoke),
                action: "\(Self.address)/\(id)/revoke",
                back: Self.address,
                isDanger: true
            )
            return try await site.render(.confirm, title: wording.text(.clientRevoke), confirmation, for: context)
        }
        router.post("/settings/clients/{client}/revoke") { _, context in
            let result = try await site.mailkeep.perform(RevokeClient(Self.client(context)), as: context.caller)
            let words: WordingID = result == .done ? .okClientRevoke : .okUnchanged
            let notice = Notice(text: Presenter(context).wording.text(words))
            return try await site.redirect(to: Self.address, telling: notice, in: context)
        }
    }

    private static func client(_ context: SignedInContext) -> ClientID {
        ClientID(orNone: context.parameters.get("client"))
    }

    private struct List {
        let clients: [ClientLine]
        let isOfAll: Bool
        var entered = ""
        var problem: String?
        let areas: [AreaField]
    }

    /// A part of the API, and what the client may do there.
    private struct AreaField {
        let fieldName: String
        let areaText: String
        let choices: [Choice]
    }

    /// The secrets of a client that was just made; they are shown this once.
    private struct Made {
        let clientName: String
        let clientID: String
        let secret: String
        let refreshToken: String
        let tokenAddress: String
        let scopeText: String
        let back: String
    }

    private static func areas(_ wording: Wording, chosen: [Scope]) -> [AreaField] {
        Scope.everything.map { scope in
            let area = scope.area
            let chosen = chosen.first { $0.area == area }?.operation
            let options: [(Scope.Operation?, WordingID)] = [
                (nil, .clientNothing), (.read, .clientReads), (.all, .clientDoesAll),
            ]
            return AreaField(
                fieldName: "scope.\(area.rawValue)",
                areaText: wording.text(key: "scope.\(area.rawValue)"),
                choices: options.map { operation, words in
                    Choice(operation?.rawValue ?? "", wording.text(words), chosen: chosen?.rawValue)
                }
            )
        }
    }

    private func create(_ context: SignedInContext) async throws -> Response {
        let presenter = Presenter(context)
        let wording = presenter.wording
        let name = context.form["name"] ?? ""
        let scopes = Scope.everything.compactMap { scope in
            context.form["scope.\(scope.area.rawValue)"].flatMap { Scope.Operation(rawValue: $0) }
                .map { Scope(scope.area, $0) }
        }
        let problem: Problem
        if scopes.isEmpty {
            problem = Problem(.badRequest, wording.text(.clientScopeNeeded))
        } else {
            do {
                let action = CreateClient(name: name, scopes: scopes.map(\.description))
                let secrets = try await site.mailkeep.perform(action, as: context.caller)
                let content = Made(
                    clientName: secrets.name,
                    clientID: secrets.client_id,
                    secret: secrets.client_secret,
                    refreshToken: secrets.refresh_token,
                    tokenAddress: "\(site.configuration.address)\(TokenEndpoint.path)",
                    scopeText: secrets.scopes.joined(separator: ", "),
                    back: Self.address
                )
                return try await site.render(.client, title: wording.text(.clientMade), content, for: context)
            } catch let error as AppError where error.code == .noName {
                problem = Problem(error, in: context.user.locale)
            }
        }
        let clients = try await site.mailkeep.perform(ListClients(), as: context.caller)
        let content = List(
            clients: clients.map { ClientLine($0, presenter) },
            isOfAll: context.user.isAdministrator,
            entered: name,
            problem: problem.message,
            areas: Self.areas(wording, chosen: scopes)
        )
        return try await site.render(
            .clients,
            title: wording.text(.clientTitle),
            content,
            problem.status,
            for: context
        )
    }
}

/// A client in the list of clients.
private struct ClientLine {
    let clientID: String
    let clientName: String
    let userName: String
    let scopeText: String
    let created: Moment?
    let used: Moment?
    let revokeAddress: String

    init(_ client: ClientShape, _ presenter: Presenter) {
        clientID = client.client_id
        clientName = client.name
        userName = client.user.name
        scopeText = client.scopes.joined(separator: ", ")
        created = presenter.moment(client.created_time)
        used = presenter.moment(client.last_used_time)
        revokeAddress = "\(ClientPages.address)/\(client.client_id)/revoke"
    }
}
