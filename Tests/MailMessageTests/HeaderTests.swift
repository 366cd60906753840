import MailMessage
import Testing

@Suite("Headers")
struct HeaderTests {
    @Test(
        "Message-IDs stand without their brackets",
        arguments: [
            ("<a.b@example.jp>", "a.b@example.jp"), ("  a.b@example.jp", "a.b@example.jp"), ("<a b@x>", "ab@x"),
            ("(comment) <a@x> <b@x>", "a@x"), ("<a@x", "a@x"), ("strange", "strange"), ("<>", nil), ("", nil),
        ] as [(String, String?)]
    )
    func messageIDs(value: String, expected: String?) {
        #expect(header("Message-ID: \(value)").messageID == expected)
    }

    @Test("References and In-Reply-To give every identifier in its order")
    func references() {
        let found = header(
            "References: <a@x> <b@x>\n <c@x><d@x>\nIn-Reply-To: Your message of today <d@x>\nMessage-ID: <a@x>"
        )
        #expect(found.references == ["a@x", "b@x", "c@x", "d@x"])
        #expect(found.inReplyTo == ["d@x"])
        let many = (0..<10_000).map { "<\($0)@x>" }.joined(separator: "\n ")
        #expect(header("References: \(many)").references.count == 10_000)
    }

    @Test("Authentication results are kept in their order, unfolded")
    func authenticationResults() {
        let found = header(
            "Authentication-Results: mx.example.jp;\n\tdkim=pass header.d=example.com;\n spf=fail\n"
                + "Authentication-Results: other.example; none"
        )
        #expect(
            found.authenticationResults == [
                "mx.example.jp; dkim=pass header.d=example.com; spf=fail", "other.example; none",
            ]
        )
    }

    @Test("Reading a header leaves the body alone, and so does a body without header")
    func extent() {
        let whole = MessageHeader(parsing: bytes("Subject: a\n\nSubject: b\nFrom: c@example.jp\n"))
        #expect(whole.subject == "a")
        #expect(whole.from.isEmpty)
        let none = message("No header here, and no colon", body: "text\n")
        #expect(none.text == "No header here, and no colon\n\ntext\n")
        #expect(none.diagnostics.map(\.code) == [.missingHeader])
    }

    @Test("A header may come as any collection of bytes")
    func collections() {
        let raw = bytes("Subject: a\n\n")
        #expect(MessageHeader(parsing: raw[...]).subject == "a")
        #expect(raw.withUnsafeBytes { MessageHeader(parsing: $0) }.subject == "a")
        #expect(Message(parsing: AnyCollection(raw)).header.subject == "a")
    }

    @Test(
        "Headers that are not well formed are read as far as they go",
        arguments: [
            "Subject : x\nFrom\t: a@example.jp",
            "SUBJECT:x\nfrom:a@example.jp",
            "From yuki@example.jp Mon Jul  1 09:00:00 2024\nSubject: x\nFrom: a@example.jp",
            ">From yuki@example.jp Mon Jul  1 09:00:00 2024\nSubject: x\nFrom: a@example.jp",
            "\nSubject: x\nFrom: a@example.jp",
            " Subject: x\nFrom: a@example.jp",
            "Subject: x\nnonsense between\nFrom: a@example.jp",
            "Subject: x\nFrom\n : a@example.jp",
            "Subject: x\nOdd name?: value\nFrom: a@example.jp",
            "‹efbbbf›Subject: x\nFrom: a@example.jp",
            "Subject: x\n: empty name\nFrom: a@example.jp",
            "Subject: x\nFrom: a@example.jp\nX: ‹00ff1b›",
        ]
    )
    func malformed(fields: String) {
        let found = message(fields, body: "body\n")
        #expect(found.header.subject == "x")
        #expect(found.header.from.map(\.address) == ["a@example.jp"])
        #expect(found.text == "body\n")
    }

    @Test("Line ends may be CRLF, LF or CR")
    func lineEnds() {
        let text = "Subject: x\nFrom: a@example.jp,\n b@example.jp\n\none\ntwo\n"
        for end in ["\n", "\r\n", "\r"] {
            let raw = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: end)
            let found = Message(parsing: Array(raw.utf8))
            #expect(found.header.from.count == 2)
            #expect(found.text == "one\ntwo\n")
        }
    }

    @Test("A body that follows without a blank line is a body")
    func noBlankLine() {
        let found = Message(parsing: bytes("Subject: x\nFrom: a@example.jp\nhello there\nand so on\n"))
        #expect(found.header.subject == "x")
        #expect(found.text == "hello there\nand so on\n")
        #expect(found.diagnostics.contains { $0.code == .malformedHeader })
    }

    @Test("Diagnostics hold no text of the message")
    func diagnosticsAreSilent() {
        let found = message("From: secret@\nDate: secret\nContent-Transfer-Encoding: secret")
        #expect(!found.diagnostics.isEmpty)
        #expect(!String(describing: found.diagnostics).contains("secret"))
    }
}
