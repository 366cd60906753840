import IMAPCore
import Testing

@Suite("Mailbox names")
struct MailboxNameTests {
    @Test(
        "Names are decoded for people and found again",
        arguments: [
            ("INBOX", "INBOX"), ("a &- b", "a & b"), ("&istsQmb4-", "請求書"),
            ("~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"),
            ("&2D3eAA-x", "😀x"),
        ]
    )
    func modifiedUTF7(encoded: String, decoded: String) {
        let name = IMAPMailboxName(bytes: Array(encoded.utf8))
        #expect(name.displayName == decoded)
        #expect(IMAPMailboxName(displayName: decoded) == name)
    }

    @Test(
        "Names that break the rules stand as they are",
        arguments: ["&", "a&b", "&a-", "&Jj-&", "&2D0-", "R&D", "&U,BTFx-"]
    )
    func broken(encoded: String) {
        #expect(IMAPMailboxName(bytes: Array(encoded.utf8)).displayName == encoded)
    }

    @Test("Names in UTF-8 are read as such")
    func utf8() {
        #expect(IMAPMailboxName(bytes: Array("請求書 & Co".utf8)).displayName == "請求書 & Co")
    }

    @Test(
        "Any name can be stored as text and is the same afterwards",
        arguments: [
            Array("請求書".utf8), Array("&istsQmb4-".utf8), [0x61, 0xE9], [0xFF], Array("\u{FFFD}61".utf8), [],
            [0xEF, 0xBF, 0xBD],
        ]
    )
    func rawValue(bytes: [UInt8]) {
        let name = IMAPMailboxName(bytes: bytes)
        #expect(IMAPMailboxName(rawValue: name.rawValue) == name)
        #expect(!name.displayName.isEmpty || bytes.isEmpty)
    }
}
