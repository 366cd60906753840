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
        let responses: [String: JSONValue]
    }

    struct Components: Decodable, Sendable {
        let parameters: [String: Parameter]
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
