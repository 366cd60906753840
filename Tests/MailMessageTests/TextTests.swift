import MailMessage
import Testing

@Suite("The text of a message")
struct TextTests {
    private static let text = "いつもお世話になります。\n②㈲の件、承知しました。\n"
    private static let jis =
        "‹1b2442242424442462242a40244f43244b244a246a245e243921231b28420a›"
        + "‹1b24422d222d6b244e376f21223e35434e2437245e2437243f21231b28420a›"
    private static let shiftJIS =
        "‹82a282c282e082a890a2986282c982c882e882dc82b781420a8741878b82cc8c8f81418fb3926d82b582dc82b582bd81420a›"
    private static let eucJP =
        "‹a4a4a4c4a4e2a4aac0a4cfc3a4cba4caa4eaa4dea4b9a1a30aada2adeba4ceb7efa1a2beb5c3cea4b7a4dea4b7a4bfa1a30a›"

    @Test(
        "Japanese text is read whatever its charset is said to be",
        arguments: [
            ("iso-2022-jp", jis), ("ISO-2022-JP-MS", jis), ("csISO2022JP", jis), ("cp50220", jis), ("us-ascii", jis),
            ("utf-8", jis), ("shift_jis", jis), (nil, jis), ("x-unknown", jis), ("iso-8859-1", jis),
            ("Shift_JIS", shiftJIS), ("windows-31j", shiftJIS), ("\"Shift_JIS\";", shiftJIS), ("x-sjis", shiftJIS),
            ("MS_Kanji", shiftJIS), ("cp932", shiftJIS), ("iso-2022-jp", shiftJIS), ("utf-8", shiftJIS),
            ("us-ascii", shiftJIS), (nil, shiftJIS), ("euc-jp", shiftJIS),
            ("EUC-JP", eucJP), ("x-euc-jp", eucJP), ("cp51932", eucJP), ("eucJP-ms", eucJP), ("iso-2022-jp", eucJP),
            (nil, eucJP), ("shift_jis", eucJP), ("utf-8", eucJP),
            ("utf-8", text), ("'utf8'", text), ("UTF-8 ; format=flowed", text), ("iso-2022-jp", text),
            ("iso-8859-1", text), ("shift_jis", text), ("us-ascii", text), (nil, text), ("unknown-8bit", text),
        ] as [(String?, String)]
    )
    func japanese(charset: String?, body: String) {
        let type = charset.map { "; charset=\($0)" } ?? ""
        let found = Message(parsing: bytes("Content-Type: text/plain\(type)\n\n\(body)"))
        #expect(found.text == Self.text)
    }

    @Test(
        "A charset that had to be guessed is told of, one that is right is not",
        arguments: [
            ("iso-2022-jp", jis, nil), ("shift_jis", shiftJIS, nil), ("utf-8", text, nil), ("us-ascii", "plain\n", nil),
            (nil, shiftJIS, .unknownCharset), ("iso-2022-jp", text, .wrongCharset),
            ("utf-8", "a‹ff›\n", .undecodableText),
        ] as [(String?, String, Diagnostic.Code?)]
    )
    func diagnostics(charset: String?, body: String, expected: Diagnostic.Code?) {
        let type = charset.map { "; charset=\($0)" } ?? ""
        let found = Message(parsing: bytes("Content-Type: text/plain\(type)\n\n\(body)"))
        #expect(found.diagnostics.map(\.code) == (expected.map { [$0] } ?? []))
    }

    @Test(
        "Other charsets",
        arguments: [
            ("iso-8859-1", "caf‹e9› ‹93›x‹94›", "café “x”"), ("windows-1251", "‹cff0e8e2e5f2›", "Привет"),
            ("koi8-r", "‹f0d2c9d7c5d4›", "Привет"), ("gb2312", "‹bcdbb8f1b1ed8139ee39›", "价格表㐀"),
            ("iso-8859-15", "‹a4›", "€"), ("windows-874", "‹a1›", "ก"), ("utf-7", "+ZeVnLIqe-", "日本語"),
            ("utf-16", "‹fffe42300a00›", "あ"), ("utf-16be", "‹3042000a›", "あ"), ("utf-16le", "‹42300a00›", "あ"),
            ("hz-gb-2312", "~{VPND~}", "中文"), ("utf-8", "‹efbbbf›mark", "mark"),
            (nil, "caf‹e9› cr‹e8›me", "café crème"),
            ("../../etc/passwd", "plain", "plain"), ("", "plain", "plain"),
            ("iso-2022-jp", "‹1b2442›$\"", "あ"), ("iso-2022-jp", "‹1b2442›$\"‹0a›abc", "あ\nabc"),
            ("iso-2022-jp", "‹1b2442›$", "\u{FFFD}"), ("iso-2022-jp", "‹1b2844›x", "(Dx"),
        ] as [(String?, String, String)]
    )
    func charsets(charset: String?, body: String, expected: String) {
        let type = charset.map { "; charset=\($0)" } ?? ""
        let found = Message(parsing: bytes("Content-Type: text/plain\(type)\n\n\(body)"))
        #expect(found.text.hasPrefix(expected))
    }

    @Test(
        "Transfer encodings, also malformed ones",
        arguments: [
            ("base64", "SGVs\nbG8h\n", "Hello!"), ("BASE64", "SGVs*!bG8h", "Hello!"), ("base64", "SGVsbG8", "Hello"),
            ("base64", "SGVs\nbG8=\nIQ==\n", "Hello!"), ("base64", "", ""), ("base64", "SGVsbG8hX", "Hello!"),
            ("quoted-printable", "He=6C=6co =\nthere=21  \n", "Hello there!\n"), ("quoted-printable", "a=ZZ=", "a=ZZ"),
            ("quoted-printable", "a= \t\nb", "ab"), ("quoted-printable", "=E3=81=82", "あ"),
            ("x-unknown", "Hello", "Hello"),
            ("8bit", "あ", "あ"), ("7bit ", "Hello", "Hello"),
            ("x-uuencode", "begin 644 a\n#0V%T\n`\nend\n", "Cat"),
        ]
    )
    func transferEncodings(encoding: String, body: String, expected: String) {
        let fields = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: \(encoding)"
        #expect(message(fields, body: body).text == expected)
    }

    @Test("Line ends become LF and control characters go")
    func lineEnds() {
        #expect(Message(parsing: bytes("\na\r\nb\nc\rd\r\r\ne‹000107›f\tg‹1b›")).text == "a\nb\nc\nd\n\nef\tg")
    }

    @Test("Plain text goes before HTML of the same content, which is kept beside it")
    func alternative() {
        let found = message(
            "Content-Type: multipart/alternative; boundary=b",
            body: "--b\n\nplain\n--b\nContent-Type: text/html\n\n<p>rich</p>\n--b--\n"
        )
        #expect(found.text == "plain")
        #expect(found.html == "<p>rich</p>")
        #expect(found.attachments.isEmpty)
    }

    @Test("HTML is rendered where the plain text is missing or blank")
    func blankAlternative() {
        let found = message(
            "Content-Type: multipart/alternative; boundary=b",
            body: "--b\n\n \n--b\nContent-Type: text/html\n\n<p>rich</p>\n--b--\n"
        )
        #expect(found.text == "rich\n")
        #expect(message("Content-Type: text/html", body: "<p>a &amp; b</p>").text == "a & b\n")
    }

    @Test("The charset of HTML is the declared one, else that of its mark or meta element")
    func htmlCharset() {
        let declared = "Content-Type: text/html; charset=shift_jis\n\n<meta charset=utf-8>‹82a0›"
        #expect(Message(parsing: bytes(declared)).text == "あ\n")
        let meta = "Content-Type: text/html\n\n<META http-equiv=x content='text/html; charset=Big5'>‹b77cc4b3›"
        #expect(Message(parsing: bytes(meta)).text == "會議\n")
        let mark = "Content-Type: text/html\n\n‹fffe›<‹00›p‹00›>‹004230›"
        #expect(Message(parsing: bytes(mark)).text == "あ\n")
    }

    @Test("Texts of a mixed message follow each other")
    func mixed() {
        let found = message(
            "Content-Type: multipart/mixed; boundary=b",
            body: "--b\n\none\n--b\nContent-Type: text/html\n\n<b>two</b>\n--b\n\nthree\n--b--\n"
        )
        #expect(found.text == "one\ntwo\nthree")
        #expect(found.html == "<b>two</b>")
    }

    @Test("Uuencoded files in a text are attachments, and the rest is text")
    func uuencode() throws {
        let body = "before\nbegin 644 ../dir/cat.txt\n#0V%T\n`\nend\nafter\nbegin to read\nbegin 644 x\nnot data\n"
        let found = message("Content-Type: text/plain", body: body)
        #expect(found.text == "before\nafter\nbegin to read\nbegin 644 x\nnot data\n")
        let file = try #require(found.attachments.first)
        #expect(found.attachments.count == 1)
        #expect(file.fileName == "cat.txt")
        #expect(file.path == "1.1")
        #expect(file.size == 3)
        #expect(found.content(of: file) == Array("Cat".utf8))
        #expect(found.diagnostics.contains { $0.code == .uuencodedFile })
    }

    @Test(
        "The snippet is the beginning of the text on one line",
        arguments: [
            ("short\n text\n\n", 160, "short text"), ("", 160, ""),
            ("one two three four five", 20, "one two three four…"),
            ("あいうえおかきくけこ", 5, "あいうえお…"), ("ab cd", 0, ""), ("\n\n\t \n x", 160, "x"),
        ]
    )
    func snippet(body: String, length: Int, expected: String) {
        #expect(message("Content-Type: text/plain; charset=utf-8", body: body).snippet(length: length) == expected)
    }

    @Test("The text of a long message ends at the limit")
    func longText() {
        let line = String(repeating: "x", count: 1023) + "\n"
        let body = String(repeating: line, count: Message.maximumTextSize / 1024 + 10)
        let found = Message(parsing: Array(("Subject: x\n\n" + body).utf8))
        #expect(found.text.utf8.count == Message.maximumTextSize)
        #expect(found.diagnostics.map(\.code) == [.truncatedText])
    }
}
