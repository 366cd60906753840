import Hummingbird
import MailkeepApp
import MailkeepModel

/// `/settings/mail_addon/configuration`: the caller's own mail add-on settings; of credentials nothing is read back (L1).
struct ConfigurationAPI {
    private static let path = "/settings/mail_addon/configuration"

    let site: Site

    func add(to routes: APIRoutes) {
        routes.get(Self.path, .of(.configuration)) { _, context in
            let action = ShowMailAddonSettings(user: context.user.id)
            guard let settings = try await site.mailkeep.perform(action, as: context.caller) else {
                return Response(status: .noContent)
            }
            return try Response("configuration", [settings])
        }
        routes.put(Self.path, .of(.configuration)) { request, context in
            let input = try Self.input(try await request.jsonObject())
            let action = SaveMailAddonSettings(user: context.user.id, input: input)
            return try Response("configuration", [try await site.mailkeep.perform(action, as: context.caller)])
        }
        routes.post("\(Self.path)/actions/test", .of(.configuration), .read) { request, context in
            // Without a body what is saved is tried.
            let body = try await request.optionalJSONObject()
            guard body == nil || context.access.allows(Scope(.configuration, .update)) else { throw APIFault(.scope) }
            let action = TestMailAccount(user: context.user.id, input: try body.map(Self.input))
            let folders = try await site.mailkeep.perform(action, as: context.caller)
            let answer = ActionAnswer(
                .init(id: "\(context.user.id)", folders: folders),
                message: context.wording.text(.okTest, ["folders": "\(folders)"])
            )
            return try Response("configuration", [answer])
        }
    }

    /// Settings in the form in which they are read, with a password beside.
    private static func input(_ document: JSONObject) throws -> MailAddonInput {
        let body = document["configuration"] == nil ? document : try document.objects("configuration", most: 1)[0]
        let mailbox: JSONObject
        switch body["mailbox"] {
        case .object(let fields)?: mailbox = JSONObject(fields: fields, path: "\(body.path).mailbox")
        case nil: throw APIFault(.missing, parameter: "mailbox", path: "\(body.path).mailbox")
        default: throw body.fault("mailbox", expected: "jsonobject")
        }
        guard let sharing: SharingSetting = try body.choice("sharing") else {
            throw APIFault(.missing, parameter: "sharing").at(body.path)
        }
        guard let accountType: AccountType = try mailbox.choice("account_type") else {
            throw APIFault(.missing, parameter: "account_type").at(mailbox.path)
        }
        var input = MailAddonInput(
            accountType: accountType,
            address: try mailbox.neededString("address"),
            sharing: sharing
        )
        input.host = try mailbox.string("host")
        input.port = try mailbox.integer("port")
        input.security = try mailbox.choice("security")
        input.username = try mailbox.string("username")
        input.password = try mailbox.string("password")
        input.refreshToken = try mailbox.string("refresh_token")
        input.certificates = try mailbox.string("certificates")
        input.path = try mailbox.string("path")
        return input
    }
}
