import Foundation
import MailkeepModel
import Testing

@testable import MailkeepApp

@Suite("The paths of exported mails")
struct ExportNamesTests {
    @Test(
        "A folder's name is one that Windows takes",
        arguments: [
            ("INBOX", "INBOX"), ("見積り 2026", "見積り 2026"), ("a:b*c?", "a_b_c_"), ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("Aux .x", "_Aux .x"), ("com1", "_com1"), ("LPT²", "_LPT²"), ("conin$", "_conin$"), ("COM10", "COM10"),
            ("..", "_"), (".hidden", "_.hidden"), ("end. . ", "end"), ("  lead", "lead"), ("", "_"),
            ("a\u{202e}b", "a_b"),
            ("a\u{0}\n\tb", "a___b"), ("\\\\server", "__server"), ("x.EML", "x.EML_"), ("\u{3000}", "_"),
        ]
    )
    func safe(name: String, safe: String) {
        #expect(ExportNames.safe(name) == safe)
    }

    @Test("A path is never too long, never leads out, and never the same twice on any system")
    func folders() {
        var names = ExportNames()
        #expect(names.folder("INBOX") == "mail/INBOX")
        #expect(names.folder("Inbox") == "mail/Inbox~2")
        #expect(names.folder("INBOX/Orders") == "mail/INBOX/Orders")
        #expect(names.folder("../../etc") == "mail/_/_/etc")
        #expect(names.folder("/") == "mail")
        #expect(names.folder("caf\u{e9}") == "mail/caf\u{e9}")
        #expect(names.folder("cafe\u{301}") == "mail/cafe\u{301}~2")
        #expect(names.folder("a:b") == "mail/a_b")
        #expect(names.folder("a?b") == "mail/a_b~2")
        let deep = Array(repeating: String(repeating: "深い", count: 100), count: 50).joined(separator: "/")
        let paths = (0..<20).map { names.folder("\(deep)/\($0)") }
        #expect(Set(paths.map { $0.lowercased() }).count == 20)
        for path in paths { #expect(path.utf16.count < 170 && !path.contains("//")) }
    }

    @Test("A mail's file is called by its date and its SHA-256")
    func files() throws {
        let digest = try #require(MailDigest(hex: String(repeating: "ab", count: 32)))
        let name = ExportNames.file(digest, sentAt: Timestamp(rawValue: 1_767_609_000_000))
        #expect(name == "20260105T103000-abababababababababababababababab.eml")
        #expect(digest.hex == String(repeating: "ab", count: 32))
        #expect(MailDigest(hex: "ab") == nil)
    }
}
