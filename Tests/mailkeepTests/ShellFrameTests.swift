import MailkeepModel
import NIOCore
import TestSupport
import Testing

@testable import mailkeep

@Suite("Frames between command and server")
struct ShellFrameTests {
    static let terminal = TerminalInfo(
        isOutputTerminal: true,
        isErrorTerminal: false,
        width: 132,
        locale: .japanese,
        userName: "sato",
        userID: 1000,
        directory: "/home/sato/書類"
    )

    static let frames: [ShellFrame] = [
        .hello(version: "1.2.3"),
        .otherUser,
        .command([], terminal),
        .command(["search", "請求書", "--json", ""], terminal),
        .request(1, .write([], .standardOutput)),
        .request(2, .write([0, 255, 10], .standardError)),
        .request(3, .readPassword(prompt: "パスワード: ")),
        .request(4, .readLine),
        .request(5, .openInput(file: 5, path: "users.csv")),
        .request(6, .read(file: 5)),
        .request(7, .openOutput(file: 7, path: "/tmp/x", mode: 0o600)),
        .request(8, .append(file: 7, [1, 2, 3])),
        .request(9, .commit(file: 7)),
        .request(.max, .close(file: .max)),
        .reply(1, .done),
        .reply(2, .bytes([UInt8](repeating: 7, count: 1000))),
        .reply(3, .line("s3cret")),
        .reply(4, .failure(ShellError(.notFound, path: "users.csv", "There is no users.csv."))),
        .reply(5, .failure(ShellError(.noTerminal, "No terminal."))),
        .exit(77),
        .exit(.min),
    ]

    @Test("Each is read back as it was written, in whatever pieces it comes", arguments: [1, 2, 3, 7, 4096])
    func roundTrip(piece: Int) throws {
        var buffer = ByteBuffer()
        for frame in Self.frames { try frame.write(to: &buffer) }
        let processor = NIOSingleStepByteToMessageProcessor(ShellFrameDecoder())
        var read: [ShellFrame] = []
        while let slice = buffer.readSlice(length: min(piece, buffer.readableBytes)), slice.readableBytes > 0 {
            try processor.process(buffer: slice) { read.append($0) }
        }
        try processor.finishProcessing(seenEOF: true) { read.append($0) }
        #expect(read == Self.frames)
    }

    @Test("A failure keeps its path and its words")
    func failure() throws {
        var buffer = ByteBuffer()
        try ShellFrame.reply(4, .failure(ShellError(.notFound, path: "users.csv", "Gone."))).write(to: &buffer)
        var decoder = ShellFrameDecoder()
        guard case .reply(4, .failure(let error)) = try decoder.decode(buffer: &buffer) else {
            Issue.record("another frame")
            return
        }
        #expect(error.path == "users.csv")
        #expect(error.message == "Gone.")
    }

    @Test("A frame of more than 1 MiB is neither written nor awaited")
    func limit() throws {
        var buffer = ByteBuffer()
        let arguments = [String](repeating: "argument", count: 100_000)
        #expect(throws: ShellError(.tooLarge, "")) {
            try ShellFrame.command(arguments, Self.terminal).write(to: &buffer)
        }
        #expect(buffer.readableBytes == 0)
        var decoder = ShellFrameDecoder()
        for length: UInt32 in [0, 1_048_577, .max] {
            var header = ByteBuffer(integer: length)
            #expect(throws: ShellError.malformed) { try decoder.decode(buffer: &header) }
        }
    }

    @Test("A newer version's greeting may say more")
    func greeting() throws {
        var buffer = ByteBuffer()
        try ShellFrame.hello(version: "9").write(to: &buffer)
        buffer.writeString("more")
        buffer.setInteger(UInt32(buffer.readableBytes - 4), at: 0)
        var decoder = ShellFrameDecoder()
        #expect(try decoder.decode(buffer: &buffer) == .hello(version: "9"))
    }

    @Test("Descriptions show neither passwords nor arguments nor content")
    func redacted() {
        let frames: [ShellFrame] = [
            .reply(3, .line("s3cret")),
            .command(["--email", "s3cret"], Self.terminal),
            .reply(3, .failure(ShellError(.notFound, path: "s3cret", "s3cret"))),
            .request(1, .openInput(file: 1, path: "s3cret")),
            .request(1, .readPassword(prompt: "s3cret")),
        ]
        for frame in frames {
            #expect(!"\(frame)".contains("s3cret"))
            #expect(!String(reflecting: frame).contains("s3cret"))
        }
    }

    @Test("Garbage gives an error or nothing, never a trap", arguments: 0..<8)
    func garbage(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<1000 {
            var buffer = ByteBuffer(bytes: Self.mutation(&random))
            var decoder = ShellFrameDecoder()
            while let frame = try? decoder.decode(buffer: &buffer) { _ = frame.description }
        }
    }

    /// Random bytes, or frames of which a few bytes were changed.
    static func mutation(_ random: inout SeededRandom) -> [UInt8] {
        guard Bool.random(using: &random) else {
            return (0..<Int.random(in: 0..<200, using: &random)).map { _ in .random(in: 0...255, using: &random) }
        }
        var buffer = ByteBuffer()
        for _ in 0..<3 {
            try? frames.randomElement(using: &random)?.write(to: &buffer)
        }
        var bytes = Array(buffer.readableBytesView)
        for _ in 0..<Int.random(in: 1..<6, using: &random) {
            bytes[Int.random(in: 0..<bytes.count, using: &random)] =
                [0, 1, 127, 255, .random(in: 0...255, using: &random)]
                .randomElement(using: &random) ?? 0
        }
        return bytes
    }
}
