import Foundation
import HTTPTypes
import Hummingbird
import MailkeepModel
import Testing

@testable import MailkeepApp
@testable import MailkeepWeb

@Suite("Sessions, invitations and set-up")
struct SessionTests {
    private static let newPassword = "ganz anderes Pferd 75"

    private static func signIn(
        _ browser: inout Browser,
        as name: String = "hana",
        password: String = Firm.password,
        next: String = ""
    ) async throws -> Answer {
        let form = ["email": "\(name)@sakura.example", "password": password, "next": next]
        return try await browser.post("/signin", form)
    }

    private static func expectSignedIn(
        _ isSignedIn: Bool,
        _ browser: inout Browser,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let answer = try await browser.get("/settings")
        #expect(answer.status == (isSignedIn ? 200 : 303), sourceLocation: sourceLocation)
    }

    @Test("A session is rotated at sign-in, and nothing in the data directory tells its token")
    func rotation() async throws {
        let firm = try await Firm(hasPasswords: true)
        try await firm.serve { client in
            // Somebody put another's session, or one that they made up, into the browser before.
            let planted = try await firm.session(of: firm.sota)
            let invented = SecretToken()
            for before in [planted, invented] {
                var browser = Browser(client)
                let visitor = browser.formToken
                browser["mailkeep"] = before.text
                let token = before == planted ? browser.formToken : visitor
                let form = ["email": "hana@sakura.example", "password": Firm.password]
                let answer = try await browser.post("/signin", form, token: token)
                #expect(answer.status == 303 && answer.location == "/")
                let after = try #require(browser["mailkeep"].flatMap { SecretToken($0) })
                #expect(after != before)
                #expect(browser["mailkeep_visitor"] == nil)
                #expect(try await firm.mailkeep.session(after)?.user.id == firm.hana)
                #expect(try await firm.mailkeep.session(before)?.user.id != firm.hana)
                try Self.expectUntold([after, before], in: firm)
            }
        }
    }

    /// Looks for tokens in every file, in each of their forms.
    private static func expectUntold(_ tokens: [SecretToken], in firm: Firm) throws {
        let folder = firm.mailkeep.directory.path
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder)
        var searched = 0
        for file in files {
            guard let bytes = FileManager.default.contents(atPath: "\(folder)/\(file)") else { continue }
            searched += 1
            for token in tokens {
                #expect(bytes.firstRange(of: Data(token.text.utf8)) == nil, "\(file)")
                let secret = try #require(Data(urlSafeBase64: token.text))
                #expect(bytes.firstRange(of: secret) == nil, "\(file)")
            }
        }
        #expect(searched > 2)
        let hashes = try firm.facts()["session"] ?? []
        let hash = try #require(tokens.first).hash.map { String(format: "%02X", $0) }.joined()
        #expect(hashes.contains { $0.contains(hash) })
    }

    @Test("A session ends after eight hours without use, and after seven days in any case")
    func limits() async throws {
        let firm = try await Firm()
        let (idle, used) = try await (firm.session(of: firm.hana), firm.session(of: firm.hana))
        try await firm.serve { client in
            var (idleBrowser, usedBrowser) = (Browser(client, idle), Browser(client, used))
            firm.clock.advance(hours: 7, seconds: 3599)
            try await Self.expectSignedIn(true, &usedBrowser)
            firm.clock.advance(seconds: 1)
            try await Self.expectSignedIn(false, &idleBrowser)
            try await Self.expectSignedIn(true, &usedBrowser)
            for _ in 1...22 {
                firm.clock.advance(hours: 7)
                try await Self.expectSignedIn(true, &usedBrowser)
            }
            // 162 hours have gone, of 168.
            firm.clock.advance(hours: 6, seconds: -1)
            try await Self.expectSignedIn(true, &usedBrowser)
            firm.clock.advance(seconds: 1)
            try await Self.expectSignedIn(false, &usedBrowser)
        }
    }

    @Test("What a page fetches anew by itself is no use of the session")
    func polling() async throws {
        let firm = try await Firm()
        let leaver = try await firm.leaver("Yamada", [Mails.plain(from: 1)], isCompleted: false)
        let live = [
            "/settings/mail-addon-users/\(leaver.user)/row", "/settings/backups/\(leaver.backup)/part",
            "/settings/mail-addon-users/linking", "/records/\(Firm.taro)/linking",
        ]
        let routes = try firm.site.router().routes.filter { $0.method == .get }.map { "\($0.path)" }
        let parts = routes.filter { LivePart(rawValue: String($0.split(separator: "/").last ?? "")) != nil }
        #expect(parts.count == live.count)
        let session = try await firm.session(of: firm.ada)
        try await firm.serve { client async throws in
            var browser = Browser(client, session)
            for address in live {
                firm.clock.advance(hours: 1, seconds: 3000)
                #expect(try await browser.get(address).status == 200, "\(address)")
            }
            firm.clock.advance(hours: 1)
            for address in live { #expect(try await browser.get(address).status == 303, "\(address)") }
        }
    }

    @Test("Signing out ends one session, and deactivating all of a user's (U1), for good")
    func ends() async throws {
        let firm = try await Firm()
        let tokens = try await (firm.session(of: firm.hana), firm.session(of: firm.hana), firm.session(of: firm.kei))
        try await firm.serve { client in
            var (first, second, other) = (
                Browser(client, tokens.0), Browser(client, tokens.1), Browser(client, tokens.2)
            )
            #expect(try await first.post("/signout").location == "/signin")
            #expect(first["mailkeep"] == nil)
            var former = Browser(client, tokens.0)
            try await Self.expectSignedIn(false, &former)
            try await Self.expectSignedIn(true, &second)
            try await firm.perform(DeactivateUser(user: firm.hana), as: firm.ada)
            try await Self.expectSignedIn(false, &second)
            try await Self.expectSignedIn(true, &other)
            // Activation is no way back into a session from before.
            try await firm.perform(ActivateUser(user: firm.hana), as: firm.ada)
            try await Self.expectSignedIn(false, &second)
        }
    }

    @Test("A new password ends the other sessions and rotates one's own; the old one signs in no more")
    func passwordChange() async throws {
        let firm = try await Firm(hasPasswords: true)
        let (own, other) = try await (firm.session(of: firm.hana), firm.session(of: firm.hana))
        let foreign = try await firm.session(of: firm.kei)
        try await firm.serve { client in
            var (browser, elsewhere, kei) = (Browser(client, own), Browser(client, other), Browser(client, foreign))
            var form = [
                "current": Firm.wrongPassword, "password": Self.newPassword, "password_again": Self.newPassword,
            ]
            #expect(try await browser.post("/settings/account/password", form).status == 400)
            form["current"] = Firm.password
            form["password_again"] = "something else"
            #expect(try await browser.post("/settings/account/password", form).status == 400)
            try await Self.expectSignedIn(true, &elsewhere)
            form["password_again"] = Self.newPassword
            let answer = try await browser.post("/settings/account/password", form)
            #expect(answer.status == 303 && browser["mailkeep"] != own.text)
            #expect(try await browser.get("/settings/account").text.contains("Password changed."))
            var former = Browser(client, own)
            try await Self.expectSignedIn(false, &former)
            try await Self.expectSignedIn(false, &elsewhere)
            try await Self.expectSignedIn(true, &kei)
            var visitor = Browser(client)
            #expect(try await Self.signIn(&visitor).status == 400)
            #expect(try await Self.signIn(&visitor, password: Self.newPassword).status == 303)
        }
    }

    // MARK: Invitations

    private static func invite(_ user: UserID, _ browser: inout Browser) async throws -> String {
        let page = try await browser.post("/settings/users/\(user)/invite")
        let link = try #require(page.text.firstMatch(of: /value="http:\/\/[\w.:-]+(\/invitations\/[\w-]{22})"/))
        return String(link.output.1)
    }

    @Test("An invitation works once; a newer one, a week, and deactivation end it")
    func invitations() async throws {
        let firm = try await Firm()
        let ada = try await firm.session(of: firm.ada)
        try await firm.serve { client in
            var (administrator, guest) = (Browser(client, ada), Browser(client))
            let form = ["password": Firm.password, "password_again": Firm.password]
            let replaced = try await Self.invite(firm.kei, &administrator)
            let link = try await Self.invite(firm.kei, &administrator)
            let secret = try #require(SecretToken(String(link.suffix(22))))
            #expect(try firm.facts().values.allSatisfy { !$0.contains { $0.contains(secret.text) } })
            #expect(try await guest.get(replaced).status == 400)
            #expect(try await guest.post(replaced, form).status == 400)
            #expect(try await guest.get(link).status == 200)
            for bad in ["short", "password1", Firm.wrongPassword] {
                #expect(try await guest.post(link, ["password": bad, "password_again": bad]).status == 400)
            }
            #expect(try await guest.post(link, form).location == "/")
            try await Self.expectSignedIn(true, &guest)
            var second = Browser(client)
            #expect(try await second.get(link).status == 400)
            #expect(try await second.post(link, form).status == 400)

            let expiring = try await Self.invite(firm.sota, &administrator)
            firm.clock.advance(hours: 7 * 24, seconds: -1)
            #expect(try await second.get(expiring).status == 200)
            firm.clock.advance(seconds: 1)
            #expect(try await second.get(expiring).status == 400)
            #expect(try await second.post(expiring, form).status == 400)

            administrator = Browser(client, try await firm.session(of: firm.ada))
            let ended = try await Self.invite(firm.nao, &administrator)
            try await firm.perform(DeactivateUser(user: firm.nao), as: firm.ada)
            #expect(try await second.post(ended, form).status == 400)
            try await firm.perform(ActivateUser(user: firm.nao), as: firm.ada)
            #expect(try await second.post(ended, form).status == 400)
        }
    }

    // MARK: Set-up

    @Test("The organisation is made once, by who has the token that was printed")
    func setUp() async throws {
        let token = SecretToken()
        let (folder, mailkeep, site) = try await Firm.prepare(clock: TestClock(), setUpToken: token)
        defer {
            try? mailkeep.close()
            try? FileManager.default.removeItem(atPath: folder)
        }
        try await site.serve { client async throws in
            var browser = Browser(client)
            #expect(try await browser.get("/signin").location == "/setup")
            #expect(try await browser.get("/records/Contacts").location?.hasPrefix("/signin") == true)
            #expect(try await browser.get("/setup?token=\(token.text)").text.contains("value=\"\(token.text)\""))
            var form = [
                "organization": "Sakura", "email": "ada@sakura.example", "name": "Ada", "locale": "ja",
                "password": Firm.password, "token": SecretToken().text,
            ]
            #expect(try await browser.post("/setup", form).status == 400)
            form["token"] = nil
            #expect(try await browser.post("/setup", form).status == 400)
            form["token"] = ""
            #expect(try await browser.post("/setup", form).status == 400)
            form["token"] = token.text
            form["email"] = "ada"
            #expect(try await browser.post("/setup", form).status == 400)
            #expect(try await !mailkeep.hasOrganization())
            form["email"] = "ada@sakura.example"
            #expect(try await browser.post("/setup", form).location == "/signin")
            form["email"] = "eve@sakura.example"
            #expect(try await browser.post("/setup", form).status == 404)
            #expect(try await browser.get("/setup").status == 404)
            #expect(try await mailkeep.user(email: "ada@sakura.example").locale == .japanese)
        }
    }

    @Test("Without a token that was printed nobody makes an organisation")
    func noToken() async throws {
        let (folder, mailkeep, site) = try await Firm.prepare(clock: TestClock())
        defer {
            try? mailkeep.close()
            try? FileManager.default.removeItem(atPath: folder)
        }
        try await site.serve { client async throws in
            var browser = Browser(client)
            for token in ["", SecretToken().text, "nil"] {
                let form = [
                    "organization": "Sakura", "email": "ada@sakura.example", "name": "Ada", "token": token,
                    "password": Firm.password,
                ]
                #expect(try await browser.post("/setup", form).status == 400)
            }
            #expect(try await !mailkeep.hasOrganization())
        }
    }

    // MARK: Where one is led to

    @Test(
        "Signing in never leads to another host",
        arguments: [
            "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "http:evil.example",
            "javascript:alert(1)", "///evil.example", "/\t/evil.example", "/\n/evil.example", " //evil.example",
            "/\r\nLocation: https://evil.example", "evil.example", "", "/\u{ff0f}evil.example", "/\u{0}/evil.example",
            "@evil.example", ".evil.example",
        ]
    )
    func foreignAddresses(next: String) async throws {
        #expect(SignInPages.ownPath(next) == nil)
        let firm = try await Firm()
        try await firm.serve { client in
            var browser = Browser(client)
            #expect(try await browser.post("/language", ["locale": "en", "next": next]).location == "/signin")
            let page = try await browser.get("/signin?next=\(PageAddress.encoded(next))")
            #expect(page.text.contains("name=\"next\" value=\"\""))
        }
    }

    @Test("What was asked for is shown after signing in, and nothing that is encoded is decoded into another host")
    func ownAddresses() async throws {
        let firm = try await Firm(hasPasswords: true)
        try await firm.serve { client in
            var browser = Browser(client)
            let sent = try await browser.get("/records/Contacts?q=%26a%2Fb")
            #expect(sent.location == "/signin?next=%2Frecords%2FContacts%3Fq%3D%2526a%252Fb")
            let shown = try await browser.get(sent.location ?? "")
            #expect(shown.text.contains("value=\"/records/Contacts?q=%26a%2Fb\""))
            for next in ["/records/Contacts?q=%26a%2Fb", "/%2F%2Fevil.example", "/%5Cevil.example", "/a//evil.example"]
            {
                let location = try await browser.post("/language", ["locale": "en", "next": next]).location
                #expect(location == next)
                let base = try #require(URL(string: "http://localhost:8080/signin"))
                #expect(URL(string: location ?? "", relativeTo: base)?.host() == "localhost")
            }
            #expect(try await Self.signIn(&browser, next: "//evil.example").location == "/")
        }
    }
}
