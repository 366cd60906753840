import Crypto
import Foundation
import MailkeepKeys
import MailkeepModel
import MailkeepStore
import Testing

@testable import MailkeepSync

@Suite("A backup's manifest")
struct ManifestTests {
    private struct Document: Decodable {
        let format: String
        let header: ManifestHeader
        let messages: [ManifestMessage]
        let totals: ManifestTotals
    }

    @Test("It is one JSON document that says what was written", arguments: [0, 1, 2, 257])
    func document(count: Int) throws {
        let messages = Self.messages(count)
        let (bytes, totals, root) = try Self.write(messages)
        let document = try JSONDecoder().decode(Document.self, from: bytes)
        #expect(document.format == "mailkeep-manifest-1")
        #expect(document.header == Self.header)
        #expect(document.messages == messages)
        #expect(document.totals == totals)
        #expect(totals.messages == count)
        #expect(totals.bytes == messages.reduce(0) { $0 + $1.size })
        #expect(totals.root == root.hex)
    }

    @Test("It can be read by lines: header, a message on each, totals", arguments: [0, 1, 2, 257])
    func lines(count: Int) throws {
        let messages = Self.messages(count)
        let (bytes, totals, _) = try Self.write(messages)
        #expect(bytes.last == UInt8(ascii: "\n"))
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == count + 2)
        #expect(lines.first?.hasSuffix(#","messages":["#) == true)
        let read = try lines.dropFirst().dropLast().map { line in
            try JSONDecoder().decode(
                ManifestMessage.self,
                from: Data((line.hasSuffix(",") ? line.dropLast() : line).utf8)
            )
        }
        #expect(read == messages)
        let last = try #require(lines.last?.dropFirst(#"],"totals":"#.count).dropLast())
        #expect(try JSONDecoder().decode(ManifestTotals.self, from: Data(last.utf8)) == totals)
    }

    @Test("The root follows from the messages, and the signature from the bytes")
    func verification() throws {
        let (bytes, totals, root) = try Self.write(Self.messages(9))
        let document = try JSONDecoder().decode(Document.self, from: bytes)
        var tree = MerkleTree()
        for message in document.messages { tree.append(try #require(Data(hex: message.sha256))) }
        #expect(tree.root == root)
        #expect(Data(hex: totals.root) == root)

        let key = Curve25519.Signing.PrivateKey()
        let signature = try key.signature(for: Data(SHA256.hash(data: bytes)))
        let publicKey = key.publicKey.rawRepresentation
        #expect(Signer.isValid(signature, for: Data(SHA256.hash(data: bytes)), publicKey: publicKey))
        var changed = bytes
        changed[changed.count / 2] ^= 1
        #expect(!Signer.isValid(signature, for: Data(SHA256.hash(data: changed)), publicKey: publicKey))
    }

    @Test("The same backup gives the same bytes")
    func determinism() throws {
        #expect(try Self.write(Self.messages(5)).bytes == Self.write(Self.messages(5)).bytes)
    }

    @Test("It goes out piece by piece; an error in writing comes back")
    func pieces() throws {
        struct Full: Error {}
        var largest = 0
        var pieces = 0
        var writer = try ManifestWriter(Self.header) {
            pieces += 1
            largest = max(largest, $0.count)
            if pieces > 1000 { throw Full() }
        }
        #expect(throws: Full.self) {
            while true { try writer.append(sha256: Data(repeating: 7, count: 32), size: 1, folders: ["INBOX"]) }
        }
        #expect(largest < 2000)
    }

    @Test("Sizes beyond every bound trap nothing")
    func hugeSizes() throws {
        var writer = try ManifestWriter(Self.header) { _ in }
        for _ in 0..<3 { try writer.append(sha256: Data(repeating: 1, count: 32), size: Int64.max, folders: []) }
        #expect(try writer.finish().totals.messages == 3)
    }

    @Test("Hexadecimal digits are read back, and nothing else is", arguments: ["", "00", "0aff", "deadBEEF"])
    func hex(text: String) throws {
        #expect(try #require(Data(hex: text)).hex == text.lowercased())
    }

    @Test("What is not hexadecimal is no hash", arguments: ["0", "000", "0g", "+1", "-1", " 1", "é1", "0x"])
    func wrongHex(text: String) {
        #expect(Data(hex: text) == nil)
    }

    @Test(
        "Times are ISO 8601 with offset, in UTC",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (1_767_609_000_999, "2026-01-05T10:30:00Z"), (-1000, "1969-12-31T23:59:59Z"),
        ] as [(Int64, String)]
    )
    func times(milliseconds: Int64, text: String) {
        #expect(Timestamp(rawValue: milliseconds).iso8601 == text)
    }

    private static func write(
        _ messages: [ManifestMessage]
    ) throws -> (bytes: Data, totals: ManifestTotals, root: Data) {
        var bytes = Data()
        var writer = try ManifestWriter(header) { bytes.append($0) }
        for message in messages {
            try writer.append(
                sha256: try #require(Data(hex: message.sha256)),
                size: message.size,
                folders: message.folders
            )
        }
        let (totals, root) = try writer.finish()
        return (bytes, totals, root)
    }

    private static func messages(_ count: Int) -> [ManifestMessage] {
        (0..<count).map { index in
            ManifestMessage(
                sha256: Data(SHA256.hash(data: Data("\(index)".utf8))).hex,
                size: Int64(index) * 1_000_003,
                folders: [["INBOX"], ["取引先/\"A\"\nB", "back\\slash"], []][index % 3]
            )
        }
    }

    private static let header = ManifestHeader(
        organization: "株式会社 \"例\"\n",
        backup_id: "1",
        kind: "backup",
        user: .init(user(2, "山田 太郎")),
        mailbox: "taro@example.co.jp",
        requested_by: .init(user(1, "管理者")),
        requested_time: "2026-01-05T10:30:00Z",
        covered_until: "2026-01-05T10:30:00Z",
        source: "mailbox",
        audit_head: "00",
        folders: [
            FolderCounts(name: "INBOX", onServer: 3), FolderCounts(name: "迷惑メール", excluded: .junk),
        ]
    )

    private static func user(_ id: Int64, _ name: String) -> User {
        User(
            id: UserID(rawValue: id),
            email: "\(id)@example.co.jp",
            domain: "example.co.jp",
            name: name,
            profile: .standard,
            status: .active
        )
    }
}
