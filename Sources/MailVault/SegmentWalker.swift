/// Goes through a segment from header to header, past damage, without opening anything.
struct SegmentWalker {
    enum Step {
        case entry(EntryHeader, VaultLocation)
        /// These bytes are no entry, and were once written.
        case unreadable(VaultLocation)
        /// From here to the end an entry was never written whole.
        case torn(VaultLocation)
    }

    private let file: OpenFile
    private let segment: Int64
    private let end: Int64
    private var position: Int64

    /// Walks the entries before `end`, from the one at `start` on.
    init(_ file: OpenFile, segment: Int64, from start: Int64 = Int64(SegmentHeader.length), end: Int64) {
        self.file = file
        self.segment = segment
        self.end = end
        position = start
    }

    mutating func next() throws(VaultError) -> Step? {
        guard position < end else { return nil }
        guard end - position >= EntryHeader.minimumEntryLength else { return .torn(advance(to: end)) }
        let bytes = try file.read(at: position, count: EntryHeader.length)
        if let header = EntryHeader(bytes) {
            guard header.entryLength <= end - position else { return .torn(advance(to: end)) }
            return .entry(header, advance(to: position + header.entryLength))
        }
        if let next = try nextHeader(after: position) { return .unreadable(advance(to: next)) }
        // Where a crash kept the file's length but not its bytes, they are zero; sealed bytes never are.
        let isUnwritten = try isZero(from: position + Int64(EntryHeader.length))
        return isUnwritten ? .torn(advance(to: end)) : .unreadable(advance(to: end))
    }

    private mutating func advance(to next: Int64) -> VaultLocation {
        defer { position = next }
        return VaultLocation(segment: segment, offset: position, length: next - position)
    }

    /// Searches for an intact header: sealed bytes that look like one by accident do not occur.
    private func nextHeader(after start: Int64) throws(VaultError) -> Int64? {
        let step = 1 << 20
        var base = start + 1
        while end - base >= Int64(EntryHeader.length) {
            let bytes = try file.read(at: base, count: Int(min(end - base, Int64(step + EntryHeader.length))))
            if let found = Self.firstHeader(in: bytes) { return base + Int64(found) }
            base += Int64(step)
        }
        return nil
    }

    private func isZero(from start: Int64) throws(VaultError) -> Bool {
        var base = start
        while base < end {
            let bytes = try file.read(at: base, count: Int(min(end - base, 1 << 20)))
            guard !bytes.isEmpty, bytes.allSatisfy({ $0 == 0 }) else { return false }
            base += Int64(bytes.count)
        }
        return true
    }

    private static func firstHeader(in bytes: [UInt8]) -> Int? {
        var from = 0
        while let hit = bytes[from...].firstIndex(of: EntryHeader.magic[0]), bytes.count - hit >= EntryHeader.length {
            if EntryHeader(bytes[hit..<hit + EntryHeader.length]) != nil { return hit }
            from = hit + 1
        }
        return nil
    }
}
