import Hummingbird
import MailkeepApp
import MailkeepModel

/// `/org` and `/settings`: what the directory is made of.
struct SettingsAPI {
    let site: Site

    func add(to routes: APIRoutes) {
        routes.get("/org", .of(.organization)) { _, context in
            let organization = try await site.mailkeep.perform(DescribeOrganization(), as: context.caller)
            return try Response("org", [organization])
        }
        routes.get("/settings/roles", .of(.roles)) { _, context in
            try list("roles", try await site.mailkeep.perform(ListRoles(), as: context.caller))
        }
        routes.get("/settings/roles/{id}", .of(.roles), administrators: "role.list") { _, context in
            let id: RoleID = context.id("id")
            let roles = try await site.mailkeep.perform(ListRoles(), as: context.caller)
            return try Response("roles", [try Self.one(roles.first { $0.id == id.description })])
        }
        routes.get("/settings/profiles", .of(.profiles)) { _, context in
            try list("profiles", try await site.mailkeep.perform(ListProfiles(), as: context.caller))
        }
        routes.get("/settings/profiles/{id}", .of(.profiles)) { _, context in
            let id: Identifier<Profile> = context.id("id")
            let profiles = try await site.mailkeep.perform(ListProfiles(), as: context.caller)
            return try Response("profiles", [try Self.one(profiles.first { $0.id == id.description })])
        }
        routes.get("/settings/modules", .of(.modulesSettings)) { _, context in
            try Response(
                "modules",
                Module.allCases.map { ModuleShape($0, Wording(locale: context.user.locale, on: .page)) }
            )
        }
        routes.get("/settings/modules/{module}", .of(.modulesSettings)) { _, context in
            try Response(
                "modules",
                [ModuleShape(try context.module(), Wording(locale: context.user.locale, on: .page))]
            )
        }
        routes.get("/settings/fields", .of(.fields)) { _, context in
            guard context.query["module"] != nil else { throw APIFault(.missing, parameter: "module") }
            guard let module: Module = try context.choice("module") else { throw APIFault(.value, parameter: "module") }
            let fields = try await site.mailkeep.perform(ListFields(of: module), as: context.caller)
            return try Response("fields", fields.enumerated().map { FieldShape($1, place: $0 + 1) })
        }
        routes.get("/settings/audit_log", .of(.auditLog), administrators: "audit.list") { _, context in
            let page = try context.page()
            let query = AuditQuery(
                since: try context.moment("since"),
                until: try context.moment("until"),
                action: context.query.text("action"),
                outcome: try context.choice("outcome"),
                rule: context.query.text("rule"),
                actor: try context.optionalID("done_by"),
                user: try context.optionalID("user"),
                target: context.query["target"] ?? "",
                page: page
            )
            let entries = try await site.mailkeep.perform(FindAuditEntries(query), as: context.caller)
            return try Response("audit_log", entries, of: page)
        }
    }

    /// A list without pages; nothing is 204.
    private func list(_ key: String, _ items: [some Encodable]) throws -> Response {
        try items.isEmpty ? Response(status: .noContent) : Response(key, items)
    }

    private static func one<Item>(_ item: Item?) throws -> Item {
        guard let item else { throw APIFault(.absent) }
        return item
    }
}

/// A module in the API's form.
private struct ModuleShape: Encodable {
    var id: String
    var api_name: String
    var module_name: String
    var singular_label: String
    var plural_label: String
    var api_supported = true
    var generated_type = "default"
    var visible = true
    var viewable = true
    var creatable = true
    var editable = true
    var deletable = true
    var sequence_number: Int

    init(_ module: Module, _ wording: Wording) {
        let number = (Module.allCases.firstIndex(of: module) ?? 0) + 1
        id = "\(number)"
        api_name = module.rawValue
        module_name = module.rawValue
        singular_label = wording.text(key: "module.\(module.rawValue.lowercased())")
        plural_label = singular_label
        sequence_number = number
    }
}

/// A field of a module in the API's form.
private struct FieldShape: Encodable {
    struct Lookup: Encodable {
        struct Reference: Encodable {
            var api_name: String
        }

        var api_name: String?
        var module: Reference?
    }

    var id: String
    var api_name: String
    var field_label: String
    var data_type: String
    var json_type: String
    var system_mandatory: Bool
    var read_only: Bool
    var custom_field: Bool
    var visible = true
    var length: Int?
    var lookup: Lookup

    init(_ field: RecordField, place: Int) {
        id = "\(place)"
        api_name = field.name
        field_label = field.name.replacing("_", with: " ")
        data_type = field.type.rawValue
        json_type =
            switch field.type {
            case .lookup, .ownerlookup: "jsonobject"
            case .multiuserlookup: "jsonarray"
            case .bigint, .datetime, .email, .text: "string"
            }
        system_mandatory = field.isMandatory
        read_only = field.isReadOnly
        custom_field = field.isCustom
        lookup = Lookup(module: field.lookup.map { Lookup.Reference(api_name: $0.rawValue) })
    }
}
