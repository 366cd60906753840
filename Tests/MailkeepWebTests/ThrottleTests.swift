import HTTPTypes
import HummingbirdTesting
import MailkeepModel
import Testing

@testable import MailkeepApp
@testable import MailkeepWeb

@Suite("Guessing passwords")
struct ThrottleTests {
    private static let proxied = WebConfiguration(trustedProxies: ["127.0.0.0/8", "::1"])

    /// Tries to sign in with a wrong password, some times over.
    ///
    /// - Returns: how many of the attempts were let through.
    private static func guess(
        _ email: String,
        _ times: Int,
        from address: String = "192.0.2.1",
        device: String? = nil,
        in firm: Firm
    ) async throws -> Int {
        var tried = 0
        for _ in 0..<times {
            let attempt = SignInAttempt(
                email: email,
                password: Firm.wrongPassword,
                address: address,
                deviceCookie: device
            )
            do {
                _ = try await firm.mailkeep.signIn(attempt)
                Issue.record("a wrong password signed in")
            } catch let error as AppError where error.code == .badSignIn {
                tried += 1
            } catch let error as AppError {
                #expect(error.code == .tooManyAttempts)
            }
        }
        return tried
    }

    @Test("An account is tried ten times, from wherever, and once more each minute")
    func byAccount() async throws {
        let firm = try await Firm()
        var tried = 0
        for number in 1...12 {
            tried += try await Self.guess("hana@sakura.example", 1, from: "192.0.2.\(number)", in: firm)
        }
        #expect(tried == 10)
        #expect(try await Self.guess("kei@sakura.example", 1, from: "192.0.2.1", in: firm) == 1)
        firm.clock.advance(seconds: 59)
        #expect(try await Self.guess("hana@sakura.example", 1, in: firm) == 0)
        firm.clock.advance(seconds: 1)
        #expect(try await Self.guess(" HANA@Sakura.example", 2, in: firm) == 1)
        firm.clock.advance(hours: 100)
        #expect(try await Self.guess("hana@sakura.example", 12, in: firm) == 10)
    }

    @Test("An address tries thirty times, and once more every ten seconds, whichever accounts it tries")
    func byAddress() async throws {
        let firm = try await Firm()
        var tried = 0
        for number in 1...32 { tried += try await Self.guess("user\(number)@sakura.example", 1, in: firm) }
        #expect(tried == 30)
        #expect(try await Self.guess("another@sakura.example", 1, in: firm) == 0)
        #expect(try await Self.guess("another@sakura.example", 1, from: "192.0.2.2", in: firm) == 1)
        firm.clock.advance(seconds: 10)
        #expect(try await Self.guess("another@sakura.example", 2, in: firm) == 1)
    }

    @Test("IPv6 addresses of a subscriber count as one")
    func networks() async throws {
        let firm = try await Firm()
        var tried = 0
        for number in 1...32 {
            let address = "2001:db8:1:2::\(String(number, radix: 16))"
            tried += try await Self.guess("user\(number)@sakura.example", 1, from: address, in: firm)
        }
        #expect(tried == 30)
        let written = ["2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2:1::", "2001:db8:1:2::"]
        for address in written {
            #expect(try await Self.guess("x@sakura.example", 1, from: address, in: firm) == 0, "\(address)")
        }
        for address in ["2001:db8:1:3::1", "2001:db8:1::2", "2001:db8:0:1:2::", "::1", "::ffff:192.0.2.1"] {
            #expect(try await Self.guess("x@sakura.example", 1, from: address, in: firm) == 1, "\(address)")
        }
    }

    @Test("Strangers who try an account don't keep its owner out of a browser that has signed in before")
    func devices() async throws {
        let firm = try await Firm(hasPasswords: true)
        let attempt = { (name: String, device: String?) in
            let attempt = SignInAttempt(
                email: "\(name)@sakura.example",
                password: Firm.password,
                address: "198.51.100.1",
                deviceCookie: device
            )
            return try await firm.mailkeep.signIn(attempt)
        }
        let (own, foreign) = try await (attempt("hana", nil).deviceCookie, attempt("kei", nil).deviceCookie)
        #expect(try await Self.guess("hana@sakura.example", 20, in: firm) == 10)
        for device in [nil, foreign, "", "x", String(own.dropLast()), own + own] {
            await #expect(throws: AppError(.tooManyAttempts)) { _ = try await attempt("hana", device) }
        }
        let again = try await attempt("hana", own)
        #expect(try await firm.mailkeep.session(again.token)?.user.id == firm.hana)
        // The browser has a bucket of its own, which is not endless.
        #expect(try await Self.guess("hana@sakura.example", 12, from: "192.0.2.9", device: own, in: firm) == 10)
        #expect(
            try await Self.guess("hana@sakura.example", 1, from: "192.0.2.9", device: again.deviceCookie, in: firm) == 0
        )
    }

    @Test("A known account and an unknown one are answered alike, also once they are throttled")
    func unknown() async throws {
        let firm = try await Firm()
        try await firm.perform(DeactivateUser(user: firm.kei), as: firm.ada)
        var sequences: [[String]] = []
        for (number, email) in ["hana@sakura.example", "kei@sakura.example", "nobody@sakura.example"].enumerated() {
            // Each from an address of its own.
            let field = try #require(HTTPField.Name("X-Forwarded-For"))
            let headers: HTTPFields = [field: "192.0.2.\(number)"]
            let site = try Site(mailkeep: firm.mailkeep, configuration: Self.proxied, setUpToken: nil)
            let answers = try await site.serve(.live) { client in
                var browser = Browser(client)
                var answers: [String] = []
                for _ in 1...14 {
                    let form = ["email": email, "password": Firm.wrongPassword]
                    let answer = try await browser.post("/signin", form, headers)
                    let text = answer.said(to: browser).replacing(email, with: "EMAIL")
                    answers.append("\(answer.status) \(text)")
                }
                return answers
            }
            sequences.append(answers)
        }
        #expect(
            sequences[0].map { $0.prefix(3) } == Array(repeating: "400", count: 10) + Array(repeating: "429", count: 4)
        )
        #expect(sequences[1] == sequences[0])
        #expect(sequences[2] == sequences[0])
    }

    @Test("What a client says of its own address counts for nothing; what a trusted proxy says does")
    func proxies() async throws {
        let firm = try await Firm()
        let field = try #require(HTTPField.Name("X-Forwarded-For"))
        for (configuration, expected) in [(Self.proxied, 35), (WebConfiguration(), 30)] {
            let site = try Site(mailkeep: firm.mailkeep, configuration: configuration, setUpToken: nil)
            let tried = try await site.serve(.live) { client in
                var browser = Browser(client)
                var tried = 0
                for number in 1...35 {
                    let form = ["email": "user\(number)@sakura.example", "password": Firm.wrongPassword]
                    let answer = try await browser.post("/signin", form, [field: "192.0.2.\(number)"])
                    if answer.status == 400 { tried += 1 }
                }
                return tried
            }
            #expect(tried == expected)
        }
    }

    @Test("U1: that an account is inactive is told after the right password, and not before")
    func inactive() async throws {
        let firm = try await Firm(hasPasswords: true)
        try await firm.perform(DeactivateUser(user: firm.hana), as: firm.ada)
        try await firm.serve { client in
            var browser = Browser(client)
            let form = ["email": "hana@sakura.example", "password": Firm.wrongPassword]
            let told = Wording(locale: .english).refusal(Refusal(.u1))
            let wrong = try await browser.post("/signin", form)
            #expect(wrong.status == 400 && !wrong.text.contains(PageContentType().escapeText(told)))
            let right = try await browser.post("/signin", form.merging(["password": Firm.password]) { $1 })
            #expect(right.status == 403 && right.text.contains(PageContentType().escapeText(told)))
            #expect(browser["mailkeep"] == nil)
        }
    }
}
