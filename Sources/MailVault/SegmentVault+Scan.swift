import FoundationEssentials
import MailkeepKeys

extension SegmentVault {
    package func scan(_ onEntry: (ScannedEntry) throws -> Void) throws {
        try checkPoison()
        let position = position()
        // What the index does not know, as when it is to be rebuilt.
        var unnamed: [VaultEntryID: VaultLocation] = [:]
        for segment in try directory.segments() where segment <= position.segment {
            let file = try readableSegment(segment)
            let end = segment == position.segment ? position.end : try file.size()
            try scanHeader(of: segment, in: file, end: end, onEntry)
            var walker = SegmentWalker(file, segment: segment, end: end)
            while let step = try walker.next() {
                switch step {
                case .entry(let header, let location):
                    let isNamed = try header.kind == .dictionary || locate(header.id) != nil
                    if !isNamed, header.kind == .bytes || unnamed[header.id] == nil { unnamed[header.id] = location }
                    let entry = try examine(header, at: location) { unnamed[$0] }
                    if header.kind != .dictionary || entry.isDamaged { try onEntry(entry) }
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
        at location: VaultLocation,
        part: (VaultEntryID) -> VaultLocation?
    ) throws -> ScannedEntry {
        do {
            return try withoutActuallyEscaping(part) { part in
                var reader = try contentReader(header.id, at: location, part: part)
                while !reader.isAtEnd { try reader.next { _ in } }
                return ScannedEntry(
                    location: location,
                    finding: .whole(header.id, sha256: reader.sha256, size: header.contentLength),
                    parts: reader.parts
                )
            }
        } catch let error as VaultError where [.damaged, .missing].contains(error.code) {
            return ScannedEntry(location: location, finding: .damagedContent(header.id))
        }
    }
}
