import Foundation
import HTTPTypes
import MailkeepApp
import MailkeepModel
import Testing

@testable import MailkeepWeb

@Suite("The pages for signing in at a provider")
struct MailSignInPageTests {
    private static let form = ["account_type": "imap", "address": "sota@sakura.example", "sharing": "complete"]

    @Test("A browser is sent on by a page of ours, with all that the provider needs and nothing secret")
    func begin() async throws {
        let firm = try await Firm(WebConfiguration(publicURL: "http://Mail.Example/"))
        let session = try await firm.session(of: firm.sota)
        try await firm.serve { client in
            var browser = Browser(client, session)
            let page = try await browser.get("/settings/mail-addon")
            #expect(page.text.contains("Sign in with Google") && !page.text.contains("Sign in with Microsoft"))
            let answer = try await browser.post("/settings/mail-addon/sign-in/google", Self.form)
            #expect(answer.status == 200)
            let name = try #require(HTTPField.Name("Refresh"))
            let refresh = try #require(answer.headers[name])
            let address = try #require(refresh.wholeMatch(of: /0; url=(https:.*)/)?.output.1)
            #expect(address.hasPrefix("https://accounts.google.com/o/oauth2/v2/auth?"))
            let items = URLComponents(string: String(address))?.queryItems ?? []
            let query = Dictionary(items.map { ($0.name, $0.value ?? "") }) { first, _ in first }
            #expect(query["redirect_uri"] == "http://mail.example/settings/mail-addon/sign-in/google")
            #expect(query["login_hint"] == "sota@sakura.example")
            #expect(query["code_challenge_method"] == "S256" && query["code_challenge"]?.count == 43)
            #expect(query["state"]?.count == 22)
            #expect(answer.text.contains("href=\"\(address.replacing("&", with: "&amp;"))\""))
            // Each time it is another state and challenge.
            let again = try await browser.post("/settings/mail-addon/sign-in/google", Self.form)
            #expect(!again.text.contains(query["state"] ?? "-") && !again.text.contains(query["code_challenge"] ?? "-"))
        }
    }

    @Test("What may not be saved is not signed in for, and the page keeps what was entered")
    func refusals() async throws {
        let firm = try await Firm()
        let session = try await firm.session(of: firm.sota)
        try await firm.serve { client in
            var browser = Browser(client, session)
            var form = Self.form
            form["address"] = "contact1@customer.example"
            let foreign = try await browser.post("/settings/mail-addon/sign-in/google", form)
            #expect(foreign.status == 403 && foreign.text.contains("contact1@customer.example"))
            form["address"] = "nonsense"
            #expect(try await browser.post("/settings/mail-addon/sign-in/google", form).status == 400)
            form["sharing"] = "everything"
            #expect(try await browser.post("/settings/mail-addon/sign-in/google", form).status == 400)
        }
    }

    @Test("An answer that nobody asked for is told as expired, and a look at it (HEAD) uses nothing up")
    func unasked() async throws {
        let firm = try await Firm()
        let session = try await firm.session(of: firm.sota)
        try await firm.serve { client in
            var browser = Browser(client, session)
            let answer = try await browser.get("/settings/mail-addon/sign-in/google?code=c&state=s")
            #expect(answer.status == 303 && answer.location == "/settings/mail-addon")
            #expect(try await browser.get("/settings/mail-addon").text.contains("The sign-in has expired"))
            let begun = try await browser.post("/settings/mail-addon/sign-in/google", Self.form)
            let state = try #require(begun.text.firstMatch(of: /state=([\w-]{22})/)?.output.1)
            let back = "/settings/mail-addon/sign-in/google?error=access_denied&state=\(state)"
            _ = try await browser.send(.head, back)
            _ = try await browser.get(back)
            #expect(try await browser.get("/settings/mail-addon").text.contains("was cancelled"))
            _ = try await browser.get(back)
            #expect(try await browser.get("/settings/mail-addon").text.contains("The sign-in has expired"))
        }
    }
}
