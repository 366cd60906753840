import MailkeepModel
import Testing

@Suite("Marks of mail")
struct MailFlagsTests {
    @Test(
        "Kept are those of the standard, in any case, and keywords of programs",
        arguments: [
            (["\\seen", "\\ANSWERED", "$Forwarded"], ["\\Seen", "\\Answered", "$Forwarded"]),
            (["\\Recent", "\\Deleted", "\\Flagged", "\\Draft"], ["\\Flagged", "\\Draft"]),
            (["Kunde", "NonJunk", "$MDNSent", "$", "$a b", "$é", "$x)"], ["$MDNSent"]),
            (["\\Seen", "\\Seen"], ["\\Seen"]), ([], []),
        ] as [([String], [String])]
    )
    func kept(told: [String], kept: [String]) {
        let flags = MailFlags(told: told)
        #expect(flags.names == kept)
        #expect(MailFlags(stored: flags.stored) == flags)
        #expect(flags.withoutKeywords.names == kept.filter { $0.hasPrefix("\\") })
    }

    @Test("There are no more of them than a mail can need")
    func bounded() {
        let many = (0..<1000).map { "$keyword\($0)" } + ["$" + String(repeating: "x", count: 100)]
        #expect(MailFlags(told: many).names.count == 16)
    }
}
