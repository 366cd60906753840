import Foundation
import HTTPTypes
import Hummingbird
import MailkeepApp
import MailkeepModel

/// `/{module}`: leads, contacts, accounts and deals, as far as the caller may open them (V1).
struct RecordsAPI {
    let site: Site

    func add(to routes: APIRoutes) {
        routes.get("/{module}", .module) { request, context in try await list(request, context) }
        routes.get("/{module}/search", .module) { _, context in try await search(context) }
        routes.get("/{module}/deleted", .module) { request, context in try await deleted(request, context) }
        routes.get("/{module}/{id}", .module) { _, context in
            let found = try await site.mailkeep.perform(ListRecords(.one(try context.record())), as: context.caller)
            return try Response("data", found.items.map { RecordDocument($0, fields: try Self.fields(context)) })
        }
        routes.post("/{module}", .module, .create) { request, context in
            let module = try context.module()
            let records = try await request.jsonObjects("data")
            let answers = try await context.each(records, path: \.path) { try await save($0, .new(module), context) }
            return try Response("data", answers: answers)
        }
        routes.post("/{module}/upsert", .module, .create) { request, context in
            try await upsert(request, context)
        }
        routes.put("/{module}", .module) { request, context in
            let module = try context.module()
            let records = try await request.jsonObjects("data")
            let answers = try await context.each(records, path: \.path) { record in
                guard let id: Identifier<RecordKey> = try record.reference("id") else {
                    throw APIFault(.missing, parameter: "id")
                }
                return try await save(record, .existing(RecordKey(module: module, id: id)), context)
            }
            return try Response("data", answers: answers)
        }
        routes.put("/{module}/{id}", .module) { request, context in
            let key = try context.record()
            let records = try await request.jsonObjects("data", most: 1)
            let answers = try await context.each(records, path: \.path) { try await save($0, .existing(key), context) }
            return try Response("data", answers: answers)
        }
        routes.delete("/{module}", .module) { _, context in
            let module = try context.module()
            guard let ids: [Identifier<RecordKey>] = try context.ids("ids", most: 100) else {
                throw APIFault(.missing, parameter: "ids")
            }
            let answers = try await context.each(ids, path: { _ in nil }) {
                try await delete(RecordKey(module: module, id: $0), context)
            }
            return try Response("data", answers: answers)
        }
        routes.delete("/{module}/{id}", .module) { _, context in
            let key = try context.record()
            let answers = try await context.each([key], path: { _ in nil }) { try await delete($0, context) }
            return try Response("data", answers: answers)
        }
    }

    /// Which fields are asked for; nil asks for all.
    private static func fields(_ context: APIContext) throws -> Set<String>? {
        guard let text = context.query["fields"] else { return nil }
        let names = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        guard !names.isEmpty, names.count <= 200 else { throw APIFault(.value, parameter: "fields") }
        return Set(names)
    }

    private enum SortKey: String {
        case id
        case modified = "Modified_Time"
    }

    private enum Direction: String {
        case ascending = "asc"
        case descending = "desc"
    }

    private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let page = try context.page()
        var query = RecordQuery(module: try context.module(), page: page)
        switch try context.choice("sort_by", SortKey.self) ?? .id {
        case .id: query.sorting = Sorting(by: .id)
        case .modified: query.sorting = Sorting(by: .modified)
        }
        query.sorting.isDescending = try context.choice("sort_order", Direction.self) == .descending
        query.modifiedAfter = try Self.modifiedSince(request)
        if let token = context.query["page_token"] {
            guard page.number == 1, query.sorting == Sorting(by: .id), let id = Identifier<RecordKey>(token) else {
                throw APIFault(.value, parameter: "page_token")
            }
            query.afterID = id
        }
        let fields = try Self.fields(context)
        let found = try await site.mailkeep.perform(ListRecords(.all(query)), as: context.caller)
        if found.items.isEmpty, query.modifiedAfter != nil, page.number == 1, query.afterID == nil {
            return Response(status: .notModified)
        }
        return try Response(
            "data",
            found.map { RecordDocument($0, fields: fields) },
            of: page,
            token: query.sorting == Sorting(by: .id) ? found.items.last?.key.id.description : nil
        )
    }

    /// `If-Modified-Since`, with a moment in ISO 8601 as the CRM has it.
    private static func modifiedSince(_ request: Request) throws -> Timestamp? {
        guard let text = request.headers[.ifModifiedSince] else { return nil }
        guard let moment = Timestamp(iso8601: text) else {
            throw APIFault(.value, parameter: "If-Modified-Since", expected: "datetime")
        }
        return moment
    }

    /// By an address, exactly, or by a part of a name or an address.
    private func search(_ context: APIContext) async throws -> Response {
        let page = try context.page()
        let module = try context.module()
        let selection: ListRecords.Selection
        switch (context.query.text("email"), context.query.text("word")) {
        case (let email?, nil): selection = .address(module, email)
        case (nil, let word?): selection = .all(RecordQuery(module: module, search: word, page: page))
        case (nil, nil): throw APIFault(.missing, parameter: "word")
        default: throw APIFault(.value, parameter: "word")
        }
        let fields = try Self.fields(context)
        let found = try await site.mailkeep.perform(ListRecords(selection), as: context.caller)
        return try Response("data", found.map { RecordDocument($0, fields: fields) }, of: page)
    }

    /// What was deleted, for who keeps a copy; for administrators.
    private func deleted(_ request: Request, _ context: APIContext) async throws -> Response {
        struct Deleted: Encodable {
            var id: String
            var deleted_time: String
            var type = "permanent"
        }
        let page = try context.page()
        let action = ListDeletedRecords(try context.module(), since: try Self.modifiedSince(request), page: page)
        let found = try await site.mailkeep.perform(action, as: context.caller)
        return try Response("data", found.map { Deleted(id: "\($0.id)", deleted_time: $0.time) }, of: page)
    }

    private func upsert(_ request: Request, _ context: APIContext) async throws -> Response {
        let module = try context.module()
        let body = try await request.jsonObject()
        var checked = module.matchesAddresses ? ["Email"] : [RecordField.name(of: module)]
        switch body["duplicate_check_fields"] {
        case .array(let names)?: checked = names.compactMap(\.text)
        case .string(let text)?: checked = text.split(separator: ",").map(String.init)
        case nil: break
        default: throw body.fault("duplicate_check_fields", expected: "jsonarray")
        }
        guard checked.count <= 10 else { throw body.fault("duplicate_check_fields") }
        let records = try body.objects("data")
        let answers = try await context.each(records, path: \.path) { record in
            if let id: Identifier<RecordKey> = try record.reference("id") {
                return try await save(record, .existing(RecordKey(module: module, id: id)), context, isUpsert: true)
            }
            return try await save(record, .same(module, checkedFields: checked), context, isUpsert: true)
        }
        return try Response("data", answers: answers)
    }

    private func save(
        _ object: JSONObject,
        _ target: SaveRecord.Target,
        _ context: APIContext,
        isUpsert: Bool = false
    ) async throws -> ActionAnswer {
        let module: Module =
            switch target {
            case .new(let module), .same(let module, _): module
            case .existing(let record): record.module
            }
        let action = SaveRecord(target, try RecordInput(object, of: module))
        let saved = try await site.mailkeep.perform(action, as: context.caller)
        return ActionAnswer(
            .init(
                id: "\(saved.record.id)",
                Created_Time: saved.createdTime,
                Modified_Time: saved.modifiedTime
            ),
            message: context.wording.text(key: saved.isNew ? "api.record_added" : "api.record_updated"),
            status: saved.isNew ? .created : .ok,
            action: isUpsert ? (saved.isNew ? "insert" : "update") : nil,
            duplicateField: saved.duplicateField
        )
    }

    private func delete(_ record: RecordKey, _ context: APIContext) async throws -> ActionAnswer {
        try await site.mailkeep.perform(DeleteRecord(record), as: context.caller)
        return ActionAnswer(.init(id: "\(record.id)"), message: context.wording.text(key: "api.record_deleted"))
    }
}
