import Foundation
import MailkeepModel
import Testing

@testable import MailkeepApp
@testable import MailkeepWeb

@Suite("The administrators' list, and what its actions lead back to")
struct ListActionTests {
    private static let list = "/settings/mail-addon-users"

    /// The addresses of a page that end, before what they ask for, with a word.
    private static func addresses(_ word: String, of page: Answer) -> [String] {
        page.text.matches(of: /(?:href|action|formaction|data-live)="([^"]*)"/)
            .map { String($0.output.1).replacing("&amp;", with: "&") }
            .filter { String($0.prefix { $0 != "?" }).hasSuffix("/\(word)") }
    }

    @Test("Locking leads back to what was searched for, and so does not locking")
    func lock() async throws {
        let firm = try await Firm()
        try await firm.readMail(of: firm.hana, .all, [])
        let session = try await firm.session(of: firm.ada)
        try await firm.serve { client in
            var browser = Browser(client, session)
            let filtered = "\(Self.list)?q=ha%26na%2B&sharing=complete&sort=%2Dmailbox"
            #expect(try await Self.addresses("lock", of: browser.get(filtered)) == [])
            let asked = "\(Self.list)?q=hana&sharing=complete&sort=%2Dmailbox"
            let lock = try #require(try await Self.addresses("lock", of: browser.get(asked)).first)
            let question = try await browser.get(lock)
            #expect(question.text.contains("href=\"\(asked.replacing("&", with: "&amp;"))\""))
            let action = try #require(Self.addresses("lock", of: question).first)
            #expect(try await browser.post(action).location == asked)
            let unlock = try #require(try await Self.addresses("unlock", of: browser.get(asked)).first)
            #expect(try await browser.post(unlock).location == asked)
            let several = try #require(try await Self.addresses("actions", of: browser.get(asked)).first)
            #expect(try await browser.post(several, ["action": "lock", "user": "\(firm.hana)"]).location == asked)
            #expect(try await browser.post(several, ["action": "lock"]).location == asked)
        }
    }

    @Test("Who leaves or comes back is found on the other tab, by the same search")
    func tabs() async throws {
        let firm = try await Firm()
        try await firm.readMail(of: firm.hana, .all, [])
        let session = try await firm.session(of: firm.ada)
        try await firm.serve { client in
            var browser = Browser(client, session)
            let active = "\(Self.list)?q=hana&lock=unlocked"
            let leave = try #require(try await Self.addresses("deactivate", of: browser.get(active)).first)
            let question = try await browser.get(leave)
            #expect(question.text.contains("href=\"\(active.replacing("&", with: "&amp;"))\""))
            let inactive = "\(Self.list)?tab=inactive&q=hana&lock=unlocked"
            let action = try #require(Self.addresses("deactivate", of: question).first)
            #expect(try await browser.post(action, ["back_up": "yes"]).location == inactive)
            // The row is fetched anew with the same actions.
            let row = try #require(try await Self.addresses("row", of: browser.get(inactive)).first)
            let cancel = try #require(try await Self.addresses("cancel", of: browser.get(row)).first)
            #expect(try await browser.post(cancel).location == inactive)
            let backup = try #require(try await Self.addresses("backup", of: browser.get(inactive)).first)
            #expect(try await browser.post(backup).location == inactive)
            let back = try #require(try await Self.addresses("activate", of: browser.get(inactive)).first)
            #expect(try await browser.post(back).location == active)
            // From the whole list there is nothing to keep.
            let plain = try #require(try await Self.addresses("lock", of: browser.get(Self.list)).first)
            #expect(try await browser.post(plain).location == Self.list)
        }
    }

    @Test(
        "No address that is sent along leads elsewhere",
        arguments: ["//evil.example", "https://evil.example", "q=a\r\nX: y", "tab=nothing&page=-5&sort=x", "\u{0}", ""]
    )
    func foreign(back: String) async throws {
        let firm = try await Firm()
        try await firm.readMail(of: firm.hana, .all, [])
        let session = try await firm.session(of: firm.ada)
        try await firm.serve { client in
            var browser = Browser(client, session)
            let action = "\(Self.list)/\(firm.hana)/lock?back=\(PageAddress.encoded(back))"
            let location = try #require(try await browser.post(action).location)
            #expect(location.hasPrefix(Self.list) && !location.contains("evil.example/") && !location.contains("\r"))
            #expect(try await browser.get(location).status == 200)
        }
    }

    @Test("A backup that rests says why and when it goes on, in the reader's language and time zone")
    func rest() async throws {
        let firm = try await Firm()
        let leaver = try await firm.leaver("Yamada", [Mails.plain(from: 1)], isCompleted: false)
        try firm.change("UPDATE backup SET status = 'in_progress', error = 'throttled', found = 8, stored = 4")
        try firm.change("UPDATE job SET not_before = 4102444800000 WHERE backup_id IS NOT NULL")
        let session = try await firm.session(of: firm.ada)
        try await firm.serve { client in
            var browser = Browser(client, session)
            browser["tz"] = "Asia%2FTokyo"
            for address in [
                "\(Self.list)?tab=inactive", "\(Self.list)/\(leaver.user)/row", "/settings/backups/\(leaver.backup)",
                "/settings/backups/\(leaver.backup)/part",
            ] {
                let text = try await browser.get(address).text
                #expect(text.contains("reading pauses") && text.contains("Goes on at 1 Jan 2100, 09:00."), "\(address)")
                #expect(text.contains("4 of 8 stored") && !text.contains("about"), "\(address)")
                #expect(text.contains("data-live="), "\(address)")
            }
            try await firm.perform(UpdateUser(user: firm.ada, locale: .japanese), as: firm.ada)
            #expect(try await browser.get(Self.list + "?tab=inactive").text.contains("2100/01/01 09:00に再開します。"))
            // Once it goes on nothing is said of it.
            try firm.change("UPDATE job SET not_before = 1 WHERE backup_id IS NOT NULL")
            #expect(try await !browser.get(Self.list + "?tab=inactive").text.contains("再開します"))
        }
    }

    @Test("Every reason why mail cannot be read is told on pages in their own words")
    func reasons() async throws {
        let firm = try await Firm()
        try await firm.readMail(of: firm.hana, .all, [])
        let leaver = try await firm.leaver("Yamada", [Mails.plain(from: 1)], isCompleted: false)
        let (ada, hana) = try await (firm.session(of: firm.ada), firm.session(of: firm.hana))
        let codes = Wording.own.keys.filter { $0.hasPrefix("reach.") }.map { String($0.dropFirst(6)) }
        let wording = Wording(locale: .english, on: .page)
        let escaped = { @Sendable (text: String) in PageContentType().escapeText(text) }
        try await firm.serve { client in
            var (administrator, owner) = (Browser(client, ada), Browser(client, hana))
            for code in codes {
                try firm.change("UPDATE job SET error = ? WHERE kind = 'synchronise'", code)
                try firm.change("UPDATE backup SET status = 'failed', error = ?", code)
                let reach = escaped(wording.failure(code, ofBackup: false))
                let fail = escaped(wording.failure(code, ofBackup: true))
                #expect(try await owner.get("/settings/mail-addon").text.contains(reach), "\(code)")
                #expect(try await administrator.get(Self.list).text.contains(reach), "\(code)")
                let inactive = try await administrator.get("\(Self.list)?tab=inactive").text
                #expect(inactive.contains(fail), "\(code)")
                #expect(
                    try await administrator.get("/settings/backups/\(leaver.backup)").text.contains(fail),
                    "\(code)"
                )
            }
        }
    }

    @Test("What is still to be linked is told until it is, on the list and on the record that it concerns alone")
    func linking() async throws {
        let firm = try await Firm()
        let (ada, kei) = try await (firm.session(of: firm.ada), firm.session(of: firm.kei))
        let list = "Addresses to look up: "
        let record = "Older mail with this record&#39;s addresses is still being looked for."
        try await firm.serve { client in
            var (administrator, viewer) = (Browser(client, ada), Browser(client, kei))
            let taro = "/records/\(Firm.taro)"
            #expect(try await !administrator.get(Self.list).text.contains(list))
            #expect(try await !viewer.get(taro).text.contains(record))
            try firm.change(
                """
                INSERT INTO address_change (hash) SELECT hash FROM record_address JOIN record ON key = record_key
                WHERE record.name = 'Taro'
                """
            )
            let shown = try await administrator.get(Self.list)
            #expect(shown.text.contains("\(list)1, messages to read: 0."))
            #expect(Self.addresses("linking", of: shown) == ["\(Self.list)/linking"])
            let page = try await viewer.get(taro)
            #expect(page.text.contains(record) && Self.addresses("linking", of: page) == ["\(taro)/linking"])
            #expect(!page.text.contains("All mail has been looked through"))
            #expect(try await viewer.get("\(taro)/linking").text.contains(record))
            #expect(try await !administrator.get("/records/\(Firm.saburo)").text.contains(record))
            #expect(try await !viewer.get("/records/\(Firm.jiro)/linking").text.contains(record))
            try firm.change("DELETE FROM address_change")
            let last = try await viewer.get("\(taro)/linking").text
            #expect(last.contains("data-part") && !last.contains("data-live") && last.contains("href=\"\(taro)\""))
            let over = try await administrator.get("\(Self.list)/linking").text
            #expect(over.contains("data-part") && over.contains("hidden") && !over.contains("data-live"))
        }
    }
}
