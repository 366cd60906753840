import FoundationEssentials

/// Reads one content at its caller's pace.
final class SegmentVaultReader: VaultReader {
    private var reader: ContentReader

    init(_ reader: ContentReader) {
        self.reader = reader
    }

    func next() throws -> Data? {
        var content = Data()
        while content.isEmpty, !reader.isAtEnd {
            try reader.next { content.append(contentsOf: $0) }
        }
        return content.isEmpty ? nil : content
    }
}
