import IMAPCore
import NIOCore
import Testing

@Suite("What servers say of mailboxes and of changes")
struct MailboxStatusTests {
    private static func named(_ name: String) -> IMAPMailboxName { IMAPMailboxName(bytes: Array(name.utf8)) }

    @Test(
        "The status of a mailbox is understood in the ways that servers write it",
        arguments: [
            (
                "Work (MESSAGES 12 UIDNEXT 40 UIDVALIDITY 7 HIGHESTMODSEQ 9000000000 SIZE 5000000000)",
                IMAPMailboxStatus(
                    name: named("Work"),
                    messages: 12,
                    uidNext: 40,
                    uidValidity: 7,
                    size: 5_000_000_000
                )
            ),
            ("\"a (b) c\" (messages 1) ", IMAPMailboxStatus(name: named("a (b) c"), messages: 1)),
            ("{5}\r\nIn(ox (MESSAGES 3)", IMAPMailboxStatus(name: named("In(ox"), messages: 3)),
            ("Sent Items (MESSAGES 4)", IMAPMailboxStatus(name: named("Sent Items"), messages: 4)),
            ("Offers (new) (MESSAGES 4)", IMAPMailboxStatus(name: named("Offers (new)"), messages: 4)),
            ("NIL (MESSAGES 4)", IMAPMailboxStatus(name: named("NIL"), messages: 4)),
            (
                "INBOX  ( MESSAGES  \"5\"  UIDNEXT (6) )",
                IMAPMailboxStatus(name: named("INBOX"), messages: 5, uidNext: 6)
            ),
            ("INBOX ()", IMAPMailboxStatus(name: named("INBOX"))),
            (
                "INBOX (MAILBOXID (M12-3_x) SIZE 0)",
                IMAPMailboxStatus(name: named("INBOX"), size: 0, mailboxID: "M12-3_x")
            ),
            ("INBOX (MAILBOXID M1 UNSEEN 3)", IMAPMailboxStatus(name: named("INBOX"), mailboxID: "M1")),
            ("INBOX (MAILBOXID NIL MESSAGES 3)", IMAPMailboxStatus(name: named("INBOX"), messages: 3)),
            (
                "INBOX (X-NEW (1 (2 \"a)\")) X-MORE \"b\" MESSAGES 3)",
                IMAPMailboxStatus(name: named("INBOX"), messages: 3)
            ),
            (
                "INBOX (MESSAGES -1 UIDNEXT 0 UIDVALIDITY 4294967296 HIGHESTMODSEQ 0 SIZE x)",
                IMAPMailboxStatus(name: named("INBOX"))
            ),
            ("INBOX (MESSAGES NIL UIDNEXT 9)", IMAPMailboxStatus(name: named("INBOX"), uidNext: 9)),
        ] as [(String, IMAPMailboxStatus)]
    )
    func understandsStatus(text: String, expected: IMAPMailboxStatus) throws {
        #expect(try response("* STATUS \(text)\r\n") == .mailboxStatus(expected))
        #expect(try response("* status \(text)\n") == .mailboxStatus(expected))
    }

    @Test("A listing with the status of each mailbox gives both (RFC 5819)")
    func listStatus() throws {
        let fragments = try decode("* LIST () \".\" \"a\"\r\n* STATUS \"a\" (UIDNEXT 4)\r\n* LIST () \".\" \"b\"\r\n")
        #expect(fragments.count == 3)
        #expect(fragments[1] == .response(.mailboxStatus(IMAPMailboxStatus(name: Self.named("a"), uidNext: 4))))
    }

    @Test(
        "Response codes are understood",
        arguments: [
            ("highestmodseq (5)", IMAPResponseCode.highestModSeq(5)),
            ("CLOSED", .other(name: "CLOSED", arguments: "")),
            ("MAILBOXID (M1)", .mailboxID("M1")), ("MAILBOXID \"M 1\"", .mailboxID("M 1")),
            ("MAILBOXID", .other(name: "MAILBOXID", arguments: "")), ("THROTTLED", .throttled),
            ("OverQuota", .overQuota), ("LIMIT", .limit),
            ("INUSE", .inUse), ("UNAVAILABLE", .unavailable),
            ("UIDVALIDITY \"5\"", .uidValidity(5)), ("UIDNEXT  6 ", .uidNext(6)),
            ("UIDNEXT 6 7", .other(name: "UIDNEXT", arguments: "6 7")),
        ] as [(String, IMAPResponseCode)]
    )
    func understandsCodes(text: String, expected: IMAPResponseCode) throws {
        #expect(try response("* OK [\(text)] words\r\n") == .status(IMAPStatus(.ok, code: expected, text: "words")))
        #expect(
            try response("A1 NO [\(text)] words\r\n")
                == .tagged(tag: "A1", IMAPStatus(.no, code: expected, text: "words"))
        )
    }

    @Test("What vanished is understood, and answers of extensions that are not used are passed over")
    func vanished() throws {
        let set = IMAPUIDSet(ranges: [41...41, 43...116])
        #expect(try response("* VANISHED (EARLIER) 41,43:116\r\n") == .vanished(set, isEarlier: true))
        #expect(try response("* vanished 41,43:116\r\n") == .vanished(set, isEarlier: false))
        #expect(try response("* ENABLED QRESYNC\r\n") == .other(name: "ENABLED"))
    }

    @Test(
        "Items of extensions are understood",
        arguments: [
            ("MODSEQ (9000000000)", IMAPFetch(sequenceNumber: 1, uid: 5)),
            ("MODSEQ 7", IMAPFetch(sequenceNumber: 1, uid: 5)), ("MODSEQ ()", IMAPFetch(sequenceNumber: 1, uid: 5)),
            (
                "X-GM-MSGID 1278455344230334865",
                IMAPFetch(sequenceNumber: 1, uid: 5, gmailMessageID: 1_278_455_344_230_334_865)
            ),
            ("X-GM-MSGID \"12\" X-GM-THRID 13", IMAPFetch(sequenceNumber: 1, uid: 5, gmailMessageID: 12)),
            ("EMAILID (M6d9) THREADID (T64b)", IMAPFetch(sequenceNumber: 1, uid: 5, emailID: "M6d9")),
            ("EMAILID M6 THREADID NIL", IMAPFetch(sequenceNumber: 1, uid: 5, emailID: "M6")),
            (
                "X-GM-LABELS (\"\\\\Inbox\" \\Sent [Gmail] \"a)\\\"b\" {2}\r\n)( ) SAVEDATE \"1-Jan-2026 00:00:00 +0000\"",
                IMAPFetch(sequenceNumber: 1, uid: 5)
            ),
            ("SAVEDATE NIL PREVIEW {3}\r\na)b FLAGS ()", IMAPFetch(sequenceNumber: 1, uid: 5, flags: [])),
        ] as [(String, IMAPFetch)]
    )
    func understandsItems(items: String, expected: IMAPFetch) throws {
        #expect(try response("* 1 FETCH (UID 5 \(items))\r\n")?.fetch == expected)
        #expect(try response("* 1 FETCH (\(items) UID 5)\r\n")?.fetch == expected)
    }
}
