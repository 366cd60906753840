import MailMessage
import Testing

@Suite("The structure of messages")
struct StructureTests {
    @Test("Boundaries that begin alike are told apart")
    func prefixes() {
        let found = message(
            "Content-Type: multipart/mixed; boundary=A",
            body: "--A\nContent-Type: multipart/mixed; boundary=AA\n\n--AA\n\ninner\n--AA--\n--A\n\nouter\n--A--\n"
        )
        #expect(found.text == "inner\nouter")
        #expect(found.diagnostics.isEmpty)
    }

    @Test(
        "Multiparts with missing or false boundaries are texts, and said so",
        arguments: [
            ("multipart/mixed", Diagnostic.Code.missingBoundary),
            ("multipart/mixed; boundary=\"\"", .missingBoundary),
            ("multipart/mixed; boundary=other", .emptyMultipart),
        ]
    )
    func noBoundary(type: String, expected: Diagnostic.Code) {
        let found = message("Content-Type: \(type)", body: "--b\n\ntext\n--b--\n")
        #expect(found.text == "--b\n\ntext\n--b--\n")
        #expect(found.diagnostics.contains { $0.code == expected })
    }

    @Test("A multipart without its end reaches to the end of the message or of the multipart around it")
    func unclosed() {
        let open = message("Content-Type: multipart/mixed; boundary=b", body: "prologue\n--b\n\none\n--b\n\ntwo\n")
        #expect(open.text == "one\ntwo\n")
        #expect(open.diagnostics.map(\.code) == [.unclosedMultipart])
        let inner = message(
            "Content-Type: multipart/mixed; boundary=b",
            body: "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\none\n--b\n\ntwo\n--b--\nepilogue\n"
        )
        #expect(inner.text == "one\ntwo")
        #expect(inner.diagnostics.map(\.code) == [.unclosedMultipart])
    }

    @Test("Boundaries may have blanks behind them and quotes around them, and stand anywhere but inside lines")
    func boundaryLines() {
        let found = message(
            "Content-Type: multipart/mixed; boundary=\"=_a b:c?\"",
            body: "--=_a b:c? \t\n\none --=_a b:c?\n --=_a b:c?\n--=_a b:c?x\n--=_a b:c?--  \n--=_a b:c?\n\nno\n"
        )
        #expect(found.text == "one --=_a b:c?\n --=_a b:c?\n--=_a b:c?x")
    }

    @Test("Parts without headers, without bodies and without anything")
    func emptyParts() {
        let found = message(
            "Content-Type: multipart/mixed; boundary=b",
            body: "--b\n--b\n\n--b\nContent-Type: text/plain\n--b\nContent-Type: a/b\n\n--b\ntext\n--b--\n"
        )
        #expect(found.text == "text")
        #expect(found.attachments.map(\.path) == ["4"])
        #expect(found.attachments.map(\.size) == [0])
    }

    @Test("Of several Content-Types the first counts")
    func twoTypes() {
        let found = message("Content-Type: text/plain\nContent-Type: text/html", body: "<b>x</b>\n")
        #expect(found.text == "<b>x</b>\n")
        #expect(found.html == nil)
        #expect(found.diagnostics.map(\.code) == [.repeatedField])
    }

    @Test("A text with a name is an attachment, unless it is the whole message or there is no other text")
    func namedTexts() {
        let part = "--b\n\ntext\n--b\nContent-Type: text/plain; name=a.txt\n\nfile\n--b--\n"
        let mixed = message("Content-Type: multipart/mixed; boundary=b", body: part)
        #expect(mixed.text == "text")
        #expect(mixed.attachments.map(\.fileName) == ["a.txt"])
        #expect(message("Content-Type: text/plain; name=a.txt", body: "file\n").text == "file\n")
        let only = message(
            "Content-Type: multipart/mixed; boundary=b",
            body: "--b\nContent-Type: text/plain; name=a.txt\n\nfile\n--b--\n"
        )
        #expect(only.text == "file")
        #expect(only.attachments.map(\.fileName) == ["a.txt"])
    }

    @Test("Ten thousand levels of nesting are read as deep as is sensible")
    func deepNesting() {
        var raw = "Subject: deep\n"
        for level in 0..<10_000 {
            raw += "Content-Type: multipart/mixed; boundary=b\(level)\n\n--b\(level)\n"
        }
        raw += "\nbottom\n"
        let found = Message(parsing: Array(raw.utf8))
        #expect(found.header.subject == "deep")
        #expect(found.diagnostics.contains { $0.code == .nestedTooDeep })
        #expect(found.attachments.count == 1)
    }

    @Test("Messages in messages in messages are one attachment")
    func nestedMessages() {
        var raw = ""
        for level in 0..<2000 { raw += "Subject: \(level)\nContent-Type: message/rfc822\n\n" }
        let found = Message(parsing: Array(raw.utf8))
        #expect(found.attachments.map(\.fileName) == ["1.eml"])
    }

    @Test("Twenty thousand parts are twenty thousand parts, and there is a limit")
    func manyParts() {
        func parts(_ count: Int) -> Message {
            let part = "--b\nContent-Type: a/b\n\nx\n"
            return message("Content-Type: multipart/mixed; boundary=b", body: String(repeating: part, count: count))
        }
        let many = parts(20_000)
        #expect(many.attachments.count == 20_000)
        #expect(many.attachments.last?.path == "20000")
        let tooMany = parts(60_000)
        #expect(tooMany.attachments.count < 60_000)
        #expect(tooMany.diagnostics.contains { $0.code == .tooManyParts })
    }

    @Test("Parts of one boundary that is opened again and again are read in reasonable time")
    func repeatedBoundary() {
        let part = "--b\nContent-Type: multipart/mixed; boundary=b\n\n"
        let found = message("Content-Type: multipart/mixed; boundary=b", body: String(repeating: part, count: 20_000))
        #expect(!found.diagnostics.isEmpty)
    }
}
