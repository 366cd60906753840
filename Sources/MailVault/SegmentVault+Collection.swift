import FoundationEssentials
import Glibc
import MailkeepKeys
import Synchronization

/// What collecting a segment is about.
package struct SegmentGarbage: Sendable, Equatable {
    package let segment: Int64
    /// Entries that the index does not name there, and their bytes.
    package let entries: Int
    package let bytes: Int64
    /// Its dictionary, where that was trained on entries that are not there any more.
    let staleDictionary: VaultEntryID?
}

/// Giving back the space of what nothing names any more: a segment that holds some is written anew without it.
///
/// The caller sees to it that nobody writes meanwhile, and that nobody copies segments.
extension SegmentVault {
    /// The segments there are.
    package func segments() throws -> [Int64] { try directory.segments() }

    /// What a segment holds that is not named; nil where there is nothing to give back.
    ///
    /// - Parameter named: the entries that the index names in the segment.
    /// - Throws: `VaultError` of code `damaged` where the segment cannot be read from end to end, or does not hold what the
    ///   index names: then nothing can be said of it.
    package func garbage(in segment: Int64, named: [VaultEntryID: VaultLocation]) throws -> SegmentGarbage? {
        let walk = try walk(segment)
        var found = 0
        var (entries, bytes) = (0, Int64(0))
        for (header, location) in walk where header.kind != .dictionary {
            if named[header.id] == location {
                found += 1
            } else {
                entries += 1
                bytes += location.length
            }
        }
        guard found == named.count else {
            throw VaultError(.damaged, "The segment \(segment) does not hold what the index names.")
        }
        let stale = try dictionary(of: segment, in: readableSegment(segment)).flatMap { dictionary in
            try dictionary.samples.contains { try locate($0) == nil } ? dictionary.id : nil
        }
        guard entries > 0 || stale != nil || found == 0 && segment < position().segment else { return nil }
        return SegmentGarbage(segment: segment, entries: entries, bytes: bytes, staleDictionary: stale)
    }

    /// Begins a new segment where one of these is the last, without its dictionary where that is stale.
    package func leave(_ segments: [SegmentGarbage]) throws {
        let (last, dictionary) = tail.withLock { ($0.segment, $0.dictionary) }
        let isStale =
            dictionary.map { dictionary in segments.contains { $0.staleDictionary == dictionary.id } } ?? false
        guard isStale || segments.contains(where: { $0.segment == last }) else { return }
        try rollOver(from: last, isStale ? nil : dictionary)
    }

    /// Appends what is named in a segment once more, some at a time, and removes the segment.
    ///
    /// - Parameter move: notes where entries lie from now on; they are durable there.
    package func rewrite(
        _ segment: Int64,
        named: [VaultEntryID: VaultLocation],
        move: ([VaultEntryID: VaultLocation]) async throws -> Void
    ) async throws {
        guard segment < position().segment else {
            throw VaultError(.ioFailed, "The last segment cannot be written anew.")
        }
        var moved: [VaultEntryID: VaultLocation] = [:]
        var bytes: Int64 = 0
        func pass() async throws {
            try sync()
            try await move(moved)
            moved.removeAll()
            bytes = 0
        }
        for (header, location) in try walk(segment) where named[header.id] == location {
            try Task.checkCancellation()
            moved[header.id] = try copy(header.id, from: location)
            bytes += location.length
            if moved.count >= 500 || bytes >= 32 << 20 { try await pass() }
        }
        try await pass()
        forget(segment)
        directory.remove(segment)
        try poisoning { () throws(VaultError) in try directory.sync() }
    }

    /// Appends an entry once more, with what compression begins from now.
    private func copy(_ id: VaultEntryID, from location: VaultLocation) throws -> VaultLocation {
        var reader = try entryReader(id, at: location)
        var entry = NewEntry(kind: reader.header.kind, contentLength: reader.header.contentLength)
        var frame: [UInt8] = []
        while !reader.isAtEnd {
            if !frame.isEmpty { try spool(frame, of: &entry) }
            try reader.readFrame { frame = Array($0) }
        }
        return try frame.withUnsafeBytes { frame in
            try store(entry, lastFrame: frame, as: id, isAnew: true, isSample: entry.kind == .recipe).location
        }
    }

    private func walk(_ segment: Int64) throws -> [(EntryHeader, VaultLocation)] {
        let file = try readableSegment(segment)
        let last = position()
        var walker = SegmentWalker(file, segment: segment, end: segment == last.segment ? last.end : try file.size())
        var entries: [(EntryHeader, VaultLocation)] = []
        while let step = try walker.next() {
            guard case .entry(let header, let location) = step else {
                throw VaultError(.damaged, "The segment \(segment) holds bytes that are no entry.")
            }
            entries.append((header, location))
        }
        return entries
    }
}
