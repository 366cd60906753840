import Foundation
import Hummingbird
import MailkeepApp
import MailkeepModel
import Testing

@testable import MailkeepWeb

@Suite("How things are written")
struct PresentationTests {
    private static func presenter(_ locale: MailkeepModel.Locale, _ zone: String = "Asia/Tokyo") throws -> Presenter {
        Presenter(locale: locale, timeZone: try #require(TimeZone(identifier: zone)))
    }

    @Test(
        "Moments are written in the reader's language and time zone",
        arguments: [
            ("2026-11-24T09:05:00+00:00", "Asia/Tokyo", "2026/11/24 18:05", "24 Nov 2026, 18:05"),
            ("2026-11-24T09:05:00Z", "Asia/Tokyo", "2026/11/24 18:05", "24 Nov 2026, 18:05"),
            ("2026-11-24T18:05:00+09:00", "Etc/GMT", "2026/11/24 09:05", "24 Nov 2026, 09:05"),
            ("2026-12-31T20:00:00+00:00", "Asia/Tokyo", "2027/01/01 05:00", "1 Jan 2027, 05:00"),
            ("2026-07-01T00:00:00+00:00", "America/New_York", "2026/06/30 20:00", "30 Jun 2026, 20:00"),
            ("2026-01-01T00:00:00+00:00", "America/New_York", "2025/12/31 19:00", "31 Dec 2025, 19:00"),
            ("1969-12-31T23:59:59+00:00", "Etc/GMT", "1969/12/31 23:59", "31 Dec 1969, 23:59"),
            // As the audit log has them.
            ("2026-11-24T09:05:00.123Z", "Asia/Tokyo", "2026/11/24 18:05", "24 Nov 2026, 18:05"),
        ]
    )
    func moments(iso: String, zone: String, japanese: String, english: String) throws {
        let moment = try #require(try Self.presenter(.japanese, zone).moment(iso))
        #expect(moment.shown == japanese && moment.iso == iso)
        #expect(try Self.presenter(.english, zone).moment(iso)?.shown == english)
    }

    @Test("What is no moment is not shown", arguments: [nil, "", "x", "2026-11-24", "2026-13-01T00:00:00Z"])
    func noMoments(iso: String?) throws {
        #expect(try Self.presenter(.english).moment(iso) == nil)
    }

    @Test("A day begins where the reader is, also where clocks are changed")
    func days() throws {
        let tokyo = try Self.presenter(.english)
        #expect(tokyo.startOfDay("2026-11-24") == Timestamp(rawValue: 1_795_446_000_000))
        let day = try #require(tokyo.startOfDay("2026-11-24"))
        #expect(tokyo.startOfDay("2026-11-24", addingDays: 1) == day.advanced(byMilliseconds: 86_400_000))
        let berlin = try Self.presenter(.english, "Europe/Berlin")
        let summer = try #require(berlin.startOfDay("2026-03-29"))
        #expect(berlin.startOfDay("2026-03-29", addingDays: 1) == summer.advanced(byMilliseconds: 23 * 3_600_000))
        for text in ["", "2026", "2026-11", "x-y-z", "2026-00-01", "2026-13-01", "2026-01-32", "1-1-1", "99999-01-01"] {
            #expect(tokyo.startOfDay(text) == nil, "\(text)")
        }
    }

    @Test(
        "Sizes are written in powers of 1000",
        arguments: [
            (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1500, "1.5 kB"), (99_900, "99.9 kB"), (99_950, "100 kB"),
            (999_400, "999 kB"), (999_600, "1.0 MB"), (1_500_000, "1.5 MB"), (12_345_678_901, "12.3 GB"),
            (Int64.max, "9.2 EB"),
        ] as [(Int64, String)]
    )
    func sizes(bytes: Int64, text: String) throws {
        #expect(try Self.presenter(.english).size(bytes) == text)
    }

    @Test("Numbers are grouped by thousands")
    func numbers() throws {
        let presenter = try Self.presenter(.english)
        let numbers = [0, 7, 999, 1000, 12_345, 123_456, 1_234_567, -1, -1000, Int.max, Int.min]
        #expect(
            numbers.map(presenter.number) == [
                "0", "7", "999", "1,000", "12,345", "123,456", "1,234,567", "-1", "-1,000", "9,223,372,036,854,775,807",
                "-9,223,372,036,854,775,808",
            ]
        )
    }

    @Test("How long something takes is told in seconds, then minutes, and is never nothing")
    func durations() throws {
        let (english, japanese) = (try Self.presenter(.english), try Self.presenter(.japanese))
        let seconds = [-5, 0, 1, 89, 90, 149, 150, 7200]
        let numbers = ["1", "1", "1", "89", "2", "2", "3", "120"]
        for (number, text) in zip(seconds, numbers) {
            let id = number < 90 ? WordingID.saySeconds : .sayMinutes
            #expect(english.duration(seconds: number) == Wording(locale: .english).text(id, ["n": text]))
            #expect(japanese.duration(seconds: number) == Wording(locale: .japanese).text(id, ["n": text]))
        }
    }

    // MARK: Addresses

    @Test("An address takes what was asked for, so that it comes back as it was")
    func addresses() throws {
        var address = PageAddress("/list")
        #expect(address.text == "/list" && address.with("page", "2") == "/list?page=2")
        address.add("q", "a b&c=d+e/日本\"'<#")
        address.add("empty", "")
        address.add("none", nil)
        address.add("page", "1")
        #expect(address.text.allSatisfy { $0.isASCII && !"\"'<# ".contains($0) })
        let query = try #require(address.with("page", "2").split(separator: "?").last)
        let form = FormData(encoded: String(query))
        #expect(form["q"] == "a b&c=d+e/日本\"'<#" && form.all("page") == ["2"] && form["empty"] == nil)
    }

    @Test("The pages before and after are linked to, with all that was asked for")
    func pagers() throws {
        let presenter = try Self.presenter(.english)
        var address = PageAddress("/list")
        address.add("q", "x")
        let first = Pager(Page(items: [1], number: 1, hasMore: true, total: 101), address, presenter)
        #expect(first.earlier == nil && first.later == "/list?q=x&page=2" && first.isNeeded)
        #expect(first.pageText == presenter.wording.text(.pagerOf, ["page": "1", "pages": "3"]))
        let last = Pager(Page(items: [1], number: 3, hasMore: false, total: 101), address, presenter)
        #expect(last.earlier == "/list?q=x&page=2" && last.later == nil && last.isNeeded)
        let only = Pager(Page(items: [Int](), total: 0), address, presenter)
        #expect(!only.isNeeded && only.pageText == presenter.wording.text(.pagerOf, ["page": "1", "pages": "1"]))
        let uncounted = Pager(Page(items: [1], number: 2, hasMore: true), address, presenter)
        #expect(uncounted.earlier == "/list?q=x&page=1" && uncounted.later == "/list?q=x&page=3")
        #expect(uncounted.pageText == presenter.wording.text(.pagerPage, ["page": "2"]))
    }

    @Test("A list is sorted by a column, and then the other way round")
    func columns() {
        let address = PageAddress("/list")
        let column = { (key: UserQuery.Key, sorting: Sorting<UserQuery.Key>) in
            SortableColumn("Name", key, in: sorting, address)
        }
        #expect(column(.email, Sorting(by: .name)).sortAddress == "/list?sort=email")
        #expect(column(.email, Sorting(by: .name)).sorted == nil)
        #expect(column(.name, Sorting(by: .name)).sortAddress == "/list?sort=%2Dname")
        #expect(column(.name, Sorting(by: .name)).sorted == "ascending")
        #expect(column(.name, Sorting(by: .name, isDescending: true)).sortAddress == "/list?sort=name")
        #expect(column(.name, Sorting(by: .name, isDescending: true)).sorted == "descending")
        #expect(Sorting<UserQuery.Key>("-name") == Sorting(by: .name, isDescending: true))
        for text in [nil, "", "-", "x", "--name", "Name"] { #expect(Sorting<UserQuery.Key>(text) == nil) }
    }

    // MARK: Files and mails

    @Test(
        "A file's name is told in every script, and never ends the field or leads elsewhere",
        arguments: [
            ("offer.pdf", "offer.pdf", "offer%2Epdf"),
            ("見積.pdf", "__.pdf", "%E8%A6%8B%E7%A9%8D%2Epdf"),
            ("a\"b\\c.txt", "a_b_c.txt", "a%22b%5Cc%2Etxt"),
            ("a\r\nSet-Cookie: x", "a__Set-Cookie: x", "a%0D%0ASet%2DCookie%3A%20x"),
            ("../../etc/passwd", ".._.._etc_passwd", "%2E%2E%2F%2E%2E%2Fetc%2Fpasswd"),
            ("a;b%41", "a_b_41", "a%3Bb%2541"),
            ("\"\u{301}\u{7f}\u{0}", "____", "%22%CC%81%7F%00"),
            ("é", "_", "%C3%A9"),
            ("", "", ""),
        ]
    )
    func fileNames(name: String, plain: String, encoded: String) {
        #expect(
            Response.disposition(name) == "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(encoded)"
        )
    }

    @Test(
        "What a server says of the sender is told by method and result, and what it says else is not",
        arguments: [
            (nil, []), ("", []), ("mx.example", []), ("mx.example; none", []),
            ("mx.example; spf=pass smtp.mailfrom=a@b.example", ["SPF: pass pass"]),
            (
                "mx.example; spf=fail; dkim=PASS header.d=x; dmarc=none",
                ["SPF: fail fail", "DKIM: pass pass", "DMARC: none none"]
            ),
            ("mx.example;\r\n\tspf=softfail (reason)", ["SPF: softfail fail"]),
            (
                "mx.example; dkim=permerror; arc=temperror; spf=policy.x",
                ["DKIM: permerror fail", "ARC: temperror none", "SPF: policy fail"]
            ),
            // The first clause is the server's name, whatever it looks like; other methods are not told.
            ("spf=pass", []), ("spf=pass; iprev=pass; auth=pass", []),
            ("mx.example; spf=; spf; =pass; spf=<script>", []),
        ] as [(String?, [String])]
    )
    func verdicts(results: String?, expected: [String]) throws {
        let verdicts = try Self.presenter(.english).verdicts(results)
        #expect(verdicts.map { "\($0.verdictText) \($0.verdictClass)" } == expected)
    }

    @Test("Of endless results the first are told")
    func manyVerdicts() throws {
        let results = "mx.example" + String(repeating: "; spf=pass", count: 10_000)
        #expect(try Self.presenter(.english).verdicts(results).count == 20)
    }

    @Test("A folder's line of a certificate shows what adds up, and each reason why mail is not stored")
    func certificate() throws {
        var counts = FolderCounts(name: "INBOX", onServer: 1500)
        (counts.considered, counts.removed, counts.associated, counts.stored) = (1600, 100, 1210, 1200)
        (counts.storedBefore, counts.copies) = (7, 2)
        (counts.vanished, counts.tooLarge, counts.unreadable, counts.notRead) = (1, 2, 3, 4)
        func shown(_ locale: MailkeepModel.Locale) throws -> [String] {
            let line = BackupPage.Folder(counts, try Self.presenter(locale))
            let numbers = [line.onServer, line.considered, line.removed, line.associated, line.stored, line.notStored]
            return numbers + [line.storedBefore, line.note]
        }
        let numbers = ["1,500", "1,600", "100", "1,210", "1,200", "10", "7"]
        let note =
            "1 gone before they were read, 2 too large, 3 unreadable, 4 not read yet, 2 of those stored are equal copies"
        #expect(try shown(.english) == numbers + [note])
        #expect(try shown(.japanese).last?.contains("未読み取り 4件") == true)
        // What is stored of a folder that could not be read this time is told all the same.
        (counts.onServer, counts.excluded) = (nil, .unreadable)
        #expect(try shown(.english) == ["-"] + numbers.dropFirst() + ["unreadable, \(note)"])
        counts = FolderCounts(name: "Junk", excluded: .junk)
        #expect(try shown(.english) == Array(repeating: "-", count: 7) + ["junk"])
    }

    @Test("A notice that is kept comes back, and what is none tells nothing")
    func notices() throws {
        let notice = Notice(text: "a \"b\" </script>", isProblem: true, lines: ["日本", ""])
        let json = try #require(notice.json)
        let back = try #require(Notice(json: json))
        #expect(back.text == notice.text && back.isProblem && back.lines == notice.lines)
        for json in ["", "{}", "null", "{\"text\":1}"] { #expect(Notice(json: json) == nil) }
    }
}
