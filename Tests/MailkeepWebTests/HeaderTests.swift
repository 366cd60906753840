import Foundation
import HTTPTypes
import MailkeepModel
import Testing

@testable import MailkeepApp
@testable import MailkeepWeb

@Suite("Headers")
struct HeaderTests {
    private static let expected = [
        "X-Content-Type-Options": "nosniff", "X-Frame-Options": "SAMEORIGIN",
        "X-DNS-Prefetch-Control": "off", "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    ]

    /// Expects the headers that every answer has, each once.
    ///
    /// - Parameter policy: what the Content-Security-Policy begins with.
    private static func expectHeaders(
        _ answer: Answer,
        policy: String = ResponseHeaders.pagePolicy,
        cache: String = "no-store",
        referrer: String = "same-origin",
        isSecure: Bool = false,
        _ what: Testing.Comment,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for (name, value) in expected {
            let name = try #require(HTTPField.Name(name))
            #expect(answer.headers[values: name] == [value], what, sourceLocation: sourceLocation)
        }
        let referrerPolicy = try #require(HTTPField.Name("Referrer-Policy"))
        #expect(answer.headers[values: referrerPolicy] == [referrer], what, sourceLocation: sourceLocation)
        let policies = answer.headers[values: .contentSecurityPolicy]
        #expect(policies.count == 1 && policies[0].hasPrefix(policy), what, sourceLocation: sourceLocation)
        #expect(answer.headers[values: .cacheControl] == [cache], what, sourceLocation: sourceLocation)
        let transport = answer.headers[values: .strictTransportSecurity]
        #expect(transport == (isSecure ? ["max-age=31536000"] : []), what, sourceLocation: sourceLocation)
    }

    @Test("Every answer has every header once, whatever its status, and those of mails their own policy")
    func everyAnswer() async throws {
        let table = try await RouteTable(Firm())
        let firm = table.firm
        let ada = try await firm.session(of: firm.ada)
        try await firm.serve { client in
            var browser = Browser(client, ada)
            for line in table.lines where line.method == .get {
                for question in line.questions {
                    let answer = try await browser.get(question.address)
                    let last = line.route.split(separator: "/").last ?? ""
                    var (policy, cache, referrer) = (ResponseHeaders.pagePolicy, "no-store", "same-origin")
                    if line.route.hasPrefix("/assets/") { cache = "public, max-age=31536000, immutable" }
                    if answer.status == 200 {
                        let isFile = ["raw", "{part}", "manifest", "export", "public-key", "{link}"].contains(last)
                        if isFile { policy = "sandbox; default-src 'none'" }
                        if last == "html" {
                            policy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src"
                            referrer = "no-referrer"
                        }
                    }
                    let what = Testing.Comment(rawValue: question.address)
                    try Self.expectHeaders(answer, policy: policy, cache: cache, referrer: referrer, what)
                }
            }
            // No such route, a forged form, bad input, a refusal.
            for address in ["/nowhere", "/settings/", "/records/Contacts/1/2/3/4/5", "/%00", "/assets/other.css"] {
                let answer = try await browser.get(address)
                #expect(answer.status == (address == "/settings/" ? 200 : 404))
                try Self.expectHeaders(answer, "\(address)")
            }
            try Self.expectHeaders(try await browser.post("/settings/account", token: "x"), "403")
            try Self.expectHeaders(try await browser.post("/settings/account"), "400")
            try Self.expectHeaders(try await browser.send(.put, "/settings/account"), "PUT")
        }
    }

    @Test("A page that fails, and one that cannot even be begun, is answered with 500, in no more words than needed")
    func failures() async throws {
        let firm = try await Firm()
        let session = try await firm.session(of: firm.hana)
        try await firm.serve { client in
            var browser = Browser(client, session)
            try firm.change("ALTER TABLE record RENAME TO other")
            let failed = try await browser.get("/records/Contacts")
            #expect(failed.status == 500 && failed.text.contains("<!doctype html>"))
            #expect(!failed.text.contains("SQL") && !failed.text.contains("no such"))
            try Self.expectHeaders(failed, "within a page")
            try firm.change("ALTER TABLE session RENAME TO another")
            let unbegun = try await browser.get("/records/Contacts")
            #expect(unbegun.status == 500)
            try Self.expectHeaders(unbegun, "before a page")
        }
    }

    @Test("A mail's HTML is shown in a sandbox that loads images of ours alone, with links that open outside")
    func html() async throws {
        let firm = try await Firm()
        try await firm.readMail(of: firm.hana, .all, [Mails.whole(from: 1)])
        let session = try await firm.session(of: firm.hana)
        try await firm.serve { client in
            var browser = Browser(client, session)
            let answer = try await browser.get("/mail/\(try await firm.messages(of: firm.hana)[0])/html")
            #expect(
                answer.headers[.contentSecurityPolicy] == """
                    sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; \
                    img-src http://localhost/inline/; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                    frame-ancestors 'self'
                    """
            )
            #expect(answer.headers[.contentType] == "text/html; charset=utf-8")
            #expect(answer.text.contains("<x-meta http-equiv=refresh>"))
            #expect(answer.text.contains("<a rel=\"noopener noreferrer nofollow\" target=\"_blank\" href="))
            let image = try #require(answer.text.firstMatch(of: /src="(\/inline\/[\w-]+)"/)).output.1
            // The frame sends no cookies.
            var stranger = Browser(client)
            let shown = try await stranger.get(String(image))
            #expect(shown.status == 200 && shown.headers[.contentType] == "image/png")
            #expect(shown.bytes == [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
        }
    }

    @Test("What a mail brings along is only ever saved, whatever it says it is")
    func attachments() async throws {
        let firm = try await Firm()
        try await firm.readMail(of: firm.hana, .all, [Mails.whole(from: 1, attachment: "見積 \"1\".html")])
        let session = try await firm.session(of: firm.hana)
        let message = try await firm.messages(of: firm.hana)[0]
        let shown = try await firm.perform(ShowMessage(message, at: .ownMail(of: firm.hana)), as: firm.hana)
        let part = try #require(shown.attachments.last?.path)
        try await firm.serve { client in
            var browser = Browser(client, session)
            let page = try await browser.get("/mail/\(message)/attachments/\(part)")
            #expect(page.headers[.contentType] == "application/octet-stream")
            #expect(
                page.headers[.contentDisposition]
                    == "attachment; filename=\"__ _1_.html\"; filename*=UTF-8''%E8%A6%8B%E7%A9%8D%20%221%22%2Ehtml"
            )
            #expect(page.text == "<script>alert(1)</script>\r\n" || page.text == "<script>alert(1)</script>")
            let raw = try await browser.get("/mail/\(message)/raw")
            #expect(raw.headers[.contentType] == "message/rfc822")
            #expect(raw.headers[.contentDisposition]?.hasPrefix("attachment; filename=\"\(message).eml\"") == true)
        }
    }

    @Test("Under https the browser is told to stay there, and cookies are of this host alone")
    func secure() async throws {
        let configuration = WebConfiguration(
            publicURL: "https://mail.example.com",
            trustedProxies: ["127.0.0.1"]
        )
        let firm = try await Firm(configuration, hasPasswords: true)
        try await firm.serve { client in
            var browser = Browser(client, isSecure: true)
            browser["__Host-mailkeep_visitor"] = nil
            let page = try await browser.get("/signin")
            try Self.expectHeaders(page, isSecure: true, "the page for signing in")
            #expect(browser["__Host-mailkeep_visitor"] != nil)
            let form = ["email": "hana@sakura.example", "password": Firm.password]
            let signedIn = try await browser.post("/signin", form, [.origin: "https://mail.example.com"])
            #expect(signedIn.status == 303)
            try Self.expectHeaders(signedIn, isSecure: true, "signing in")
            let language = try await browser.post("/language", ["locale": "ja"])
            let signedOut = try await browser.post("/signout")
            var names: Set<String> = []
            for cookie in [page, signedIn, language, signedOut].flatMap({ $0.headers[values: .setCookie] }) {
                let parts = cookie.split(separator: "; ").map { $0.lowercased() }
                names.insert(String(parts[0].prefix { $0 != "=" }))
                for part in ["secure", "httponly", "samesite=lax", "path=/"] {
                    #expect(parts.contains(part), "\(cookie)")
                }
                #expect(!parts.contains { $0.hasPrefix("domain") }, "\(cookie)")
            }
            #expect(names == ["__host-mailkeep", "__host-mailkeep_visitor", "__host-mailkeep_device", "lang"])
            // A cookie of the name that it has without TLS is another's.
            var other = Browser(client, try await firm.session(of: firm.hana))
            #expect(try await other.get("/records/Contacts").status == 303)
        }
    }

    @Test("Without TLS cookies have no Secure, as browsers would not keep them")
    func insecure() async throws {
        let firm = try await Firm()
        try await firm.serve { client in
            var browser = Browser(client)
            browser["mailkeep_visitor"] = nil
            let cookies = try await browser.get("/signin").headers[values: .setCookie]
            #expect(cookies.count == 1 && cookies[0].hasPrefix("mailkeep_visitor="))
            #expect(cookies[0].contains("HttpOnly") && cookies[0].contains("SameSite=Lax"))
            #expect(!cookies[0].contains("Secure"))
        }
    }
}
