import MailMessage
import Testing

@Suite("Attachments")
struct AttachmentTests {
    private static let name = "御見積②.xlsx"

    /// A message with a text and one attachment of these fields.
    private func attached(_ fields: String, body: String = "UERGREFUQQ==") -> Message {
        message(
            "Content-Type: multipart/mixed; boundary=\"x y\"",
            body: "--x y\n\ntext\n--x y\n\(fields)\nContent-Transfer-Encoding: base64\n\n\(body)\n--x y--\n"
        )
    }

    @Test(
        "One name, in all the ways it is written",
        arguments: [
            "Content-Disposition: attachment; filename*=UTF-8''%E5%BE%A1%E8%A6%8B%E7%A9%8D%E2%91%A1%2E%78%6C%73%78",
            "Content-Disposition: attachment; filename*=utf-8'ja'%E5%BE%A1%E8%A6%8B%E7%A9%8D%E2%91%A1.xlsx",
            "Content-Disposition: attachment; filename*=Shift_JIS'ja'%8C%E4%8C%A9%90%CF%87%41.xlsx",
            "Content-Disposition: attachment; filename*=iso-2022-jp''%1B%24%42%38%66%38%2B%40%51%2D%22%1B%28%42.xlsx",
            // Continuations: in a character, out of order, partly encoded.
            "Content-Disposition: attachment;\n filename*0*=Shift_JIS''%8C%E4%8C;\n filename*1*=%A9%90%CF%87%41;\n"
                + " filename*2=\".xlsx\"",
            "Content-Disposition: attachment;\n filename*1*=%8D%E2%91%A1;\n filename*2=.xlsx;\n"
                + " filename*0*=UTF-8''%E5%BE%A1%E8%A6%8B%E7%A9",
            "Content-Disposition: attachment; filename*0=\"=?UTF-8?B?5b6h6KaL56mN\"; filename*1=\"4pGhLnhsc3g=?=\"",
            // Encoded words: quoted, bare, several.
            "Content-Disposition: attachment; filename=\"=?UTF-8?B?5b6h6KaL56mN4pGhLnhsc3g=?=\"",
            "Content-Disposition: attachment; filename==?Shift_JIS?B?jOSMqZDPh0EueGxzeA==?=",
            "Content-Disposition: attachment; filename=\"=?UTF-8?B?5b6h6KaL56k=?=\n =?UTF-8?B?jeKRoS54bHN4?=\"",
            // Raw bytes.
            "Content-Disposition: attachment; filename=\"御見積②.xlsx\"",
            "Content-Disposition: attachment; filename=御見積②.xlsx",
            "Content-Disposition: attachment; filename=\"‹8ce48ca990cf87412e786c7378›\"",
            "Content-Disposition: attachment; filename=\"‹1b24423866382b40512d221b28422e786c7378›\"",
            "Content-Disposition: attachment; filename*=%E5%BE%A1%E8%A6%8B%E7%A9%8D%E2%91%A1.xlsx",
            // Both forms, both fields.
            "Content-Disposition: attachment; filename=\"q.xlsx\"; filename*=UTF-8''%E5%BE%A1%E8%A6%8B%E7%A9%8D%E2%91%A1.xlsx",
            "Content-Type: a/b; name=\"=?UTF-8?B?5b6h6KaL56mN4pGhLnhsc3g=?=\"\nContent-Disposition: attachment",
            "Content-Type: a/b; name=q.xlsx\nContent-Disposition: attachment; filename=\"=?UTF-8?B?5b6h6KaL56mN4pGhLnhsc3g=?=\"",
            "Content-Type: a/b; name*=UTF-8''%E5%BE%A1%E8%A6%8B%E7%A9%8D%E2%91%A1.xlsx",
            "content-disposition: ATTACHMENT (x); SIZE=3; FileName = \"=?utf-8?b?5b6h6KaL56mN4pGhLnhsc3g=?=\" ; a=b",
        ]
    )
    func oneName(fields: String) throws {
        let found = attached(fields)
        let file = try #require(found.attachments.first)
        #expect(found.attachments.count == 1)
        #expect(file.fileName == Self.name)
        #expect(file.size == 7)
        #expect(found.content(of: file) == Array("PDFDATA".utf8))
        #expect(found.text == "text")
    }

    @Test(
        "Names are text to read, never paths",
        arguments: [
            ("\"../../etc/passwd\"", "passwd"), ("\"..\\\\..\\\\x.dll\"", "x.dll"), ("\"C:\\temp\\x.doc\"", "x.doc"),
            ("\"/x/y/\"", "y"), ("\"a\u{1}b\tc.txt\"", "abc.txt"), ("\"x\u{202E}fdp.exe\"", "xfdp.exe"),
            ("\"..\"", nil), ("\"...\"", nil), ("\"/\"", nil), ("\"\"", nil), ("\" . \"", nil),
            ("\".profile\"", ".profile"),
            ("\"  a  b.txt \"", "a  b.txt"), ("\"<b>.pdf\"", "<b>.pdf"), ("\"a;b.pdf\"", "a;b.pdf"),
            ("\"say \\\"hi\\\".txt\"", "say \"hi\".txt"), ("a b.txt", "a b.txt"), ("\"か\u{3099}.txt\"", "が.txt"),
            ("\"a\\0.exe\"", "0.exe"),
        ] as [(String, String?)]
    )
    func displayNames(value: String, expected: String?) {
        let found = attached("Content-Disposition: attachment; filename=\(value)")
        #expect(found.attachments.map(\.fileName) == [expected])
    }

    @Test("A name with NUL and line ends by percent encoding has neither")
    func controlsInNames() {
        let found = attached("Content-Disposition: attachment; filename*=UTF-8''a%00b%0D%0AX-Evil:%201.txt")
        #expect(found.attachments.map(\.fileName) == ["abX-Evil: 1.txt"])
        let long = attached("Content-Disposition: attachment; filename=\(String(repeating: "a", count: 5000)).pdf")
        #expect(long.attachments.first?.fileName?.count == 255)
    }

    @Test("What an attachment is said to be")
    func kinds() {
        let found = message(
            "Content-Type: multipart/related; boundary=b",
            body: """
                --b
                Content-Type: text/html

                <img src="cid:logo@x">
                --b
                Content-Type: IMAGE/PNG; name=logo.png
                Content-ID: <logo@x>

                png
                --b
                Content-Type: application/pdf
                Content-Disposition: inline; filename=a.pdf

                pdf
                --b
                Content-Type: text/plain"><script>
                Content-Disposition: attachment; filename=b.txt

                txt
                --b
                Content-Type: nonsense
                Content-Disposition: other

                x
                --b--
                """
        )
        #expect(found.attachments.map(\.path) == ["2", "3", "4", "5"])
        #expect(found.attachments.map(\.contentType) == ["image/png", "application/pdf", "text/plain", "text/plain"])
        #expect(found.attachments.map(\.contentID) == ["logo@x", nil, nil, nil])
        #expect(found.attachments.map(\.isInline) == [true, true, false, false])
        #expect(found.html == "<img src=\"cid:logo@x\">")
    }

    @Test("A message within a message is one attachment, with its subject as its name")
    func attachedMessage() throws {
        let inner = "Subject: =?UTF-8?Q?Re:_a/b?=\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\ninner\n--c--\n"
        let found = message(
            "Content-Type: multipart/mixed; boundary=b",
            body: "--b\n\nouter\n--b\nContent-Type: message/rfc822\n\n\(inner)\n--b--\n"
        )
        let file = try #require(found.attachments.first)
        #expect(found.attachments.count == 1)
        #expect(found.text == "outer")
        #expect(file.fileName == "Re: a-b.eml")
        #expect(file.contentType == "message/rfc822")
        let content = found.content(of: file)
        #expect(content == Array(inner.crossingLines.utf8))
        #expect(Message(parsing: content).text == "inner")
    }

    @Test("The parts of a digest are messages")
    func digest() {
        let found = message(
            "Content-Type: multipart/digest; boundary=b",
            body: "--b\n\nSubject: one\n\n1\n--b\n\nSubject: two\n\n2\n--b--\n"
        )
        #expect(found.attachments.map(\.fileName) == ["one.eml", "two.eml"])
    }

    @Test("An encoded message is decoded for its name and its content")
    func encodedMessage() throws {
        let found = attached("Content-Type: message/rfc822", body: "U3ViamVjdDogaGkKCnRleHQK")
        let file = try #require(found.attachments.first)
        #expect(file.fileName == "hi.eml")
        #expect(found.content(of: file) == Array("Subject: hi\n\ntext\n".utf8))
    }

    @Test("Fragments and bodies elsewhere are attachments, and said so")
    func partialAndExternal() {
        let partial = message("Content-Type: message/partial; id=\"a@x\"; number=1; total=2", body: "half\n")
        #expect(partial.attachments.map(\.contentType) == ["message/partial"])
        #expect(partial.diagnostics.map(\.code) == [.partialMessage])
        let external = message("Content-Type: message/external-body; access-type=URL; URL=\"http://example.com/\"")
        #expect(external.attachments.map(\.contentType) == ["message/external-body"])
        #expect(external.diagnostics.map(\.code) == [.externalBody])
    }

    @Test("Base64 with foreign characters is decoded, and said to be malformed")
    func malformedBase64() throws {
        let found = attached("Content-Type: application/pdf", body: "UERG!!\n*REFU*QQ")
        let file = try #require(found.attachments.first)
        #expect(found.content(of: file) == Array("PDFDATA".utf8))
        #expect(file.size == 7)
        #expect(found.diagnostics == [Diagnostic(.malformedTransferEncoding, part: "2")])
    }

    @Test("An attachment of another message has no bytes outside of this one")
    func foreignAttachment() throws {
        let file = try #require(attached("Content-Disposition: attachment; filename=a").attachments.first)
        #expect(Message(parsing: []).content(of: file).isEmpty)
    }
}
