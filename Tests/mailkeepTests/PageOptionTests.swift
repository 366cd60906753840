import Foundation
import MailkeepModel
import TestSupport
import Testing

@Suite("Pages of lists, by shell")
struct PageOptionTests {
    /// A document that has a list: its entries, each as text, and its `info`.
    private struct List {
        let entries: [String]
        let info: [String: Any]

        init(_ line: String, _ key: String, as person: Workplace.Person, in work: Workplace) async throws {
            let answer = try await work.run(line, as: person, json: true).expectDone()
            let document = try #require(try JSONSerialization.jsonObject(with: answer.output) as? [String: Any])
            entries = try #require(document[key] as? [Any]).map {
                String(decoding: try JSONSerialization.data(withJSONObject: $0, options: .sortedKeys), as: UTF8.self)
            }
            info = try #require(document["info"] as? [String: Any])
        }

        subscript(name: String) -> Int? { info[name] as? Int }
        var hasMore: Bool? { info["more_records"] as? Bool }
    }

    @Test("All pages of a list together are the list, each with what the API tells of it", arguments: Setting.all)
    func pages(_ setting: Setting) async throws {
        let leaver = Workplace.Person.leaver.rawValue
        try await DovecotServer.withLeaver { server in
            try server.deliver(StoryMail.before)
            try await withWorkplace(setting.language, hasServer: setting.hasServer) { work in
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                try await work.run("mailbox sync --user \(leaver) --wait \(Workplace.network)", as: .leaver)
                    .expectDone()
                try await check("mailbox emails --user \(leaver)", "Emails", as: .leaver, in: work)
                try await work.deactivate()
                _ = try await work.backUp()
                try await check("records emails --module Contacts --id 12", "Emails", as: .owner, in: work)
                for (line, key) in [
                    ("user list", "users"), ("mailbox list", "mail_addon_users"), ("backup list", "backups"),
                    ("audit list", "audit_log"),
                ] {
                    try await check(line, key, as: .ada, in: work)
                }
            }
        }
    }

    /// Asks for a list as a whole, and page by page.
    private func check(_ line: String, _ key: String, as person: Workplace.Person, in work: Workplace) async throws {
        let whole = try await List(line, key, as: person, in: work)
        let count = whole.entries.count
        #expect(count > 0 && whole["count"] == count && whole["per_page"] == count && whole.hasMore == false, "\(line)")
        // The last one is behind the end.
        let last = (count + 2) / 2 + 1
        var entries: [String] = []
        for number in 1...last {
            let page = try await List("\(line) --page \(number) --per-page 2", key, as: person, in: work)
            entries += page.entries
            #expect(page["count"] == page.entries.count && page["per_page"] == 2, "\(line)")
            #expect(page.hasMore == (number * 2 < count), "\(line)")
            if key == "Emails" {
                #expect(page.info["next_index"] as? String == (number * 2 < count ? "\(number * 2)" : nil))
                #expect(page.info["prev_index"] as? String == (number > 1 ? "\(number * 2 - 4)" : nil))
            } else {
                #expect(page["page"] == number, "\(line)")
            }
        }
        #expect(entries == whole.entries, "\(line)")
        #expect(try await List("\(line) --page 1", key, as: person, in: work)["per_page"] == 200)
        #expect(try await List("\(line) --per-page 1", key, as: person, in: work).entries == Array(entries.prefix(1)))
    }

    @Test("A page that cannot be is wrong usage, told in the person's language", arguments: Setting.all)
    func wrong(_ setting: Setting) async throws {
        try await withWorkplace(setting.language, hasServer: setting.hasServer) { work in
            for page in [
                "--page 0", "--page=-1", "--page x", "--per-page 0", "--per-page 201", "--page 1 --per-page many",
            ] {
                let answer = try await work.run("user list \(page)", as: .ada, json: true)
                #expect(answer.status == 64, "\(page)")
                #expect(try answer.error().details.reason == "bad_page", "\(page)")
                #expect(answer.errorText.contains(setting.language == .japanese ? "1以上の数" : "a number from 1"))
            }
            let table = try await work.run("user list --page 2 --per-page 1", as: .ada).expectDone().text
            #expect(table.split(separator: "\n").count == 2)
        }
    }
}
