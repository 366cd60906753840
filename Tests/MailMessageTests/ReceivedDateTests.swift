import MailMessage
import Testing

@Suite("When a mail came")
struct ReceivedDateTests {
    private static let noon: Int64 = 1_767_614_400_000

    @Test(
        "The topmost Received field that has a date tells it",
        arguments: [
            ("Received: from a by b; Mon, 5 Jan 2026 12:00:00 +0000\r\n", noon),
            ("RECEIVED : from a\r\n\tby b (x; y)\r\n\t; Mon, 5 Jan 2026 21:00:00 +0900 (JST)\r\n", noon),
            (
                "Subject: x\nReceived: by c; Mon, 5 Jan 2026 12:00:00 GMT\nReceived: by b; Sun, 4 Jan 2026 09:00:00 GMT\n",
                noon
            ),
            ("Received: by c; yesterday\r\nReceived: by b; Mon, 5 Jan 2026 12:00:00 +0000", noon),
            // A date in a comment, in another field, or behind the header is none.
            ("Received: by c\r\nX-Received: by b; Mon, 5 Jan 2026 12:00:00 +0000\r\n", nil),
            ("Subject: a\r\n\r\nReceived: by b; Mon, 5 Jan 2026 12:00:00 +0000\r\n", nil),
            ("", nil), ("\r\n", nil), ("Received", nil), ("Received:;", nil), (" ;\r\n;", nil),
        ] as [(String, Int64?)]
    )
    func dates(header: String, date: Int64?) {
        #expect(ReceivedDate.newest(in: Array(header.utf8)) == date)
    }

    @Test("Any bytes give an answer, in a time in proportion to them")
    func anyBytes() {
        let line = Array("Received: ;\r\n ;\r\n".utf8)
        #expect(ReceivedDate.newest(in: (0..<100_000).flatMap { _ in line }) == nil)
        #expect(ReceivedDate.newest(in: [UInt8](repeating: 0x0A, count: 1 << 20)) == nil)
        #expect(ReceivedDate.newest(in: Array("Received:".utf8) + [UInt8](repeating: 0x3B, count: 1 << 20)) == nil)
    }
}
