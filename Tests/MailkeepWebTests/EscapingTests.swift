import Foundation
import HTTPTypes
import MailkeepModel
import Testing

@testable import MailkeepApp
@testable import MailkeepWeb

@Suite("What people and mails are called stays text")
struct EscapingTests {
    /// Quotes and angle brackets that are one character with the mark after them do not hide from escaping.
    private static let hostile =
        "\"\u{301}x='><script>alert(1)</script><\u{338}img src=x onerror=alert(1)>\u{301}&lt;'\u{301}{{formToken}}"

    /// What must never stand in a page as it is.
    private static let raw = [
        "<script>alert", "<\u{338}", "\"\u{301}", "'\u{301}", "onerror=alert(1)>", "&lt;'", "x='",
    ]

    private static func expectEscaped(_ answer: Answer, _ what: Testing.Comment) {
        for text in raw {
            #expect(answer.bytes.firstRange(of: Array(text.utf8)) == nil, "\(what): \(text)")
        }
    }

    /// Whether a page says the name at all.
    private static func says(_ answer: Answer) -> Bool {
        answer.bytes.firstRange(of: Array("&lt;script&gt;alert(1)&lt;/script&gt;".utf8)) != nil
    }

    @Test(
        "In no page a name, a subject, a folder or an attachment comes out raw",
        arguments: MailkeepModel.Locale.allCases
    )
    func pages(locale: MailkeepModel.Locale) async throws {
        let hostile = Self.hostile
        let table = try await RouteTable(Firm(), words: hostile)
        let firm = table.firm
        try firm.change("UPDATE user SET name = name || ?, locale = ?", hostile, locale.rawValue)
        try firm.change("UPDATE record SET name = name || ?", hostile)
        try firm.change("UPDATE organization SET name = name || ?", hostile)
        try firm.change("UPDATE backup_folder SET name = name || ?", hostile)
        let fields = try JSONEncoder().encode([hostile: hostile])
        try firm.change("UPDATE record SET fields = ?", String(decoding: fields, as: UTF8.self))
        try await firm.serve { client in
            var told: Set<String> = []
            for user in [firm.ada, firm.hana, firm.kei] {
                var browser = Browser(client, try await firm.session(of: user))
                for line in table.lines where line.method == .get && !line.route.hasSuffix("/html") {
                    for question in line.questions {
                        let answer = try await browser.get(question.address)
                        guard answer.headers[.contentType]?.hasPrefix("text/html") == true else { continue }
                        Self.expectEscaped(answer, "\(line.route)")
                        if Self.says(answer) { told.insert(line.route) }
                        #expect(
                            answer.text.contains("lang=\"\(locale.rawValue)\"")
                                || LivePart.allCases.contains { line.route.hasSuffix("/\($0.rawValue)") }
                        )
                    }
                }
            }
            // Were the names not there, nothing would be shown.
            let expected = [
                "/records/{module}", "/records/{module}/{id}", "/records/{module}/{id}/emails/{message}", "/mail",
                "/mail/{message}", "/settings/users", "/settings/users/{user}", "/settings/users/{user}/deactivate",
                "/settings/users/{user}/activate", "/settings/mail-addon-users",
                "/settings/mail-addon-users/{user}/row", "/settings/mail-addon-users/{user}/lock",
                "/settings/mail-addon-users/{user}/source", "/settings/backups/{backup}",
                "/settings/backups/{backup}/part", "/settings/audit-log", "/settings/account", "/settings/organization",
            ]
            #expect(Set(expected).subtracting(told).sorted() == [])
        }
    }

    @Test("What was typed into a form comes back as text, and so does what was asked for")
    func forms() async throws {
        let firm = try await Firm()
        let ada = try await firm.session(of: firm.ada)
        let hostile = Self.hostile
        try await firm.serve { client in
            var browser = Browser(client, ada)
            var visitor = Browser(client)
            let typed = Dictionary(
                uniqueKeysWithValues: [
                    "name", "email", "address", "host", "port", "username", "path", "authorize_as", "aliases", "next",
                    "certificates", "kind", "role", "profile",
                ].map { ($0, hostile) }
            )
            var settings = typed
            settings["account_type"] = "imap"
            settings["sharing"] = "private"
            let answers = try await [
                visitor.post("/signin", typed), browser.post("/settings/users/new", typed),
                browser.post("/settings/users/\(firm.kei)", typed), browser.post("/settings/mail-addon", settings),
                browser.post("/settings/mail-addon/test", settings), browser.post("/settings/account", typed),
            ]
            for (number, answer) in answers.enumerated() { Self.expectEscaped(answer, "\(number)") }
            #expect(Self.says(answers[0]) && Self.says(answers[1]) && Self.says(answers[2]) && Self.says(answers[3]))
            let asked = PageAddress.encoded(hostile)
            for address in [
                "/records/Contacts?q=", "/settings/users?q=", "/settings/mail-addon-users?q=",
                "/settings/audit-log?target=", "/settings/audit-log?actor=", "/settings/audit-log?since=",
            ] {
                let answer = try await browser.get(address + asked)
                #expect(answer.status == 200 && Self.says(answer), "\(address)")
                Self.expectEscaped(answer, "\(address)")
            }
            // Notices are told on the next page.
            try firm.change("UPDATE user SET name = ?", hostile)
            _ = try await browser.post(
                "/settings/mail-addon-users/actions",
                ["action": "lock", "user": "\(firm.kei)", "tab": "active"]
            )
            let told = try await browser.get("/settings")
            #expect(told.text.contains("role=\"status\"") && Self.says(told))
            Self.expectEscaped(told, "notice")
        }
    }

    @Test(
        "Every byte that means something in HTML is escaped, whatever is joined to it",
        arguments: [
            ("a", "a"), ("", ""), ("<", "&lt;"), (">", "&gt;"), ("&", "&amp;"), ("\"", "&quot;"), ("'", "&#39;"),
            ("\"\u{301}", "&quot;\u{301}"), ("<\u{338}", "&lt;\u{338}"), (">\u{338}", "&gt;\u{338}"),
            ("&\u{fe0f}", "&amp;\u{fe0f}"), ("'\u{20dd}", "&#39;\u{20dd}"), ("&lt;", "&amp;lt;"),
            ("日本 \u{1f600}", "日本 \u{1f600}"),
        ]
    )
    func bytes(text: String, escaped: String) {
        #expect(Array(PageContentType().escapeText(text).utf8) == Array(escaped.utf8))
    }
}
