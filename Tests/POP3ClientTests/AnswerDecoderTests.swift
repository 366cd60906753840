import MailConnection
import NIOCore
import Testing

@testable import POP3Client

@Suite("Answers as bytes become answers as pieces")
struct AnswerDecoderTests {
    /// The message in an answer that comes in pieces of these sizes; nil where it has no end yet.
    private static func message(
        _ bytes: [UInt8],
        pieces: [Int] = [.max],
        limits: POP3Limits = POP3Limits()
    ) throws -> (text: [UInt8], left: Int)? {
        var decoder = POP3AnswerDecoder(limits: limits)
        decoder.begin(.message)
        var (buffer, text, rest, turn) = (ByteBuffer(), [UInt8](), bytes[...], 0)
        while true {
            while let fragment = try decoder.decode(&buffer) {
                switch fragment {
                case .bytes(let part): text += part.readableBytesView
                case .end: return (text, buffer.readableBytes + rest.count)
                case .status, .line: break
                }
            }
            guard !rest.isEmpty else { return nil }
            let piece = rest.prefix(pieces[turn % pieces.count])
            turn += 1
            buffer.writeBytes(piece)
            rest = rest.dropFirst(piece.count)
        }
    }

    @Test(
        "Stuffed dots are taken away, and a message ends at a dot alone on its line, wherever the bytes are cut",
        arguments: [
            ("a\r\nb\r\n", "a\r\nb\r\n"), ("", ""), ("..\r\n", ".\r\n"), ("...\r\n", "..\r\n"),
            ("..a\r\n...\r\n", ".a\r\n..\r\n"), ("a.\r\n", "a.\r\n"), ("\r\n\r\n", "\r\n\r\n"),
            // A lone LF or CR begins no line: a dot behind it is the mail's own, and ends nothing.
            ("a\n.\r\nb\r\n", "a\n.\r\nb\r\n"), ("a\n..\r\n", "a\n..\r\n"), ("a\r.\r\nb\r\n", "a\r.\r\nb\r\n"),
            ("..\rb\r\n", ".\rb\r\n"), (".\rb\r\n", "\rb\r\n"), (".\r.\r\n", "\r.\r\n"), ("a\r\r\n", "a\r\r\n"),
            ("From me\r\n..\n.\r\r\n", "From me\r\n.\n.\r\r\n"),
        ]
    )
    func unstuffing(wire: String, text: String) throws {
        let bytes = Array("+OK go\r\n\(wire).\r\n+OK next\r\n".utf8)
        for first in 1...bytes.count {
            for pieces in [[first, .max], [first, 1], [1]] {
                let read = try #require(try Self.message(bytes, pieces: pieces))
                #expect(String(decoding: read.text, as: UTF8.self) == text)
                #expect(read.left == "+OK next\r\n".utf8.count)
            }
        }
    }

    @Test("Bytes of every value come through as they are")
    func anyBytes() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let text =
                (0..<Int.random(in: 0...400)).map { _ -> UInt8 in
                    Bool.random(using: &random)
                        ? [0x0D, 0x0A, UInt8(ascii: ".")].randomElement() ?? 0 : .random(in: 0...255)
                } + [0x0D, 0x0A]
            var wire: [UInt8] = []
            for (index, byte) in text.enumerated() {
                let isLineStart = index == 0 || index > 1 && text[index - 1] == 0x0A && text[index - 2] == 0x0D
                if isLineStart, byte == UInt8(ascii: ".") { wire.append(byte) }
                wire.append(byte)
            }
            let bytes = Array("+OK\r\n".utf8) + wire + Array(".\r\n".utf8)
            let pieces = (0..<5).map { _ in Int.random(in: 1...50) }
            #expect(try Self.message(bytes, pieces: pieces)?.text == text)
        }
    }

    @Test("A refusal has one line, and a listing as many as come before its dot")
    func listings() throws {
        var decoder = POP3AnswerDecoder(limits: POP3Limits())
        var buffer = ByteBuffer(string: "+OK two\r\n1 20\r\n..2 30\n.\r\n-ERR [IN-USE] later\r\n")
        decoder.begin(.lines)
        var pieces: [POP3Fragment] = []
        while let piece = try decoder.decode(&buffer) { pieces.append(piece) }
        #expect(pieces.dropFirst() == [.line("1 20"), .line(".2 30"), .end])
        #expect(decoder.isEnded)
        decoder.begin(.message)
        guard case .status(let status) = try decoder.decode(&buffer) else { throw POP3Error(.invalidResponse, "none") }
        #expect(status.responseCode == "IN-USE" && status.isTemporary && !status.isOK && decoder.isEnded)
    }

    @Test("What is longer than it may be is refused while it comes, and so is what is neither good nor bad")
    func limits() throws {
        var limits = POP3Limits()
        (limits.lineLength, limits.messages, limits.messageLength) = (100, 3, 50)
        let tooMuch = POP3Error(.connection(.limitExceeded), "")
        for (form, wire) in [
            (POP3AnswerDecoder.Form.status, String(repeating: "x", count: 100)),
            (.lines, "+OK\r\n" + String(repeating: "1 1\r\n", count: 4)),
            (.lines, "+OK\r\n" + String(repeating: "1", count: 100)),
            (.message, "+OK\r\n" + String(repeating: "x", count: 51)),
        ] {
            var decoder = POP3AnswerDecoder(limits: limits)
            decoder.begin(form)
            var buffer = ByteBuffer(string: wire)
            #expect(throws: tooMuch) { while try decoder.decode(&buffer) != nil {} }
        }
        for wire in ["* OK\r\n", "\r\n", "OK\r\n", "HTTP/1.1 400 Bad Request\r\n"] {
            var decoder = POP3AnswerDecoder(limits: limits)
            decoder.begin(.status)
            var buffer = ByteBuffer(string: wire)
            #expect(throws: POP3Error(.invalidResponse, "")) { try decoder.decode(&buffer) }
        }
    }
}
