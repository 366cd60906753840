import Foundation
import HTTPTypes
import MailkeepModel
import TestSupport
import Testing

@testable import MailkeepApp
@testable import MailkeepWeb

@Suite("What requests and settings say")
struct RequestTests {
    @Test(
        "The language is the first of ours that the browser prefers",
        arguments: [
            (nil, "en"), ("", "en"), ("ja", "ja"), ("ja-JP", "ja"), ("JA", "ja"), ("en-US,en;q=0.9,ja;q=0.8", "en"),
            ("fr, ja;q=0.5, en;q=0.4", "ja"), ("fr;q=1, en;q=0.1, ja;q=0.2", "ja"), ("ja;q=0", "en"),
            ("ja;q=0.8, en;q=0.8", "ja"), ("en;q=0.8, ja;q=0.8", "en"), ("*", "en"), ("de", "en"), ("ja ; q=0.9", "ja"),
            ("en;q=x, ja;q=0.5", "en"), ("ja;q=nan", "en"), (",,;;q=,ja", "ja"), ("jax", "en"),
        ] as [(String?, String)]
    )
    func languages(header: String?, expected: String) {
        #expect(VisitMiddleware.preferred(header).rawValue == expected)
    }

    @Test("A person's own language comes before the browser's, and a choice before what the browser prefers")
    func chosenLanguage() async throws {
        let firm = try await Firm()
        let session = try await firm.session(of: firm.hana)
        try await firm.serve { client in
            var browser = Browser(client)
            let japanese: HTTPFields = [.acceptLanguage: "ja"]
            #expect(try await browser.get("/signin", japanese).text.contains("<html lang=\"ja\">"))
            #expect(try await browser.post("/language", ["locale": "en"]).status == 303)
            #expect(try await browser.get("/signin", japanese).text.contains("<html lang=\"en\">"))
            browser["lang"] = "xx"
            #expect(try await browser.get("/signin", japanese).text.contains("<html lang=\"ja\">"))
            var signedIn = Browser(client, session)
            signedIn["lang"] = "ja"
            #expect(try await signedIn.get("/settings", japanese).text.contains("<html lang=\"en\">"))
            signedIn["tz"] = "America%2FNew_York"
            #expect(try await signedIn.get("/settings").text.contains("America/New_York"))
            for zone in ["x", "..%2F..%2Fetc%2Fpasswd", "%FF", "%3Cscript%3E"] {
                signedIn["tz"] = zone
                let page = try await signedIn.get("/settings")
                #expect(page.status == 200 && !page.text.contains("etc/passwd"))
            }
        }
    }

    // MARK: Proxies

    @Test(
        "A client's address is what a trusted proxy says, and nothing that anybody else wrote",
        arguments: [
            ("198.51.100.1", nil, "198.51.100.1"), ("198.51.100.1", "192.0.2.1", "198.51.100.1"),
            ("10.0.0.1", nil, "10.0.0.1"), ("10.0.0.1", "192.0.2.1", "192.0.2.1"),
            ("10.0.0.1", "203.0.113.9, 192.0.2.1", "192.0.2.1"),
            ("10.0.0.1", "192.0.2.1, 10.0.0.2", "192.0.2.1"),
            ("10.0.0.1", "192.0.2.1,10.0.0.2 , 10.0.0.3", "192.0.2.1"),
            ("10.0.0.1", "10.0.0.2", "10.0.0.2"), ("10.0.0.1", "", "10.0.0.1"), ("10.0.0.1", "x", "10.0.0.1"),
            ("10.0.0.1", "192.0.2.1, x", "10.0.0.1"), ("10.0.0.1", "192.0.2.1, x, 10.0.0.2", "10.0.0.2"),
            ("10.0.0.1", "2001:db8::1", "2001:db8::1"), ("fd00::1", "2001:db8::1", "2001:db8::1"),
            ("10.0.0.1", "192.0.2.0/24", "10.0.0.1"), ("", "192.0.2.1", ""),
        ] as [(String, String?, String)]
    )
    func clients(peer: String, field: String?, client: String) {
        #expect(TrustedProxies(["10.0.0.0/8", "fd00::/8"]).client(peer: peer, forwardedFor: field) == client)
    }

    // MARK: Settings

    @Test(
        "Settings that would send passwords in clear, or make no sense, are refused",
        arguments: [
            (WebConfiguration(), nil),
            (WebConfiguration(host: "localhost"), nil), (WebConfiguration(host: "::1"), nil),
            (WebConfiguration(host: "127.1.2.3"), nil),
            (WebConfiguration(port: 0), .badPort), (WebConfiguration(port: 65_536), .badPort),
            (WebConfiguration(certificate: "a"), .certificateIncomplete),
            (WebConfiguration(key: "a"), .certificateIncomplete),
            (WebConfiguration(host: "0.0.0.0"), .notSecure), (WebConfiguration(host: "::"), .notSecure),
            (WebConfiguration(host: "192.0.2.1"), .notSecure), (WebConfiguration(host: "127.evil.example"), .notSecure),
            (WebConfiguration(host: "mail.example.com"), .notSecure),
            (WebConfiguration(host: "0.0.0.0", certificate: "a", key: "b"), nil),
            (WebConfiguration(host: "0.0.0.0", publicURL: "https://mail.example.com"), .notSecure),
            (
                WebConfiguration(host: "0.0.0.0", publicURL: "http://mail.example.com", trustedProxies: ["10.0.0.1"]),
                .notSecure
            ),
            (
                WebConfiguration(host: "0.0.0.0", publicURL: "https://mail.example.com", trustedProxies: ["10.0.0.1"]),
                nil
            ),
            (WebConfiguration(publicURL: "https://mail.example.com/"), nil),
            (WebConfiguration(publicURL: "http://localhost:8080"), nil),
            (WebConfiguration(publicURL: "mail.example.com"), .badPublicURL),
            (WebConfiguration(publicURL: "ftp://mail.example.com"), .badPublicURL),
            (WebConfiguration(publicURL: "https://"), .badPublicURL), (WebConfiguration(publicURL: ""), .badPublicURL),
            (WebConfiguration(publicURL: "https://mail.example.com/mailkeep"), .badPublicURL),
            (WebConfiguration(publicURL: "https://mail.example.com?x=1"), .badPublicURL),
            (WebConfiguration(publicURL: "https://mail.example.com/#x"), .badPublicURL),
            (WebConfiguration(publicURL: "https://user:secret@mail.example.com"), .badPublicURL),
            (WebConfiguration(trustedProxies: ["10.0.0.0/8", "x"]), .badProxy),
            (WebConfiguration(trustedProxies: ["10.0.0.0/33"]), .badProxy),
            (WebConfiguration(metricsToken: "short"), .shortToken),
            (WebConfiguration(metricsToken: "long enough a token"), nil),
        ] as [(WebConfiguration, WebError.Code?)]
    )
    func settings(configuration: WebConfiguration, refusal: WebError.Code?) {
        do {
            try configuration.check()
            #expect(refusal == nil, "\(configuration)")
        } catch {
            #expect((error as? WebError)?.code == refusal, "\(configuration)")
        }
    }

    @Test("The address of the pages is the public one, or what is listened on")
    func addresses() {
        #expect(WebConfiguration().address == "http://127.0.0.1:8080")
        #expect(WebConfiguration(host: "::1", port: 9, certificate: "a", key: "b").address == "https://[::1]:9")
        #expect(WebConfiguration(publicURL: "https://mail.example.com/").address == "https://mail.example.com")
        #expect(!WebConfiguration().isSecure && WebConfiguration(publicURL: "https://x.example").isSecure)
    }

    @Test("A certificate that cannot be read, and a key of another, are refused")
    func certificates() throws {
        #expect(throws: WebError(.badCertificate, "/nowhere")) {
            _ = try WebConfiguration(certificate: "/nowhere", key: "/nowhere").tls()
        }
        #expect(try WebConfiguration().tls() == nil)
    }

    // MARK: Forms

    @Test(
        "Forms are read as browsers write them",
        arguments: [
            ("a=b", "b"), ("a=b+c", "b c"), ("a=b%2Bc", "b+c"), ("a=%E6%97%A5", "日"), ("a=", ""), ("a", ""),
            ("b=1", nil), ("", nil), ("&&a=1&&", "1"), ("a=1&a=2", "1"), ("a=b=c", "b=c"), ("%61=x", "x"),
            // What is no UTF-8, or no percent encoding, is no value.
            ("a=%FF", ""), ("a=%", ""), ("a=%zz", ""), ("a=%E6%97", ""), ("a=x%00y", "x\u{0}y"), ("a=日", "日"),
        ] as [(String, String?)]
    )
    func forms(text: String, value: String?) {
        #expect(FormData(encoded: text)["a"] == value)
    }

    @Test("A field that was left empty says nothing, and one that was sent several times says all")
    func fields() {
        let form = FormData(encoded: "a=+x%0A&b=+&c=1&c=2&c=")
        #expect(form.text("a") == "x" && form.text("b") == nil && form.text("z") == nil)
        #expect(form.all("c") == ["1", "2", ""] && form.all("z") == [])
        #expect(FormData()["a"] == nil)
    }
}
