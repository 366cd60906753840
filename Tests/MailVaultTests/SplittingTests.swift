import Foundation
import Synchronization
import Testing

@testable import MailVault

@Suite("Splitting content into parts, and putting it together again")
struct SplittingTests {
    private static func mail(_ subject: String, attachment: [UInt8]) -> [UInt8] {
        Array("Subject: \(subject)\r\nContent-Transfer-Encoding: base64\r\n\r\n".utf8) + base64(attachment)
    }

    private static func anything() -> [UInt8] {
        switch Int.random(in: 0..<14) {
        case 0: base64(noise(.random(in: 0...300)))
        case 1: base64(noise(.random(in: 0...20_000)))
        case 2: base64(noise(57 * .random(in: 1...300)), width: 4 * .random(in: 10...19))
        case 3: Array(base64(noise(900)).dropLast(.random(in: 1...80)))
        case 4: base64(noise(200), end: "\n")
        case 5: text(.random(in: 0...30_000))
        case 6: noise(.random(in: 0...9000))
        case 7: [UInt8](repeating: UInt8(ascii: "A"), count: .random(in: 0...400)) + [13, 10]
        case 8: [UInt8](repeating: 0, count: .random(in: 0...200))
        case 9: [[0x0D], [0x0A], [0x0D, 0x0A], [0x0D, 0x0D, 0x0A]].randomElement() ?? []
        default:
            Array(
                ["--boundary\r\nA: b\r\n\r\n", "QQ==\r\n", "QUJD\r\n", "=\r\n====\r\n", "From: x\r\n >From y\r\n"]
                    .randomElement()?.utf8 ?? "".utf8
            )
        }
    }

    private func pieces(of content: [UInt8], in chunks: Int = .max) throws -> [(ContentSplitter.Encoding, [UInt8])] {
        let splitter = ContentSplitter(buffer: FrameBuffer(), cuts: ContentCuts(keys: try VaultFixture().keys))
        var pieces: [(ContentSplitter.Encoding, [UInt8])] = []
        var rest = content[...]
        while !rest.isEmpty {
            rest.prefix(chunks).withUnsafeBytes { bytes in
                splitter.append(bytes) { pieces.append(($0.encoding, Array($0.bytes))) }
            }
            rest = rest.dropFirst(chunks)
        }
        splitter.finish { pieces.append(($0.encoding, Array($0.bytes))) }
        return pieces
    }

    @Test("Base64 is decoded where it can be made again: of one width, with CRLF, and padded as it should be")
    func runs() throws {
        let data = noise(200)
        let header = Array("A: b\r\n\r\n".utf8)
        let whole = base64(data)
        let cases: [(String, [UInt8], decoded: Int)] = [
            ("as usual", whole, 200), ("a whole last line", base64(noise(114)), 114),
            ("padded at the width", base64(noise(113)), 113), ("one byte on the last line", base64(noise(115)), 115),
            ("64 wide", base64(data, width: 64), 200), ("60 wide", base64(data, width: 60), 200),
            ("72 wide", base64(data, width: 72), 200), ("narrow", base64(data, width: 40), 0),
            ("LF", base64(data, end: "\n"), 0), ("spaces at the end", base64(data, end: " \r\n"), 0),
            ("no last line end", Array(whole.dropLast(2)), 171), ("bits in the padding", Array("QUJDRB==\r\n".utf8), 0),
            ("a wrong letter", whole.map { $0 == whole[100] ? UInt8(ascii: "-") : $0 }, 0),
        ]
        for (name, body, decoded) in cases {
            let pieces = try pieces(of: header + body)
            let count = pieces.filter { $0.0 != .text }.reduce(0) { $0 + $1.1.count }
            #expect(count == decoded || name == "a wrong letter" && count < 200, "\(name): \(count)")
            for size in [1, 3, 77, 78, 79, 100] {
                let again = try self.pieces(of: header + body, in: size)
                #expect(again.map(\.1) == pieces.map(\.1) && again.map(\.0) == pieces.map(\.0), "\(name), \(size)")
            }
        }
    }

    @Test("Whatever is stored comes back to the byte, in whatever pieces it came")
    func roundTrip() throws {
        let fixture = try VaultFixture()
        let vault = try fixture.open()
        for round in 0..<400 {
            var content: [UInt8] = []
            for _ in 0..<Int.random(in: 0...12) { content += Self.anything() }
            let writer = try vault.makeWriter()
            var rest = content[...]
            while !rest.isEmpty {
                let taken = rest.prefix(.random(in: 1...(round.isMultiple(of: 2) ? 200 : 100_000)))
                try writer.write(Array(taken))
                rest = rest.dropFirst(taken.count)
            }
            let stored = try writer.finish()
            #expect(stored.size == Int64(content.count))
            let isIntact = try vault.readAll(stored) == content
            try #require(isIntact, "\(Data(content).base64EncodedString())")
        }
        #expect(try vault.scanned().allSatisfy { !$0.isDamaged })
    }

    @Test("An attachment is kept once, whatever mail it is in and however its lines are broken")
    func deduplication() throws {
        let fixture = try VaultFixture()
        let vault = try fixture.open()
        let attachment = noise(3_000_000)
        let first = try vault.store(Self.mail("first", attachment: attachment))
        let parts = Set(first.parts.map(\.id))
        #expect(parts.count >= 3)
        let size = try fixture.size()
        let again = try vault.store(Self.mail("second", attachment: attachment))
        let narrow = Array("Subject: third\r\n\r\n".utf8) + base64(attachment, width: 60)
        let third = try vault.store(narrow)
        #expect(Set(again.parts.map(\.id)) == parts && Set(third.parts.map(\.id)) == parts)
        #expect(try fixture.size() < size + 2000)
        #expect(try vault.readAll(again) == Self.mail("second", attachment: attachment))
        #expect(try vault.readAll(third) == narrow)
    }

    @Test("A body that came to several people is kept once; small ones stay in their mails")
    func bodies() throws {
        let fixture = try VaultFixture()
        let vault = try fixture.open()
        let body = noise(9000)
        let one = try vault.store(Array("To: a\r\n\r\n".utf8) + body)
        let other = try vault.store(Array("To: somebody else\r\n\r\n".utf8) + body)
        #expect(one.parts.count == 1 && one.parts.map(\.id) == other.parts.map(\.id))
        let small = try vault.store(Array("To: c\r\n\r\n".utf8) + noise(4000))
        #expect(small.parts.isEmpty)
    }

    /// A mail, one that carries it, and one that carries that.
    private static func carried() -> [[UInt8]] {
        let mail = mail("first", attachment: noise(20_000))
        let second = Self.mail("second", attachment: mail)
        return [mail, second, Self.mail("third", attachment: second)]
    }

    @Test(
        "Mails that carry one another are read in whatever order they came, also once the index knows them",
        arguments: [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]],
        [true, false]
    )
    func mailsInMails(_ order: [Int], _ isNamed: Bool) throws {
        let fixture = try VaultFixture()
        let vault = try fixture.open()
        let mails = Self.carried()
        var stored: [StoredContent] = []
        for number in order {
            stored.append(try vault.store(mails[number]))
            if isNamed { fixture.name(Array(stored.suffix(1))) }
        }
        for (content, number) in zip(stored, order) { #expect(try vault.readAll(content) == mails[number]) }
        #expect(try vault.scanned().allSatisfy { !$0.isDamaged })
        for part in Set(try vault.scanned().flatMap(\.parts)) {
            let place = try #require(try vault.locate(part))
            #expect(try vault.entryReader(part, at: place).header.kind == .bytes, "a recipe names another one")
        }
    }

    /// Stores a mail that carries a stored one, and names it where that is a recipe, as earlier versions did.
    private static func carry(_ part: StoredContent, in vault: SegmentVault) throws -> StoredContent {
        let content = Array("\r\n".utf8) + (try vault.readAll(part))
        let sha256 = try VaultFixture().open().store(content).sha256
        let id = try vault.id(sha256: sha256)
        let recipe =
            Recipe.encode(Recipe.Step(encoding: .text, isContinued: false, length: 2)) + Array("\r\n".utf8)
            + Recipe.encode(Recipe.Step(encoding: .text, isContinued: false, length: Int(part.size), part: part.id))
        let size = Int64(content.count)
        let stored = try recipe.withUnsafeBytes {
            try vault.store(NewEntry(kind: .recipe, contentLength: size), lastFrame: $0, as: id)
        }
        return StoredContent(id: id, sha256: sha256, size: size, location: stored.location, isNew: true)
    }

    @Test("Where a part is a recipe, as earlier versions had it, what that puts together stands for it")
    func recipesInRecipes() throws {
        let fixture = try VaultFixture()
        var stored: [StoredContent] = []
        do {
            let vault = try fixture.open()
            stored.append(try vault.store(Self.mail("first", attachment: noise(20_000))))
            let first = try vault.readAll(stored[0])
            for depth in 1...17 {
                stored.append(try Self.carry(stored[depth - 1], in: vault))
                guard depth < 17 else { break }
                #expect(try vault.readAll(stored[depth]) == (0..<depth).flatMap { _ in [13, 10] } + first)
            }
            #expect(throws: VaultError(.damaged, ""), "nobody follows them for ever") { try vault.readAll(stored[17]) }
            #expect(try vault.scanned().filter(\.isDamaged).map(\.location) == [stored[17].location])
        }
        #expect(
            try fixture.open().scanned().filter(\.isDamaged).map(\.location) == [stored[17].location],
            "a scan needs no index"
        )
    }

    @Test("A content of one piece is stored anew as that, and not as what names itself")
    func onePiece() throws {
        let fixture = try VaultFixture()
        let vault = try fixture.open()
        let content = text(9000)
        let stored = try vault.store(content)
        let writer = try vault.makeWriter(isAnew: true)
        try writer.write(content)
        let again = try writer.finish()
        fixture.name([again])
        #expect(again.location != stored.location && again.parts.isEmpty)
        #expect(try vault.readAll(again) == content)
    }

    @Test("A large attachment that was changed at one place shares what comes after it")
    func cuts() throws {
        let fixture = try VaultFixture()
        let vault = try fixture.open()
        let old = noise(12_000_000)
        let new = Array(old.prefix(700_000)) + noise(12_345, seed: 3) + Array(old.dropFirst(700_001))
        let before = try vault.store(Self.mail("old", attachment: old))
        let after = try vault.store(Self.mail("new", attachment: new))
        let shared = Set(before.parts.map(\.id)).intersection(after.parts.map(\.id))
        #expect(shared.count > before.parts.count / 2, "\(shared.count) of \(before.parts.count)")
        #expect(try vault.readAll(after) == Self.mail("new", attachment: new))
    }

    @Test("A mail of which a part is gone or rotten is damaged, and the others are not")
    func damagedPart() throws {
        let fixture = try VaultFixture()
        let mails = [Self.mail("one", attachment: noise(20_000)), Self.mail("two", attachment: noise(20_000, seed: 2))]
        let stored = try fixture.fill(mails)
        let part = try #require(stored[0].parts.first?.location)
        var bytes = try Data(contentsOf: fixture.segment(1))
        bytes[Int(part.offset + part.length) - 100] ^= 1
        try bytes.write(to: fixture.segment(1))
        let vault = try fixture.open()
        #expect(throws: VaultError(.damaged, "")) { try vault.readAll(stored[0]) }
        #expect(try vault.readAll(stored[1]) == mails[1])
        let damaged = try vault.scanned().filter(\.isDamaged).map(\.location)
        #expect(damaged == [part, stored[0].location])
        fixture.forget(stored[1].parts.map(\.id))
        #expect(throws: VaultError(.missing, "")) { try vault.readAll(stored[1]) }
        #expect(try vault.scanned().filter(\.isDamaged).map(\.location) == damaged, "a scan needs no index")
    }

    @Test("A recipe larger than a frame waits sealed in a file, and is followed all the same")
    func longRecipe() throws {
        let fixture = try VaultFixture()
        let line = base64(noise(57))
        let content = (0..<20_000).flatMap { number in line + Array("\(number) and more text than that\r\n".utf8) }
        let stored = try fixture.fill([content])[0]
        #expect(try fixture.open().readAll(stored) == content)
    }

    @Test("Every step of a recipe is read as it was written, and what is cut is none")
    func steps() throws {
        let id = try #require(VaultEntryID(bytes: noise(32)))
        for encoding in [ContentSplitter.Encoding.text, .base64(width: 76), .base64(width: 4)] {
            for length in [0, 1, 127, 128, 16_384, 1 << 20] {
                for part in [nil, id] {
                    for isContinued in [false, true] where encoding != .text || !isContinued {
                        let step = Recipe.Step(encoding: encoding, isContinued: isContinued, length: length, part: part)
                        let bytes = Recipe.encode(step)
                        var width: Int?
                        if case .base64(let characters) = encoding { width = characters }
                        let read = try #require(Recipe.decode((bytes + [7])[...], width: width))
                        #expect(read.length == bytes.count && read.step.encoding == encoding)
                        #expect(read.step.length == length && read.step.part == part)
                        for cut in 0..<bytes.count {
                            #expect(Recipe.decode(bytes.prefix(cut), width: width) == nil)
                        }
                    }
                }
            }
        }
        for bytes: [UInt8] in [
            [6, 1], [2, 0, 1], [2, 75, 1], [0, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0, 0x81, 0x80, 0x40],
        ] {
            #expect(Recipe.decode(bytes[...], width: nil) == nil, "\(bytes)")
        }
        #expect(Recipe.decode([4, 1, 0], width: nil) == nil)
    }
}
