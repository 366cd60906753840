import NIOCore
import Testing

@testable import IMAPCore

/// How much a server can make the decoder hold, and for how long it is busy.
@Suite("What the decoder holds", .timeLimit(.minutes(10)))
struct DecoderMemoryTests {
    /// A beginning, and a piece that follows it again and again.
    struct Flood: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let beginning: String
        let piece: String

        init(_ description: String, _ beginning: String, _ piece: String) {
            (testDescription, self.beginning, self.piece) = (description, beginning, piece)
        }
    }

    private static let address = "\"A Name\" <someone@customer.example>, "

    private static let floods = [
        Flood("a line without end", "* OK ", "x"),
        Flood("a message", "* 1 FETCH (UID 1 BODY[] {1000000000}\r\n", "line\r\n"),
        Flood("a header of addresses", "* 1 FETCH (UID 1 BODY[HEADER] {1000000000}\r\nTo: ", address),
        Flood("an envelope of addresses", "* 1 FETCH (UID 1 ENVELOPE (NIL NIL (", "(\"A\" NIL \"b\" \"c.example\")"),
        Flood("a literal that is not held", "* 1 FETCH (UID 1 ENVELOPE (\"a\" {1000000000}\r\n", "x"),
        Flood("literals without end", "* 1 FETCH (UID 1 ENVELOPE (", "{10}\r\n0123456789 "),
        Flood("empty literals", "* 1 FETCH (UID 1 ENVELOPE (", "{0}\r\n "),
        Flood("sections", "* 1 FETCH (UID 1", " BODY[] {2}\r\nab"),
        Flood("sections in quotes", "* 1 FETCH (UID 1", " BODY[] \"ab\""),
        Flood("mailboxes", "", "* LIST () \"/\" \"a/b/c\"\r\n"),
        Flood("identifiers", "* SEARCH", " 4294967295"),
        Flood("ranges", "* ESEARCH UID ALL 1", ",1:4294967295"),
        Flood("attributes", "* LIST (", "\\A "),
        Flood("capabilities", "* CAPABILITY", " X"),
        Flood("parentheses", "* 1 FETCH (X ", "("),
        Flood("escapes", "* LIST () \"/\" \"", "\\\""),
        Flood("brackets", "* 1 FETCH (X ", "["),
        Flood("status lists", "* STATUS a", " (a"),
        Flood("blank lines", "", "\r\n"),
        Flood("nonsense", "", "nonsense\r\n"),
    ]

    private static var limits: IMAPLimits {
        var limits = IMAPLimits()
        limits.lineLength = 1 << 17
        limits.literalLength = 1 << 16
        limits.responseLength = 1 << 18
        return limits
    }

    @Test("A megabyte of anything makes it hold no more than one response, or an error", arguments: floods)
    func holds(_ flood: Flood) throws {
        let limits = Self.limits
        var decoder = IMAPResponseDecoder(limits: limits)
        var buffer = ByteBuffer(string: flood.beginning)
        let chunk = ByteBuffer(repeating: flood.piece, upTo: 1 << 16)
        var most = 0
        do {
            for _ in 0..<16 {
                buffer.writeImmutableBuffer(chunk)
                while let fragment = try decoder.decode(buffer: &buffer) {
                    if case .sectionBytes(let bytes) = fragment {
                        #expect(bytes.readableBytes <= 2 * chunk.readableBytes)
                    }
                }
                buffer.discardReadBytes()
                most = max(most, buffer.readableBytes + decoder.heldBytes)
            }
        } catch let error as IMAPDecodingError {
            #expect(error.code == .limitExceeded)
        }
        #expect(most <= limits.responseLength + chunk.readableBytes)
    }

    @Test("What was held for a response goes with it")
    func letsGo() throws {
        var decoder = IMAPResponseDecoder(limits: Self.limits)
        var buffer = ByteBuffer()
        for _ in 0..<50 {
            buffer.writeString("* LIST () \"/\" {60000}\r\n\(String(repeating: "x", count: 60_000))\r\n")
            #expect(try decoder.decode(buffer: &buffer) != nil)
            #expect(decoder.heldBytes == 0)
        }
        buffer.writeString("* 1 FETCH (UID 1 ENVELOPE ({70000}\r\n\(String(repeating: "x", count: 60_000))")
        #expect(try decoder.decode(buffer: &buffer) == nil)
        #expect(decoder.heldBytes < 100 && buffer.readableBytes == 0)
    }
}

extension ByteBuffer {
    /// A text again and again, about as long as is said.
    fileprivate init(repeating text: String, upTo length: Int) {
        self.init(string: String(repeating: text, count: max(1, length / text.utf8.count)))
    }
}
