import FoundationEssentials
import Glibc
import MailkeepKeys

/// Finding the end of the vault after it was closed, or after a crash.
extension SegmentVault {
    /// Finds where appending goes on, and cuts off what a crash left unfinished at the end of the last segment.
    ///
    /// Damage before whole entries, and whatever may have been an entry once, stays.
    ///
    /// - Parameter durable: where an entry lies that was made durable; what is before it is not looked at.
    static func recoverTail(
        of directory: VaultDirectory,
        sealer: Sealer,
        durable: VaultLocation?
    ) throws(VaultError) -> Tail {
        let segments = try directory.segments()
        guard let last = segments.last else { return Tail(segment: 0, start: 0, end: 0) }
        let file = try directory.open(last, flags: O_RDWR)
        let size = try file.size()
        let isValid = try checkKey(of: segments, in: directory, sealer: sealer) == last
        if !isValid {
            // A header without entries was never finished; one before entries was damaged: leave that segment alone.
            guard size <= SegmentHeader.length else { return Tail(segment: last, start: size, end: size) }
            try file.truncate(to: 0)
            try begin(file, segment: last, sealer: sealer)
            try file.sync()
            return Tail(segment: last, file: file, start: Int64(SegmentHeader.length), end: Int64(SegmentHeader.length))
        }
        let end = try endOfEntries(in: file, segment: last, size: size, durable: durable)
        if end < size {
            try file.truncate(to: end)
            try file.sync()
        }
        return Tail(segment: last, file: file, start: Int64(SegmentHeader.length), end: end)
    }

    /// Writes the header of a new segment.
    static func begin(_ file: OpenFile, segment: Int64, sealer: Sealer) throws(VaultError) {
        guard let header = try? SegmentHeader.make(number: segment, sealer: sealer) else {
            throw VaultError(.wrongKey, "Sealing failed.")
        }
        try file.write(header, at: 0)
    }

    /// The last segment whose header is intact; throws where it was sealed under other keys.
    private static func checkKey(
        of segments: [Int64],
        in directory: VaultDirectory,
        sealer: Sealer
    ) throws(VaultError) -> Int64? {
        for segment in segments.reversed() {
            let header = try directory.open(segment, flags: O_RDONLY).read(at: 0, count: SegmentHeader.length)
            switch SegmentHeader.check(header, number: segment, sealer: sealer) {
            case .valid:
                return segment
            case .damaged:
                continue
            case .wrongKey:
                throw VaultError(
                    .wrongKey,
                    "The vault was sealed under other keys. Restore the keys that belong to it."
                )
            case .newerFormat:
                throw VaultError(
                    .newerFormat,
                    "The vault was written by a newer version of Mailkeep. Use that version."
                )
            }
        }
        return nil
    }

    private static func endOfEntries(
        in file: OpenFile,
        segment: Int64,
        size: Int64,
        durable: VaultLocation?
    ) throws(VaultError) -> Int64 {
        var start = Int64(SegmentHeader.length)
        if let durable, durable.segment == segment, start...size ~= durable.offset,
            let header = EntryHeader(try file.read(at: durable.offset, count: EntryHeader.length)),
            header.entryLength == durable.length
        {
            start = durable.offset
        }
        var walker = SegmentWalker(file, segment: segment, from: start, end: size)
        var last: SegmentWalker.Step?
        while let step = try walker.next() { last = step }
        switch last {
        case nil, .unreadable:
            return size
        case .torn(let location):
            return location.offset
        case .entry(_, let location):
            // An entry ends with a seal's tag, which is zero only where the bytes were never written.
            let tag = try file.read(at: size - 16, count: 16)
            return tag.allSatisfy { $0 == 0 } ? location.offset : size
        }
    }
}
