import HTTPTypes
import Hummingbird
import MailkeepModel
import Testing

@testable import MailkeepWeb

@Suite("The OpenAPI document")
struct APIDocumentTests {
    @Test("It has every route of the API, and no other")
    func isComplete() async throws {
        let document = try APIDocument.read()
        let routes = try await Firm().site.api().routes.filter { $0.method != .head }
        let described = document.paths.flatMap { path, methods in methods.keys.map { "\($0.uppercased()) \(path)" } }
        #expect(routes.map { "\($0.method.rawValue) \($0.path)" }.sorted() == described.sorted())
        #expect(routes.count > 50)
    }

    @Test("Its scopes are scopes, and its sections have names")
    func isConsistent() throws {
        let document = try APIDocument.read()
        let names = Set(document.tags.map(\.name))
        for (path, methods) in document.paths {
            for (method, operation) in methods {
                #expect(Set(operation.tags).isSubset(of: names), "\(method) \(path)")
                for scope in operation.security.flatMap({ $0.values.flatMap(\.self) }) {
                    #expect(Scope(scope.replacing("{module}", with: "contacts")) != nil, "\(scope)")
                }
                for parameter in document.parameters(of: operation) { #expect(parameter.name != nil) }
            }
        }
    }
}
