import IMAPCore
import NIOCore
import Testing

@Suite("Responses")
struct ResponseParsingTests {
    private static func list(
        _ attributes: [String],
        _ delimiter: Character?,
        _ name: String
    ) -> IMAPResponse {
        .list(
            IMAPListEntry(attributes: attributes, delimiter: delimiter, name: IMAPMailboxName(bytes: Array(name.utf8)))
        )
    }

    @Test(
        "What servers say is understood",
        arguments: [
            ("* OK ready\r\n", .status(IMAPStatus(.ok, text: "ready"))),
            ("* ok\r\n", .status(IMAPStatus(.ok))),
            ("* OK ready\n", .status(IMAPStatus(.ok, text: "ready"))),
            ("\r\n\r\n* OK ready\r\n", .status(IMAPStatus(.ok, text: "ready"))),
            ("*  OK   ready\r\n", .status(IMAPStatus(.ok, text: "ready"))),
            ("* OK braces at the end {12}\r\n", .status(IMAPStatus(.ok, text: "braces at the end {12}"))),
            ("* BYE\r\n", .status(IMAPStatus(.bye))),
            ("* PREAUTH hello\r\n", .status(IMAPStatus(.preauth, text: "hello"))),
            ("* OK こんにちは\r\n", .status(IMAPStatus(.ok, text: "こんにちは"))),
            (
                "* OK [CAPABILITY IMAP4rev1 auth=plain] hi\r\n",
                .status(IMAPStatus(.ok, code: .capability(["IMAP4REV1", "AUTH=PLAIN"]), text: "hi"))
            ),
            ("* OK [UIDVALIDITY 4294967295]\r\n", .status(IMAPStatus(.ok, code: .uidValidity(.max)))),
            ("* OK [uidnext 9] .\r\n", .status(IMAPStatus(.ok, code: .uidNext(9), text: "."))),
            (
                "* OK [UIDNEXT 4294967296] .\r\n",
                .status(IMAPStatus(.ok, code: .other(name: "UIDNEXT", arguments: "4294967296"), text: "."))
            ),
            (
                "* OK [HIGHESTMODSEQ 715194045007]\r\n",
                .status(IMAPStatus(.ok, code: .highestModSeq(715_194_045_007)))
            ),
            (
                "A1 NO [BADCHARSET (\"a]b\" c)] what\r\n",
                .tagged(
                    tag: "A1",
                    IMAPStatus(.no, code: .other(name: "BADCHARSET", arguments: "(\"a]b\" c)"), text: "what")
                )
            ),
            (
                "A1 OK [\"odd\"=1 text] done\r\n",
                .tagged(tag: "A1", IMAPStatus(.ok, text: "[\"odd\"=1 text] done"))
            ),
            ("A1 OK [unclosed text\r\n", .tagged(tag: "A1", IMAPStatus(.ok, text: "[unclosed text"))),
            ("A1 OK\r\n", .tagged(tag: "A1", IMAPStatus(.ok))),
            ("A1 bad syntax\r\n", .tagged(tag: "A1", IMAPStatus(.bad, text: "syntax"))),
            (
                "A1 OK [MESSAGELIMIT 1000 23221] part\r\n",
                .tagged(tag: "A1", IMAPStatus(.ok, code: .messageLimit(uid: 23221), text: "part"))
            ),
            ("+\r\n", .continuation(text: "")),
            ("+ go on {3}\r\n", .continuation(text: "go on {3}")),
            ("* CAPABILITY imap4rev1 Idle\r\n", .capability(["IMAP4REV1", "IDLE"])),
            ("* ENABLED UTF8=ACCEPT\r\n", .other(name: "ENABLED")),
            ("* 23 exists\r\n", .exists(23)),
            ("* 23 EXPUNGE\r\n", .other(name: "EXPUNGE")),
            ("* FLAGS (\\Seen \\*)\r\n", .other(name: "FLAGS")),
            ("* X-NEW {3}\r\na\r\n data\r\n", .other(name: "X-NEW")),
            ("* SEARCH\r\n", .search(IMAPUIDSet())),
            ("* SEARCH 2 3 9 \r\n", .search(IMAPUIDSet(ranges: [2...3, 9...9]))),
            ("* SEARCH 3 2 2 9 4\r\n", .search(IMAPUIDSet(ranges: [2...4, 9...9]))),
            ("* SEARCH 2 (MODSEQ 9)\r\n", .search(IMAPUIDSet([2]))),
            ("* ESEARCH (TAG \"A1\") UID ALL 4:18,21\r\n", .search(IMAPUIDSet(ranges: [4...18, 21...21]))),
            ("* ESEARCH UID COUNT 2 ALL 9:7\r\n", .search(IMAPUIDSet(ranges: [7...9]))),
            ("* ESEARCH (TAG \"A1\") UID\r\n", .search(IMAPUIDSet())),
            ("* ESEARCH UID COUNT 0 MODSEQ 9\r\n", .search(IMAPUIDSet())),
            (
                "* LIST (\\HasNoChildren \\Sent) \"/\" \"Sent Mail\"\r\n",
                list(["\\HASNOCHILDREN", "\\SENT"], "/", "Sent Mail")
            ),
            ("* LIST () \"\\\\\" \"a\\\"b\\\\c\"\r\n", list([], "\\", "a\"b\\c")),
            ("* list () nil inbox\r\n", list([], nil, "inbox")),
            ("* LIST () \"/\" NIL\r\n", list([], "/", "NIL")),
            ("* LIST () \"/\" a(b)[c]{d}\r\n", list([], "/", "a(b)[c]{d}")),
            ("* LIST () \".\" {7}\r\na \"b\" c\r\n", list([], ".", "a \"b\" c")),
            ("* LIST () \".\" ~{3+}\r\nabc\r\n", list([], ".", "abc")),
            ("* LIST () \".\" \"a\" (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n", list([], ".", "a")),
            (
                "* NAMESPACE ((\"\" \"/\")(\"#mh/\" \"/\" \"X\" (\"A\" \"B\"))) NIL ((\"Public/\" NIL))\r\n",
                .namespace(
                    IMAPNamespaces(
                        personal: [
                            .init(prefix: [], delimiter: "/"), .init(prefix: Array("#mh/".utf8), delimiter: "/"),
                        ],
                        otherUsers: [],
                        shared: [.init(prefix: Array("Public/".utf8), delimiter: nil)]
                    )
                )
            ),
        ] as [(String, IMAPResponse)]
    )
    func understands(text: String, expected: IMAPResponse) throws {
        #expect(try response(text) == expected)
    }

    @Test(
        "What a FETCH says is understood in any order and spelling",
        arguments: [
            ("(UID 5 RFC822.SIZE 9)", IMAPFetch(sequenceNumber: 1, uid: 5, size: 9)),
            ("(rfc822.size 9  uid 5 )", IMAPFetch(sequenceNumber: 1, uid: 5, size: 9)),
            ("()", IMAPFetch(sequenceNumber: 1)),
            ("(UID 0 RFC822.SIZE -1)", IMAPFetch(sequenceNumber: 1)),
            ("(UID 4294967296 RFC822.SIZE 99999999999999999999)", IMAPFetch(sequenceNumber: 1)),
            (
                "(FLAGS (\\Seen $Forwarded) UID 5)",
                IMAPFetch(sequenceNumber: 1, uid: 5, flags: ["\\Seen", "$Forwarded"])
            ),
            ("(FLAGS (\\Seen ()) MODSEQ (12) UID 5)", IMAPFetch(sequenceNumber: 1, uid: 5)),
            (
                "(INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" UID 5)",
                IMAPFetch(sequenceNumber: 1, uid: 5, internalDate: 837_596_665_000)
            ),
            (
                "(INTERNALDATE \" 1-jan-1970 00:00:01 +0000\")",
                IMAPFetch(sequenceNumber: 1, internalDate: 1000)
            ),
            ("(INTERNALDATE \"31-Foo-1970 00:00:01 +0000\" UID 5)", IMAPFetch(sequenceNumber: 1, uid: 5)),
            ("(INTERNALDATE NIL UID 5)", IMAPFetch(sequenceNumber: 1, uid: 5)),
            (
                "(BODY[] NIL UID 5)",
                IMAPFetch(sequenceNumber: 1, uid: 5, sections: [.init(section: .message, bytes: nil)])
            ),
            (
                "(UID 5 BODY[HEADER.FIELDS (\"SUB\\\"]\" FROM)] \"a\")",
                IMAPFetch(
                    sequenceNumber: 1,
                    uid: 5,
                    sections: [.init(section: .header, bytes: ByteBuffer(string: "a"))]
                )
            ),
            (
                "(BODY[]<0> \"a\" RFC822.TEXT \"b\")",
                IMAPFetch(
                    sequenceNumber: 1,
                    sections: [
                        .init(section: .other, bytes: ByteBuffer(string: "a")),
                        .init(section: .other, bytes: ByteBuffer(string: "b")),
                    ]
                )
            ),
            (
                "(ENVELOPE (NIL {3}\r\na)b ((NIL NIL \"x\" {1}\r\n)))) UID 5)",
                IMAPFetch(sequenceNumber: 1, uid: 5)
            ),
        ] as [(String, IMAPFetch)]
    )
    func understandsFetch(items: String, expected: IMAPFetch) throws {
        #expect(try response("* 1 FETCH \(items)\r\n")?.fetch == expected)
    }

    @Test(
        "What cannot be read is kept as it came, and stops nothing",
        arguments: [
            "garbage\r\n", "A1\r\n", "A1 BYE\r\n", " \r\n", "* \r\n", "* 1 FETCH\r\n", "* 1 FETCH ENVELOPE\r\n",
            "* 1 FETCH (ENVELOPE ((\r\n", "* 1 FETCH (FLAGS () {3}\r\nabc)\r\n", "* 1 FETCH (BODY[ {3}\r\nabc)\r\n",
            "* LIST\r\n", "* LIST (\\A\r\n", "* LIST () \"/\" \r\n", "* LIST () \"/\" \"\"\r\n",
            "* LIST () \"/\" {x}\r\n",
            "* LIST () NIL\r\n", "* NAMESPACE ((\r\n", "* ESEARCH UID ALL x\r\n", "* ESEARCH )\r\n",
            "* ESEARCH UID COUNT 3\r\n", "* ESEARCH UID MIN 3 COUNT 0\r\n", "* ESEARCH UID PARTIAL (1:9 NIL)\r\n",
            "* SEARCH 1 x\r\n", "* SEARCH 4294967296\r\n", "* VANISHED\r\n", "* VANISHED (EARLIER) 1:*\r\n",
            "* STATUS INBOX\r\n", "* STATUS INBOX (MESSAGES 1\r\n", "* STATUS (MESSAGES 1)\r\n",
            "* STATUS INBOX (MESSAGES 1) x\r\n",
        ]
    )
    func keeps(text: String) throws {
        let ready = IMAPFragment.response(.status(IMAPStatus(.ok, text: "ready")))
        for ending in ["\r\n", "\n"] {
            let text = text.dropLast(1) + ending
            let expected = IMAPFragment.response(.unparsed(ByteBuffer(string: String(text))))
            #expect(try decode(text + "* OK ready\r\n") == [expected, ready])
        }
    }

    @Test(
        "A FETCH that cannot be read to its end is worth what could be read",
        arguments: [
            ("(UID 5", IMAPFetch(sequenceNumber: 1, uid: 5)),
            ("(UID 5 RFC822.SIZE 7 ENVELOPE (\"a\" \"b", IMAPFetch(sequenceNumber: 1, uid: 5, size: 7)),
            ("(UID 5 BODY[] {x} RFC822.SIZE 7)", IMAPFetch(sequenceNumber: 1, uid: 5)),
            ("(UID 5 \"x\" RFC822.SIZE 7)", IMAPFetch(sequenceNumber: 1, uid: 5)),
            ("(UID 5 BODY[] \"a", IMAPFetch(sequenceNumber: 1, uid: 5)),
        ]
    )
    func readsPartly(items: String, expected: IMAPFetch) throws {
        #expect(try response("* 1 FETCH \(items)\r\n")?.fetch == expected)
    }
}
