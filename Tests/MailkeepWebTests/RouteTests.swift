import Foundation
import HTTPTypes
import Hummingbird
import MailkeepApp
import MailkeepModel
import Testing

@testable import MailkeepWeb

@Suite("Who is answered what")
struct RouteTests {
    @Test("Every route is in the table, and every line of the table is a route")
    func table() async throws {
        let table = try await RouteTable(Firm())
        let routes = try table.firm.site.router().routes.filter { $0.method != .head }
        let known = table.lines.map { "\($0.method) \($0.route)" }
        #expect(routes.map { "\($0.method) \($0.path)" }.sorted() == known.sorted())
        for line in table.lines {
            #expect(!line.questions.isEmpty, "\(line.route)")
            for question in line.questions { #expect(line.holds(question.address), "\(question.address)") }
        }
    }

    @Test("Each is answered as the table says, and a refused request changes nothing", arguments: Person.allCases)
    func answers(person: Person) async throws {
        let table = try await RouteTable(Firm())
        let firm = table.firm
        let session = try await table.session(of: person)
        let other = try await firm.session(of: firm.ben)
        try await firm.serve { client in
            var browser = Browser(client, session)
            var notThere: [String: (address: String, text: String)] = [:]
            var told: Set<String> = []
            for line in table.lines {
                for question in line.questions {
                    let facts = try firm.facts()
                    let refusals = try firm.refusals()
                    let what: Testing.Comment = "\(person) \(line.method) \(question.address)"
                    let answer: Answer
                    if line.method == .get {
                        let head = try await browser.send(.head, question.address)
                        answer = try await browser.get(question.address)
                        #expect(head.status == answer.status && head.bytes.isEmpty, what)
                    } else {
                        try await Self.expectForgeriesFail(question, &browser, other, what)
                        #expect(try firm.facts() == facts, what)
                        answer = try await browser.post(question.address, question.form)
                    }
                    #expect(answer.status == question.status(for: person, line.method), what)
                    if answer.status == 303 {
                        let leadsToSignIn = !person.isSignedIn || ["/signout", "/language"].contains(line.route)
                        #expect(answer.location?.hasPrefix("/signin") == leadsToSignIn, what)
                    }
                    if line.method == .get || answer.status >= 400 || !person.isSignedIn {
                        #expect(try firm.facts() == facts, what)
                    }
                    told.formUnion(Firm.textsOfRecords.filter { answer.text.contains($0) })
                    if answer.status == 404, question.isAudited(as: line) {
                        #expect(try firm.refusals() - refusals == (line.method == .get ? 2 : 1), what)
                    }
                    if answer.status == 404, question.isOfRecord {
                        // V1: not there and not allowed look alike, to the byte.
                        let text = "\(answer.headers)\(answer.text)"
                        let token = answer.text.firstMatch(of: /form_token" value="([^"]*)"/)?.output.1 ?? ""
                        let first = notThere[String(token)] ?? (question.address, text)
                        #expect(text == first.text, "\(question.address) and \(first.address)")
                        notThere[String(token)] = first
                    }
                }
            }
            if person == .administrator { #expect(told == Set(Firm.textsOfRecords)) }
            if person == .withoutRecords { #expect(told.isEmpty, "\(told)") }
        }
        let actions = try await firm.perform(ListAuditActions(), as: firm.ada)
        for action in actions {
            #expect(Presenter(locale: .english, timeZone: .gmt).auditAction(action) != action, "\(action)")
        }
    }

    /// Sends the form as other sites, and pages of other sessions, can have it sent.
    private static func expectForgeriesFail(
        _ question: Question,
        _ browser: inout Browser,
        _ other: SecretToken,
        _ what: Testing.Comment
    ) async throws {
        let (address, form) = (question.address, question.form)
        let foreign = other.derived(for: "form")
        #expect(try await browser.post(address, form, token: .some(nil)).status == 403, what)
        #expect(try await browser.post(address, form, token: "").status == 403, what)
        #expect(try await browser.post(address, form, token: foreign).status == 403, what)
        let forgeries: [HTTPFields] = try [
            [.origin: "https://evil.example"], [.origin: "null"],
            [#require(HTTPField.Name("Sec-Fetch-Site")): "cross-site"],
            [#require(HTTPField.Name("Sec-Fetch-Site")): "same-site"],
        ]
        for headers in forgeries {
            #expect(try await browser.post(address, form, headers).status == 403, what)
        }
    }

    @Test("A form of one's own page is taken whether the browser tells where it comes from or not")
    func ownForms() async throws {
        let firm = try await Firm()
        let session = try await firm.session(of: firm.sota)
        let site = try #require(HTTPField.Name("Sec-Fetch-Site"))
        try await firm.serve { client async throws in
            var browser = Browser(client, session)
            let form = ["name": "Sota", "locale": "en"]
            for headers in [
                [:], [.origin: "http://localhost"], [.origin: "http://127.0.0.1:8080"], [site: "same-origin"],
                [site: "none"],
            ] as [HTTPFields] {
                #expect(try await browser.post("/settings/account", form, headers).status == 303)
            }
        }
    }

    @Test("A form that is too large is refused in words, and one with more than a page can send changes nothing")
    func largeForms() async throws {
        let firm = try await Firm()
        let session = try await firm.session(of: firm.sota)
        try await firm.serve { client in
            var browser = Browser(client, session)
            let facts = try firm.facts()
            let form = ["name": String(repeating: "x", count: 600 << 10)]
            let answer = try await browser.post("/settings/account", form)
            #expect(answer.status == 413)
            #expect(answer.text.contains("<!doctype html>"))
            #expect(try firm.facts() == facts)
        }
    }

    @Test("N5: of several who are ticked each is decided by itself, and none where somebody is not there")
    func several() async throws {
        let firm = try await Firm()
        try await firm.readMail(of: firm.hana, .all, [])
        let session = try await firm.session(of: firm.ada)
        try await firm.serve { client in
            var browser = Browser(client, session)
            let address = "/settings/mail-addon-users/actions"
            let facts = try firm.facts()
            let body = "form_token=\(browser.formToken)&action=lock&user=\(firm.hana)&user="
            #expect(try await browser.send(.post, address, [:], body + "999").status == 404)
            #expect(try firm.facts() == facts)
            #expect(try await browser.send(.post, address, [:], body + "\(firm.kei)").status == 303)
            let told = try await browser.get("/settings")
            #expect(told.text.contains("<li>Hana: ") && told.text.contains("<li>Kei: "))
            #expect(try await browser.get("/settings").text.contains("<li>Hana: ") == false)
            let row = try await firm.perform(ShowMailAddonUser(user: firm.hana), as: firm.ada)
            #expect(row?.locked == true)
        }
    }

    @Test("V3: a page of a record is gone at once with the share, and its images with it")
    func withdrawn() async throws {
        let table = try await RouteTable(Firm())
        let firm = table.firm
        let session = try await firm.session(of: firm.kei)
        try await firm.serve { client in
            var browser = Browser(client, session)
            let address = "/records/\(Firm.taro)/emails/\(try await firm.messages(of: firm.hana)[1])"
            let html = try await browser.get("\(address)/html").text
            let image = try #require(html.firstMatch(of: /\/inline\/[\w-]+/)).output
            #expect(try await browser.get(String(image)).status == 200)
            try await firm.record(Firm.taro, "Taro", owner: firm.hana)
            #expect(try await browser.get(address).status == 404)
            #expect(try await browser.get(String(image)).status == 404)
        }
    }

    @Test("An image's address works for ten minutes")
    func imageAddresses() async throws {
        let table = try await RouteTable(Firm())
        let firm = table.firm
        let address = try #require(table.lines.first { $0.route == "/inline/{link}" }?.questions.first?.address)
        try await firm.serve { client async throws in
            var browser = Browser(client)
            firm.clock.advance(seconds: 599)
            #expect(try await browser.get(address).status == 200)
            firm.clock.advance(seconds: 1)
            #expect(try await browser.get(address).status == 404)
        }
    }
}
