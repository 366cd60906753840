import Foundation
import HTTPTypes
import Hummingbird
import MailkeepModel
import Testing

@testable import MailkeepApp
@testable import MailkeepWeb

@Suite("Who is answered what by the API")
struct APIRouteTests {
    /// What is answered to everybody.
    private static let open: Set = ["POST /oauth/v2/token", "GET /crm/v8/openapi.json"]

    @Test("Every route is in the table, and every line of the table is a route")
    func table() async throws {
        let table = try await APITable(Firm())
        let routes = table.firm.site.api().routes.filter { $0.method != .head }
            .map { "\($0.method.rawValue) \($0.path)" }.filter { !Self.open.contains($0) }
        #expect(routes.sorted() == table.lines.map { "\($0.method.rawValue) \(Site.apiPath)\($0.route)" }.sorted())
        #expect(table.lines.allSatisfy { !$0.questions.isEmpty })
    }

    @Test("Each is answered as the table says, and a refused request changes nothing", arguments: Person.allCases)
    func answers(person: Person) async throws {
        let table = try await APITable(Firm())
        let firm = table.firm
        let token = try await table.token(of: person)
        try await firm.serve { client in
            var browser = Browser(client)
            var notThere: [String: (address: String, text: String)] = [:]
            var told: Set<String> = []
            for line in table.lines {
                for question in line.questions {
                    let facts = try firm.facts()
                    let refusals = try firm.refusals()
                    let what: Testing.Comment = "\(person) \(line.method) \(question.address) \(question.body ?? "")"
                    var headers = HTTPFields()
                    if let token { headers[.authorization] = "Zoho-oauthtoken \(token.text)" }
                    let address = Site.apiPath + question.address
                    let answer = try await browser.send(line.method, address, headers, question.body ?? "")
                    let expected = question.status(for: person)
                    // Who guesses tokens is slowed down in the end.
                    #expect(answer.status == expected || expected == 401 && answer.status == 429, what)
                    if answer.status >= 400 || line.method == .get {
                        #expect(try firm.facts() == facts, what)
                    }
                    if answer.status >= 400 {
                        #expect(answer.headers[.contentType] == "application/json", what)
                        #expect(!answer.text.contains("customer.example"), what)
                    }
                    told.formUnion(Firm.textsOfRecords.filter { answer.text.contains($0) })
                    guard answer.text.contains(#""rule":"V1""#) else { continue }
                    #expect(try firm.refusals() == refusals + 1, what)
                    // V1: not there and not allowed look alike, to the byte.
                    var known = answer.headers
                    for name in ["X-RateLimit-Remaining", "X-RateLimit-Reset"] {
                        if let name = HTTPField.Name(name) { known[name] = nil }
                    }
                    let text = "\(known)\(answer.text)"
                    let first = notThere["\(line.method) \(line.route)"] ?? (question.address, text)
                    #expect(text == first.text, "\(question.address) and \(first.address)")
                    notThere["\(line.method) \(line.route)"] = first
                }
            }
            #expect(person.isSignedIn == !notThere.isEmpty)
            if person == .administrator { #expect(told == Set(Firm.textsOfRecords).subtracting(["Contacts #"])) }
            if person == .withoutRecords { #expect(told.isEmpty, "\(told)") }
        }
    }
}
