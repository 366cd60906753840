import IMAPCore
import NIOCore
import Testing

/// What servers send that the grammar does not allow, or that clients seldom expect.
@Suite("Servers' ways")
struct ServerQuirkTests {
    private static func list(_ name: String, _ delimiter: Character?, _ attributes: String...) -> IMAPResponse {
        .list(
            IMAPListEntry(attributes: attributes, delimiter: delimiter, name: IMAPMailboxName(bytes: Array(name.utf8)))
        )
    }

    @Test(
        "Mailboxes are listed in many ways",
        arguments: [
            ("LIST (\\HasNoChildren) \"INBOX\"", list("INBOX", nil, "\\HASNOCHILDREN")),
            ("LIST () INBOX", list("INBOX", nil)),
            ("LIST \"/\" INBOX", list("INBOX", "/")),
            ("LIST () \"/\" Sent Items", list("Sent Items", "/")),
            ("LIST () / Sent Items  ", list("Sent Items", "/")),
            ("LIST () Sent Items", list("Sent Items", nil)),
            ("LIST () \"/\" \"Sent Items\"  ", list("Sent Items", "/")),
            ("LIST () \"/\" Sent Items (\"CHILDINFO\" (\"SUBSCRIBED\"))", list("Sent Items", "/")),
            ("LIST () \"Sent\" (\"CHILDINFO\" (\"SUBSCRIBED\"))", list("Sent", nil)),
            ("LIST () \"/\" Offers (old)", list("Offers (old)", "/")),
            ("LIST () \"\\\" \"INBOX\\Sent\"", list("INBOX\\Sent", "\\")),
            ("LIST () \"\\\\\" \"INBOX\\\\Sent\"", list("INBOX\\Sent", "\\")),
            ("LIST () \"/\" \"C:\\\"", list("C:\\", "/")),
            ("LIST () \"/\" \"the \"old\" ones\"", list("the \"old\" ones", "/")),
            ("LIST () \"/\" \"open", .unparsed(ByteBuffer(string: "* LIST () \"/\" \"open\r\n"))),
            ("LIST () \"/\" \"請求書\"", list("請求書", "/")),
            ("LIST () \"/\" 請求書", list("請求書", "/")),
            ("LIST () \"/\" [Gmail]", list("[Gmail]", "/")),
            ("LIST () NIL NIL", list("NIL", nil)),
            ("LIST () \"\" Public", list("Public", nil)),
            ("lIsT ( \\Noselect  \\Marked ) \"/\"  x", list("x", "/", "\\NOSELECT", "\\MARKED")),
            ("LIST () \"/\"\"a\"", list("a", "/")),
            ("LIST () \"/\" {3}\r\na\"b", list("a\"b", "/")),
            ("XLIST (\\HasNoChildren \\Inbox) \"/\" \"受信トレイ\"", list("受信トレイ", "/", "\\HASNOCHILDREN", "\\INBOX")),
        ]
    )
    func lists(line: String, expected: IMAPResponse) throws {
        #expect(try response("* \(line)\r\n") == expected)
    }

    @Test(
        "Items of a FETCH come without spaces, with too many, quoted, and with values of other kinds",
        arguments: [
            "(UID 5 RFC822.SIZE 9 FLAGS (\\Seen))", "( UID  5  RFC822.SIZE  9 )", "(FLAGS(\\Seen)UID 5 RFC822.SIZE 9)",
            "(uid 5 rfc822.size 9)", "(UID \"5\" RFC822.SIZE \"9\")", "(UID {1}\r\n5 RFC822.SIZE {1}\r\n9)",
            "(UID (5) RFC822.SIZE (9))", "(UID 5\tRFC822.SIZE\t9)", "(RFC822.SIZE 9 UID 5) extra",
            "(ENVELOPE (\"a \"b\" c\" NIL (NIL)) UID 5 RFC822.SIZE 9)", "(ENVELOPE NIL UID 5 RFC822.SIZE 9)",
            "(BODYSTRUCTURE (\"text\" \"plain\" (\"name\" \"C:\\\") NIL) UID 5 RFC822.SIZE 9)",
            "(X-NEW[1.2 (a)]<0> {3}\r\n)( UID 5 RFC822.SIZE 9)", "(ENVELOPE (\"\u{1}請求書\r here\") UID 5 RFC822.SIZE 9)",
            "(X-GM-LABELS (\\\\Inbox \"a\" b&c-) X-GM-THRID 9 UID 5 RFC822.SIZE 9)",
            "(FLAGS NIL BODYSTRUCTURE(((()))) ANNOTATION () UID 5 RFC822.SIZE 9)", "(UID 5 RFC822.SIZE 9) )",
            "(UID 5 RFC822.SIZE 9 ENVELOPE ~{3}\r\n\u{0}\r\n)",
        ]
    )
    func items(items: String) throws {
        var fetch = try #require(try response("* 1 FETCH \(items)\r\n")?.fetch)
        if items.contains("X-NEW[") { fetch = IMAPFetch(sequenceNumber: 1, uid: fetch.uid, size: fetch.size) }
        let flags = items.contains("\\Seen") ? ["\\Seen"] : nil
        #expect(fetch == IMAPFetch(sequenceNumber: 1, uid: 5, size: 9, flags: flags))
    }

    @Test(
        "A message streams however its section is named",
        arguments: [
            ("(UID 5 BODY[] {3}\r\n", IMAPSection.message), ("(UID 5 BODY[]{3}\r\n", .message),
            ("(UID 5 body[] ~{3}\r\n", .message), ("(UID 5 BODY [] {3+}\r\n", .message),
            ("(UID 5 BODY.PEEK[] {3}\r\n", .message), ("(UID 5 RFC822 {3}\r\n", .message),
            ("(UID 5 RFC822{003}\r\n", .message), ("(UID 5 RFC822[] {3}\r\n", .message),
            ("(UID 5 rfc822.peek {3}\r\n", .message), ("(UID 5 BODY[HEADER] {3}\n", .header),
            ("(UID 5 RFC822.HEADER {3}\r\n", .header), ("(UID 5 BODY[ HEADER.FIELDS (From)]{3}\r\n", .header),
            ("(UID 5 BODY[HEADER.FIELDS (\"a[]b\" From)] {3}\r\n", .header), ("(UID 5 BODY[TEXT] {3}\r\n", .other),
            ("(UID 5 BODY[]<0> {3}\r\n", .other), ("(UID 5 BODY[]<0.3> {3}\r\n", .other),
            ("(UID 5 BINARY[] {3}\r\n", .other), ("(UID 5 BODY[1.HEADER] {3}\r\n", .other),
            ("(UID 5 FLAGS (\\Seen)BODY[] {3}\r\n", .message),
            // What stands before the section cannot be read.
            ("(UID 5 ENVELOPE (\"a\\\" \"b) BODY[] {3}\r\n", .message),
            ("(UID 5 ENVELOPE (\"a\" ((( BODY[] {3}\r\n", .message), ("(UID 5) BODY[] {3}\r\n", .message),
            ("UID 5 BODY[] {3}\r\n", .message),
        ]
    )
    func sections(beginning: String, section: IMAPSection) throws {
        let flags = beginning.contains("FLAGS") ? ["\\Seen"] : nil
        let before = IMAPFetch(sequenceNumber: 1, uid: beginning.hasPrefix("(") ? 5 : nil, flags: flags)
        let after = IMAPFetch(sequenceNumber: 1, uid: 5, flags: flags)
        #expect(
            try decode("* 1 FETCH \(beginning)a)b UID 5)\r\n* 2 EXISTS\r\n") == [
                .sectionBegan(section, length: 3, fetch: before), .sectionBytes(ByteBuffer(string: "a)b")),
                .sectionEnded, .response(.fetch(after)), .response(.exists(2)),
            ]
        )
    }

    @Test(
        "A section whose length was not true is an error, not a message",
        arguments: [
            "* 1 FETCH (UID 5 BODY[] {3}\r\nabcd)\r\n", "* 1 FETCH (UID 5 BODY[] {3}\r\nabc\r\n)\r\n",
            "* 1 FETCH (UID 5 BODY[] {3}\r\nabc) de\r\n", "* 1 FETCH (UID 5 BODY[] {3}\r\nabc\r\n",
            "* 1 FETCH (UID 5 BODY[] {9}\r\nabc)\r\n* 2 FETCH (UID 6 BODY[] {3}\r\nabc)\r\n",
            "* 1 FETCH (UID 5 BODY[HEADER] {3}\r\nabcd BODY[] {3}\r\nabc)\r\n",
        ]
    )
    func untrueLength(text: String) {
        #expect(throws: IMAPDecodingError(.invalidSyntax, "")) { try decode(text) }
        #expect(throws: IMAPDecodingError(.invalidSyntax, "")) { try decode(text, pieces: 1) }
    }

    @Test("A literal too long to be held is passed over, and what stands around it is read")
    func longLiterals() throws {
        var limits = IMAPLimits()
        limits.literalLength = 3
        let text = """
            * 1 FETCH (ENVELOPE (NIL {5}\r
            a)(bc NIL) UID 5 FLAGS ({4}\r
            )))) \\Seen) BODY[] {5}\r
            abcde)\r
            * LIST () "/" {4}\r
            a)(b\r
            * 2 EXISTS\r

            """
        let fetch = IMAPFetch(sequenceNumber: 1, uid: 5, flags: ["NIL", "\\Seen"])
        for pieces in [1, 7, 1000] {
            #expect(
                try decode(text, pieces: pieces, limits: limits) == [
                    .sectionBegan(.message, length: 5, fetch: fetch), .sectionBytes(ByteBuffer(string: "abcde")),
                    .sectionEnded, .response(.fetch(fetch)),
                    .response(.unparsed(ByteBuffer(string: "* LIST () \"/\"  NIL\r\n"))), .response(.exists(2)),
                ]
            )
        }
    }

    @Test(
        "Status responses come without spaces, with odd codes, and with words that look like data",
        arguments: [
            ("* OK[UIDNEXT 5]done", IMAPStatus(.ok, code: .uidNext(5), text: "done")),
            ("* OK [UIDNEXT 5", IMAPStatus(.ok, text: "[UIDNEXT 5")),
            ("* NO [WEIRD \"] text", IMAPStatus(.no, code: .other(name: "WEIRD", arguments: "\""), text: "text")),
            (
                "* OK [READ-WRITE] [Gmail]/Sent Mail selected",
                IMAPStatus(.ok, code: .other(name: "READ-WRITE", arguments: ""), text: "[Gmail]/Sent Mail selected")
            ),
            (
                "* OK [Failure=\"Some.Thing: no [way] in\" Proxy=x] Signed in but not connected",
                IMAPStatus(.ok, text: "[Failure=\"Some.Thing: no [way] in\" Proxy=x] Signed in but not connected")
            ),
            ("*OK ready", IMAPStatus(.ok, text: "ready")),
            ("* bye [unavailable]\ttry later ", IMAPStatus(.bye, code: .unavailable, text: "\ttry later")),
        ]
    )
    func status(line: String, expected: IMAPStatus) throws {
        #expect(try response(line + "\r\n") == .status(expected))
    }

    @Test("Messages may be numbered by their identifiers alone (RFC 9586), or by what is no number of a message")
    func numbers() throws {
        #expect(
            try response("* 70 UIDFETCH (MODSEQ (3))\r\n")?.fetch == IMAPFetch(sequenceNumber: 0, uid: 70)
        )
        #expect(try response("* 99999999999 FETCH (UID 5)\r\n")?.fetch == IMAPFetch(sequenceNumber: 0, uid: 5))
        #expect(try response("*1 FETCH(UID 5)\r\n")?.fetch == IMAPFetch(sequenceNumber: 1, uid: 5))
        #expect(try response("* 0 fetch (UID 5)\r\n")?.fetch == IMAPFetch(sequenceNumber: 0, uid: 5))
    }

    @Test(
        "Names of namespaces may be left out",
        arguments: [
            ("((\"\" \"/\"))", [""]), ("((\"\" \"/\")) NIL", [""]), ("NIL", []), ("", []), ("(NIL)", []),
            ("((\"INBOX.\" \".\" \"X-PARAM\" (\"a\"))(\"x\" NIL)) NIL NIL", ["INBOX.", "x"]),
        ] as [(String, [String])]
    )
    func namespaces(text: String, prefixes: [String]) throws {
        let answer = try response("* NAMESPACE \(text)\r\n")
        if text == "(NIL)" {
            #expect(answer == .unparsed(ByteBuffer(string: "* NAMESPACE (NIL)\r\n")))
        } else if case .namespace(let namespaces) = answer {
            #expect(namespaces.personal.map { String(decoding: $0.prefix, as: UTF8.self) } == prefixes)
            #expect(namespaces.otherUsers.isEmpty && namespaces.shared.isEmpty)
        } else {
            Issue.record("not read: \(text)")
        }
    }
}
