import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// The OpenAPI 3.1 document of the API: served, read by people as a page, and what the tests hold the API against.
struct APIDocument: Decodable, Sendable {
    struct Info: Decodable, Sendable {
        let description: String
    }

    struct Named: Decodable, Sendable {
        let name: String
    }

    struct Parameter: Decodable, Sendable {
        let reference: String?
        let name: String?
        let place: String?
        let required: Bool?
        let description: String?

        private enum CodingKeys: String, CodingKey {
            case reference = "$ref"
            case name
            case place = "in"
            case required
            case description
        }
    }

    struct Operation: Decodable, Sendable {
        let tags: [String]
        let summary: String
        let description: String?
        let parameters: [Parameter]?
        let security: [[String: [String]]]
        let requestBody: JSONValue?
        let responses: [String: JSONValue]
    }

    struct Components: Decodable, Sendable {
        let parameters: [String: Parameter]
        let schemas: [String: JSONValue]
    }

    static let path = "/openapi.json"
    static let bytes = PackageResources.openapi_json

    let info: Info
    let tags: [Named]
    let paths: [String: [String: Operation]]
    let components: Components

    static func read() throws -> APIDocument { try JSONDecoder().decode(APIDocument.self, from: Data(bytes)) }

    /// The parameters of an operation, those that many have in common too.
    func parameters(of operation: Operation) -> [Parameter] {
        (operation.parameters ?? []).compactMap { parameter in
            guard let name = parameter.reference?.split(separator: "/").last.map(String.init) else { return parameter }
            return components.parameters[name]
        }
    }

    /// What a body looks like: the schema of its content, with what it refers to in its place, as JSON.
    func text(of body: JSONValue) -> String? {
        guard case .object(let fields) = body, case .object(let contents)? = fields["content"],
            case .object(let content)? = contents.values.first, let schema = content["schema"]
        else { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(resolved(schema, depth: 0))).map { String(decoding: $0, as: UTF8.self) }
    }

    private func resolved(_ value: JSONValue, depth: Int) -> JSONValue {
        guard depth < 12 else { return value }
        switch value {
        case .array(let values): return .array(values.map { resolved($0, depth: depth + 1) })
        case .object(let fields):
            if case .string(let reference)? = fields["$ref"], let name = reference.split(separator: "/").last,
                let schema = components.schemas[String(name)]
            {
                return resolved(schema, depth: depth + 1)
            }
            return .object(fields.mapValues { resolved($0, depth: depth + 1) })
        case .null, .bool, .number, .string: return value
        }
    }

    static func add(to router: some RouterMethods<VisitContext>) {
        router.get(RouterPath(Site.apiPath + path)) { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
            )
        }
    }
}
