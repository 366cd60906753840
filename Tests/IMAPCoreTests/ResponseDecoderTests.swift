import IMAPCore
import NIOCore
import NIOTestUtils
import Testing

@Suite("The decoder")
struct ResponseDecoderTests {
    private static let session = """
        * OK [CAPABILITY IMAP4rev1] ready {4}\r
        * LIST () "/" {6}\r
        a\r
        {9}\r
        * 1 FETCH (UID 4 ENVELOPE ({3}\r
        a)( NIL) BODY[HEADER.FIELDS (FROM)] {11}\r
        From: a\r
        \r
         BODY[] ~{10}\r
        )\r
        A1 OK\r
         RFC822.SIZE 10)\r
        * 2 FETCH (BODY[] {0}\r
         UID 5)\r
        A1 OK done\r

        """

    private static let envelopeFetch = IMAPFetch(sequenceNumber: 1, uid: 4)

    private static let expected: [IMAPFragment] = [
        .response(.status(IMAPStatus(.ok, code: .capability(["IMAP4REV1"]), text: "ready {4}"))),
        .response(
            .list(IMAPListEntry(attributes: [], delimiter: "/", name: IMAPMailboxName(bytes: Array("a\r\n{9}".utf8))))
        ),
        .sectionBegan(.header, length: 11, fetch: envelopeFetch),
        .sectionBytes(ByteBuffer(string: "From: a\r\n\r\n")),
        .sectionEnded,
        .sectionBegan(.message, length: 10, fetch: envelopeFetch),
        .sectionBytes(ByteBuffer(string: ")\r\nA1 OK\r\n")),
        .sectionEnded,
        .response(.fetch(IMAPFetch(sequenceNumber: 1, uid: 4, size: 10))),
        .sectionBegan(.message, length: 0, fetch: IMAPFetch(sequenceNumber: 2)),
        .sectionEnded,
        .response(.fetch(IMAPFetch(sequenceNumber: 2, uid: 5))),
        .response(.tagged(tag: "A1", IMAPStatus(.ok, text: "done"))),
    ]

    @Test("A session means the same however its bytes arrive")
    func splits() throws {
        let bytes = Array(Self.session.utf8)
        for pieces in 1...bytes.count {
            #expect(try decode(bytes, pieces: pieces) == Self.expected, "pieces of \(pieces)")
        }
        for split in 1..<bytes.count {
            let processor = NIOSingleStepByteToMessageProcessor(IMAPResponseDecoder())
            var responses: [IMAPFragment] = []
            for part in [bytes[..<split], bytes[split...]] {
                try processor.process(buffer: ByteBuffer(bytes: part)) { fragment in
                    if case .response = fragment { responses.append(fragment) }
                }
            }
            #expect(responses == Self.expected.filter { if case .response = $0 { true } else { false } })
            #expect(processor.unprocessedBytes == 0)
        }
    }

    @Test("Responses stand the decoder verifier of NIO")
    func verifier() throws {
        let pairs: [(ByteBuffer, [IMAPFragment])] = [
            (
                ByteBuffer(string: "* 1 FETCH (ENVELOPE (\"a\" {2}\r\n\r\n NIL) UID 3)\r\n"),
                [.response(.fetch(IMAPFetch(sequenceNumber: 1, uid: 3)))]
            ),
            (ByteBuffer(string: "* 3 EXISTS\r\n"), [.response(.exists(3))]),
            (
                ByteBuffer(string: "A1 OK [UIDNEXT 7] done\r\n"),
                [.response(.tagged(tag: "A1", IMAPStatus(.ok, code: .uidNext(7), text: "done")))]
            ),
        ]
        try ByteToMessageDecoderVerifier.verifyDecoder(inputOutputPairs: pairs) { IMAPResponseDecoder() }
    }

    @Test("A section's bytes are passed on before it is complete")
    func streams() throws {
        var decoder = IMAPResponseDecoder()
        var buffer = ByteBuffer(string: "* 1 FETCH (UID 9 BODY[] {1000}\r\nabc")
        let began = try decoder.decode(buffer: &buffer)
        #expect(began == .sectionBegan(.message, length: 1000, fetch: IMAPFetch(sequenceNumber: 1, uid: 9)))
        #expect(try decoder.decode(buffer: &buffer) == .sectionBytes(ByteBuffer(string: "abc")))
        #expect(try decoder.decode(buffer: &buffer) == nil)
    }

    private static var tightLimits: IMAPLimits {
        var limits = IMAPLimits()
        limits.lineLength = 100
        limits.literalLength = 50
        limits.responseLength = 150
        limits.messageLength = 1000
        return limits
    }

    @Test(
        "More than the limits is refused before it is held",
        arguments: [
            "* OK " + String(repeating: "x", count: 100),
            "* OK " + String(repeating: "x", count: 100) + "\r\n",
            "* LIST () \"/\" {1001}\r\n",
            "* LIST () \"/\" {4294967295}\r\n",
            "* LIST () \"/\" {99999999999999999999999}\r\n",
            "* 1 FETCH (BODY[] {1001}\r\n",
            "* 1 FETCH (BODY[] {4294967295}\r\n",
            "* 1 FETCH (BODY[] {99999999999999999999999}\r\n",
            "* 1 FETCH (BODY[] {18446744073709551615+}\r\n",
        ]
    )
    func limits(text: String) {
        #expect(throws: IMAPDecodingError(.limitExceeded, "")) { try decode(text, limits: Self.tightLimits) }
        #expect(throws: IMAPDecodingError(.limitExceeded, "")) {
            try decode(text, pieces: 1, limits: Self.tightLimits)
        }
    }

    /// So many of a piece after a beginning.
    struct Repetition: Sendable, CustomTestStringConvertible {
        let beginning: String
        let piece: String
        let count: Int

        var testDescription: String { "\(beginning) and \(count) times \(piece.debugDescription)" }
    }

    @Test(
        "Deep nesting, many literals and many sections come to an end",
        .timeLimit(.minutes(10)),
        arguments: [
            Repetition(beginning: "* 1 FETCH (X ", piece: "(", count: 200_000),
            Repetition(beginning: "* 1 FETCH (X (", piece: "{0}\r\n ", count: 60_000),
            Repetition(beginning: "* 1 FETCH (", piece: "BODY[] {0}\r\n ", count: 60_000),
            Repetition(beginning: "* SEARCH", piece: " 7", count: 200_000),
            Repetition(beginning: "", piece: "\r\n", count: 200_000),
        ]
    )
    func repetitions(_ text: Repetition) throws {
        let whole = text.beginning + String(repeating: text.piece, count: text.count) + "\r\n"
        do {
            _ = try decode(whole, pieces: 4096)
        } catch is IMAPDecodingError {
            // What exceeds a limit, or never closes, is refused.
        }
    }

    @Test("No byte in the wrong place traps")
    func survivesDamage() {
        let bytes = Array(Self.session.utf8)
        for position in bytes.indices {
            for replacement in [UInt8(0), 10, 13, 34, 40, 41, 91, 93, 123, 125, 126, 255] {
                var damaged = bytes
                damaged[position] = replacement
                _ = try? decode(damaged)
            }
            _ = try? decode(Array(bytes[position...]))
        }
    }
}
