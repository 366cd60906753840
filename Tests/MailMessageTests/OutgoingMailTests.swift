import Foundation
import Testing

@testable import MailMessage

@Suite("Mail that Mailkeep writes")
struct OutgoingMailTests {
    @Test(
        "A name or a subject is one, whatever it holds",
        arguments: [
            "Ada", "Ada, the “first” <x@evil.example>", "田中 花子", "a\r\nBcc: x@evil.example", "=?UTF-8?B?QQ==?=",
            String(repeating: "とても長い名前", count: 20), "", "👩‍👩‍👧‍👦 e\u{301}", "a\u{0}b",
        ]
    )
    func header(text: String) throws {
        let mail = OutgoingMail(
            fromName: "Mailkeep",
            from: "mailkeep@sakura.example",
            toName: text,
            to: "ada@sakura.example",
            subject: text,
            text: "One\n二\n",
            messageID: "1.2@sakura.example",
            seconds: 1_700_000_000
        )
        let written = String(decoding: mail.bytes, as: UTF8.self)
        #expect(written.utf8.allSatisfy { $0 < 0x80 && $0 != 0 })
        let lines = written.components(separatedBy: "\r\n")
        #expect(lines.allSatisfy { $0.utf8.count <= 78 && !$0.contains("\n") && !$0.contains("\r") })
        let names = lines.prefix { !$0.isEmpty }.filter { !$0.hasPrefix(" ") }.map { $0.prefix { $0 != ":" } }
        #expect(
            names == [
                "Date", "From", "To", "Message-ID", "Subject", "Auto-Submitted", "MIME-Version", "Content-Type",
                "Content-Transfer-Encoding",
            ]
        )
        #expect(lines[0] == "Date: Tue, 14 Nov 2023 22:13:20 +0000")
        // What reads other people's mail reads it back.
        let message = Message(parsing: mail.bytes)
        #expect(message.header.to.map(\.address) == ["ada@sakura.example"])
        let said = text.split { $0.isWhitespace || $0 == "\0" }
        let read = message.header.subject.split(separator: " ")
        #expect(read.elementsEqual(said) { $0.unicodeScalars.elementsEqual($1.unicodeScalars) })
        #expect(message.text.contains("One") && message.text.contains("二"))
    }
}
