import MailConnection
import NIOCore
import Testing

@Suite("How long a command may take")
struct PatienceTests {
    private static func patience(messages: Int = 100) -> Patience {
        let endpoint = MailEndpoint(
            host: "mail.example.jp",
            port: 993,
            commandTimeout: .seconds(60),
            minimumRate: 1000,
            isAddressAllowed: { _ in true }
        )
        return Patience(endpoint, messages: messages)
    }

    @Test("Without mail it is the time that is set; the next command has all of it again")
    func withoutMail() throws {
        var patience = Self.patience()
        #expect(try patience.left() == .seconds(60))
        patience.note(waited: .seconds(59))
        #expect(try patience.left() == .seconds(1))
        patience.note(waited: .seconds(1))
        #expect(throws: ConnectionError(.timeout, "")) { try patience.left() }
        patience.begin()
        #expect(try patience.left() == .seconds(60))
    }

    @Test("A message that comes slowly but comes has the time it needs; one that drips has not")
    func withMail() throws {
        var (slow, dripping) = (Self.patience(), Self.patience())
        for _ in 0..<1000 {
            slow.note(mailBytes: 10_000)
            slow.note(waited: .seconds(10))
            #expect(try slow.left() == .seconds(60))
        }
        for _ in 0..<6 {
            dripping.note(mailBytes: 10)
            dripping.note(waited: .seconds(10))
        }
        #expect(throws: ConnectionError(.timeout, "")) { try dripping.left() }
        slow.note(mailBytes: .max / 2)
        #expect(try slow.left() > .hours(24 * 365))
    }

    @Test("Twice as many answers as a mailbox may hold messages are enough")
    func answers() throws {
        var patience = Self.patience()
        for _ in 0..<200 { try patience.noteFragment() }
        #expect(throws: ConnectionError(.limitExceeded, "")) { try patience.noteFragment() }
        patience.begin()
        try patience.noteFragment()
    }
}
