import Foundation
import Testing

@testable import MailkeepSync

@Suite("A manifest read line by line")
struct ManifestLinesTests {
    /// Gives bytes in pieces of a size.
    private final class Pieces {
        private var rest: Data
        private let size: Int

        init(_ bytes: Data, size: Int) { (rest, self.size) = (bytes, size) }

        func next() -> Data? {
            guard !rest.isEmpty else { return nil }
            defer { rest = rest.dropFirst(size) }
            return Data(rest.prefix(size))
        }
    }

    private static func document(_ count: Int) -> Data {
        let lines = (0..<count).map { #"{"folders":["INBOX"],"sha256":"\#($0)","size":\#($0)}"# }
        return Data("{\"messages\":[\n\(lines.joined(separator: ",\n"))\n],\"totals\":{}}\n".utf8)
    }

    @Test("Every message is read, and every byte told, however the pieces are cut", arguments: [1, 2, 7, 60, 1 << 20])
    func pieces(size: Int) throws {
        let document = Self.document(20)
        let pieces = Pieces(document, size: size)
        var lines = ManifestLines<ManifestMessage>(pieces.next)
        var sizes: [Int64] = []
        while let message = try lines.next() { sizes.append(message.size) }
        #expect(sizes == (0..<20).map(Int64.init) && pieces.next() == nil)
    }

    @Test("A piece with many lines is not copied for each of them", .timeLimit(.minutes(1)))
    func manyLines() throws {
        let document = Self.document(150_000)
        var lines = ManifestLines<ManifestMessage>(Pieces(document, size: document.count).next)
        var count = 0
        while try lines.next() != nil { count += 1 }
        #expect(count == 150_000)
    }

    @Test("An index that ends in the middle of an entry is none")
    func shortIndex() {
        let entry = UploadIndexEntry(path: [Array("box".utf8)], content: 2..<5, modifiedAt: 4)
        var index: [UInt8] = []
        entry.append(to: &index)
        for end in 1..<index.count { #expect(UploadIndexEntry.all(in: Array(index.prefix(end))) == nil, "\(end)") }
        #expect(UploadIndexEntry.all(in: index) == [entry])
        #expect(UploadIndexEntry.all(in: index + [0, 0, 0, 0, 0, 0, 0, 1]) == nil)
    }
}
