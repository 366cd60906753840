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
    private static func input(_ body: JSONObject) throws -> MailAddonInput {
        let mailbox: JSONObject
        switch body["mailbox"] {
        case .object(let fields)?: mailbox = JSONObject(fields: fields, path: "$.mailbox")
        case nil: throw APIFault(.missing, parameter: "mailbox", path: "$.mailbox")
        default: throw body.fault("mailbox", expected: "jsonobject")
        }
        guard let sharing: SharingSetting = try body.choice("sharing") else {
            throw APIFault(.missing, parameter: "sharing", path: "$.sharing")
        }
        guard let accountType: AccountType = try mailbox.choice("account_type") else {
            throw APIFault(.missing, parameter: "account_type", path: "$.mailbox.account_type")
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
