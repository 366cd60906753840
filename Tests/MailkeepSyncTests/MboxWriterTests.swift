import Foundation
import MailkeepModel
import Testing

@testable import MailkeepSync

@Suite("An mbox file as it is written")
struct MboxWriterTests {
    private static let moment = Timestamp(rawValue: 1_767_609_000_000)

    /// What mails of the world have in them, and a format made of lines could lose.
    static let hostile: [String] = [
        "Subject: x\r\n\r\nbody\r\n", "Subject: x\n\nlone LF\nFrom me\n", "Subject: x\r\n\r\nno end", "Subject: x", "x",
        "From me", "From ", "From", "Fro", ">", ">>", ">From", ">From me\r\n>>From me\r\n>>> From me\r\n", "\r", "\n",
        "\r\n", "\n\n", "\r\n\r\n", "\r\n\r\n\r\n", "a\rFrom me\r", "a\r\r\nFrom b\r\r\n", "\0\0\r\nFrom \0\r\n\0",
        "Subject: x\r\n\r\nFrom a@b Thu Jan  1 00:00:00 2026\r\nSubject: y\r\n\r\n\r\n",
        "a\r\n\r\nFrom a@b Thu Jan  1 00:00:00 2026 NOEOL\r\nb", "a\r\n\r\n\r\nFrom ", "\u{feff}From x\r\n",
        "\u{1a}\r\n",
        String(repeating: ">", count: 254) + "From me\r\n", String(repeating: ">", count: 255) + "From me\r\n",
        String(repeating: ">", count: 5000) + "From me\r\n" + String(repeating: ">", count: 5000), "", "",
        String(repeating: "long ", count: 300_000) + "\r\nFrom me", "Subject: x\r\n\r\nlast\r\n",
    ]

    /// The mails as a file, each handed over in pieces of a size.
    private static func file(_ mails: [Data], pieces: Int = 1 << 20) -> (bytes: [UInt8], offsets: [Int64]) {
        var writer = MboxWriter()
        var (bytes, offsets) = ([UInt8](), [Int64]())
        for mail in mails {
            bytes += writer.begin(sender: "taro@customer.example", at: moment, hasEnd: mail.last == 0x0A)
            offsets.append(Int64(bytes.count))
            var rest = mail
            while !rest.isEmpty {
                bytes += writer.quote(Data(rest.prefix(pieces)))
                rest = Data(rest.dropFirst(pieces))
            }
            bytes += writer.rest()
            bytes += writer.finish()
        }
        return (bytes, offsets)
    }

    private static func readBack(_ bytes: [UInt8]) async throws -> (mails: [Data], offsets: [Int64]) {
        let path = NSTemporaryDirectory() + "mbox-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(bytes).write(to: URL(filePath: path))
        let real = URL(filePath: path).resolvingSymlinksInPath().path
        let file = try await MboxFile(path: real)
        var (mails, offsets) = ([Data](), [Int64]())
        for number in 0..<file.count {
            let mail = try file.mail(number + 1)
            var bytes = Data()
            while let piece = try mail.next() { bytes.append(contentsOf: piece) }
            mails.append(bytes)
            offsets.append(mail.offset)
        }
        return (mails, offsets)
    }

    @Test("Every byte can be had back, however the mail came in pieces", arguments: [1, 2, 3, 5, 7, 1 << 20])
    func roundTrip(pieces: Int) async throws {
        let mails = Self.hostile.map { Data($0.utf8.prefix(pieces == 1 << 20 ? .max : 20_000)) }
        let (bytes, offsets) = Self.file(mails, pieces: pieces)
        let read = try await Self.readBack(bytes)
        #expect(read.mails.map { [UInt8]($0.prefix(99)) } == mails.map { [UInt8]($0.prefix(99)) })
        #expect(read.mails == mails)
        #expect(read.offsets == offsets)
    }

    @Test("Bytes of every kind can be had back, beside mails of every other")
    func randomMails() async throws {
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("\r\n>From \0é\n".utf8)
        let mails = (0..<400).map { _ in
            Data((0..<Int.random(in: 0...60, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? 0 })
        }
        #expect(try await Self.readBack(Self.file(mails).bytes).mails == mails)
    }

    @Test("The form is the documented one")
    func form() {
        let (bytes, _) = Self.file([Data("a\r\n>From b\r\nFrom c".utf8), Data("d\r\n".utf8)])
        let separator = "From taro@customer.example Mon Jan  5 10:30:00 2026"
        let text = "\(separator) NOEOL\r\na\r\n>>From b\r\n>From c\r\n\r\n\(separator)\r\nd\r\n\r\n"
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    @Test(
        "What is no plain address is none, and what is no date of a mail is the first of 1970",
        arguments: [
            (nil, "MAILER-DAEMON"), ("", "MAILER-DAEMON"), ("a b@c", "MAILER-DAEMON"), ("a\r\nFrom b", "MAILER-DAEMON"),
            ("日本@example.jp", "MAILER-DAEMON"), (String(repeating: "a", count: 255), "MAILER-DAEMON"), ("a@b", "a@b"),
        ]
    )
    func separators(sender: String?, shown: String) {
        var writer = MboxWriter()
        let far = [Int64.min, -9_000_000_000_000, 99_000_000_000_000, .max].map(Timestamp.init)
        for moment in far + [Timestamp(rawValue: 999)] {
            let line = writer.begin(sender: sender, at: moment, hasEnd: true)
            #expect(String(decoding: line, as: UTF8.self) == "From \(shown) Thu Jan  1 00:00:00 1970\r\n")
        }
    }
}
