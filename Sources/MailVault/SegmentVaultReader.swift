import FoundationEssentials

/// Reads one entry of a segment at its caller's pace.
final class SegmentVaultReader: VaultReader {
    private var entry: EntryReader

    init(_ entry: EntryReader) {
        self.entry = entry
    }

    func next() throws -> Data? {
        var content = Data()
        while content.isEmpty, !entry.isAtEnd {
            try entry.readFrame { content.append(contentsOf: $0) }
        }
        return content.isEmpty ? nil : content
    }
}
