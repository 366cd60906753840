import MailMessage
import Testing

@Suite("Dates")
struct DateTests {
    /// 2024-07-01T00:00:00Z.
    private static let july = 1_719_792_000_000 as Int64

    @Test(
        "Spellings of one moment",
        arguments: [
            "Mon, 1 Jul 2024 09:00:00 +0900", "Mon, 01 Jul 2024 00:00:00 -0000", "1 Jul 2024 00:00 GMT",
            "Mon, 1 Jul 24 00:00:00 UT", "Mon, 1 Jul 124 00:00:00 Z", "Mon,1 Jul 2024 09:00:00 +0900 (JST)",
            "(a comment) Mon (another (nested)), 1 Jul 2024 09:00:00+0900", "Sun, 30 Jun 2024 19:00:00 EST",
            "Sun, 30 Jun 2024 17:00:00 PDT", "Mon Jul  1 00:00:00 2024", "Mon, 1 July 2024 09:00:00 JST",
            "1-Jul-2024 09:00:00 +0900", "Fri, 1 Jul 2024 09:00:00 +0900", "mon, 01 jul 2024 00:00:00 gmt",
            "Mon, 1 Jul\n 2024 00:00:00 XYZ", "Mon, 1 Jul 2024 00:00:00", "Mon, 1 Jul 2024 09:00:00 +09:00",
            "Sun, 30 Jun 2024 23:59:60 +0000",
        ]
    )
    func spellings(value: String) {
        #expect(header("Date: \(value)").date == Self.july)
    }

    @Test(
        "Two- and three-digit years, leap days and days before 1970",
        arguments: [
            ("1 Jan 49 00:00 GMT", 2_493_072_000_000), ("1 Jan 50 00:00 GMT", -631_152_000_000),
            ("29 Feb 2000 12:00:00 +0000", 951_825_600_000), ("31 Dec 1969 23:59:59 +0000", -1000),
            ("1 Jan 1970 00:00:00 +0000", 0), ("31 Dec 9999 23:59:59 +0000", 253_402_300_799_000),
        ] as [(String, Int64)]
    )
    func years(value: String, expected: Int64) {
        #expect(header("Date: \(value)").date == expected)
    }

    @Test(
        "Nonsense is no date, and said to be none",
        arguments: [
            "", "soon", "Fri, 30 Feb 2024 00:00:00 +0000", "29 Feb 1900 00:00:00 +0000", "1 Jul 2024 24:00:00 +0000",
            "1 Jul 2024 00:60:00 +0000", "1 Jul 2024 00:00:61 +0000", "1 Jul 9999 00:00:00 +9999",
            "0 Jul 2024 00:00 GMT",
            "1 Jul 99999 00:00:00 +0000", "1 Jul 2024", "2024-07-01T09:00:00+09:00", "2024/07/01 09:00", "令和6年7月1日",
            "1 Foo 2024 00:00:00 +0000", "1 1 2024 00:00:00 +0000", "1 Jul 1899 00:00 GMT", "(((", "::::",
            "1 Jul 2024 1:2:3:4",
            "99999999999999999999 Jul 2024 00:00 GMT", "-1 Jul 2024 00:00:00 +0000", "+0900", "Jul Jul Jul",
        ]
    )
    func nonsense(value: String) {
        let found = header("Date: \(value)")
        #expect(found.date == nil)
        #expect(found.diagnostics.map(\.code) == [.invalidDate])
    }

    @Test("Of several dates the first that is one counts")
    func several() {
        #expect(header("Date: nonsense\nDate: Mon, 1 Jul 2024 00:00:00 GMT").date == Self.july)
        #expect(header("From: a@example.jp").date == nil)
    }
}
