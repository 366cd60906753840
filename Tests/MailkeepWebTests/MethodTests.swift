import HTTPTypes
import Hummingbird
import Testing

@testable import MailkeepApp
@testable import MailkeepWeb

@Suite("Methods that an address does not take")
struct MethodTests {
    @Test("Every route answers methods that it does not take with those that it takes", arguments: [true, false])
    func methods(isSignedIn: Bool) async throws {
        let table = try await RouteTable(Firm())
        let session = isSignedIn ? try await table.firm.session(of: table.firm.ada) : nil
        let addresses = Dictionary(grouping: table.lines) { $0.route }.compactMapValues { lines in
            lines.first?.questions.first.map { (address: $0.address, methods: Set(lines.map(\.method))) }
        }
        #expect(addresses.count > 40)
        try await table.firm.serve { client in
            var browser = Browser(client, session)
            let facts = try table.firm.facts()
            for (route, (address, methods)) in addresses {
                var known = methods
                if methods.contains(.get) { known.insert(.head) }
                for method in [HTTPRequest.Method.get, .head, .post, .put, .delete, .patch, .options]
                where !known.contains(method) {
                    let what: Testing.Comment = "\(method) \(route)"
                    let answer = try await browser.send(method, address)
                    #expect(answer.status == 405, what)
                    let allowed = (answer.headers[.allow] ?? "").split(separator: ", ").map(String.init)
                    // Another route may hold the same address.
                    #expect(
                        Set(allowed).isSuperset(of: known.map(\.rawValue)) && !allowed.contains(method.rawValue),
                        what
                    )
                }
            }
            #expect(try table.firm.facts() == facts)
        }
    }

    @Test("What is no address stays unknown, and a method tells nothing of what stands at one (V1)")
    func unknown() async throws {
        let firm = try await Firm()
        let session = try await firm.session(of: firm.sota)
        try await firm.serve { client in
            var browser = Browser(client, session)
            for address in ["/nowhere", "/records/Contacts/1/nothing", "/settings/mail-addon-users/1/nothing"] {
                #expect(try await browser.get(address).status == 404)
                #expect(try await browser.post(address).status == 404)
            }
            let present = try await browser.send(.delete, "/records/\(Firm.taro)")
            let absent = try await browser.send(.delete, "/records/Contacts/99")
            #expect(present.status == 405 && present.text == absent.text && present.text.contains("<!doctype html>"))
            #expect("\(present.headers)" == "\(absent.headers)")
        }
    }
}
