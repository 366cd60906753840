import FoundationEssentials
import MailkeepKeys

extension SegmentVault {
    package func scan(_ onEntry: (ScannedEntry) throws -> Void) throws {
        try checkPoison()
        let position = position()
        for segment in try directory.segments() where segment <= position.segment {
            let file = try readableSegment(segment)
            let end = segment == position.segment ? position.end : try file.size()
            try scanHeader(of: segment, in: file, end: end, onEntry)
            var walker = SegmentWalker(file, segment: segment, end: end)
            while let step = try walker.next() {
                switch step {
                case .entry(let header, let location):
                    try onEntry(ScannedEntry(location: location, finding: examine(header, in: file, at: location)))
                case .unreadable(let location), .torn(let location):
                    try onEntry(ScannedEntry(location: location, finding: .unreadable))
                }
            }
        }
    }

    private func scanHeader(
        of segment: Int64,
        in file: OpenFile,
        end: Int64,
        _ onEntry: (ScannedEntry) throws -> Void
    ) throws {
        let bytes = try file.read(at: 0, count: SegmentHeader.length)
        if SegmentHeader.check(bytes, number: segment, sealer: keys.sealer(for: .vault)) == .valid { return }
        let length = min(end, Int64(SegmentHeader.length))
        let location = VaultLocation(segment: segment, offset: 0, length: length)
        try onEntry(ScannedEntry(location: location, finding: .unreadable))
    }

    private func examine(
        _ header: EntryHeader,
        in file: OpenFile,
        at location: VaultLocation
    ) throws -> ScannedEntry.Finding {
        do {
            var reader = try EntryReader(header.id, in: file, at: location, frames: frames, keys: keys)
            while !reader.isAtEnd { try reader.readFrame { _ in } }
            return .whole(header.id, sha256: reader.sha256, size: header.contentLength)
        } catch let error as VaultError where error.code == .damaged {
            return .damagedContent(header.id)
        }
    }
}
