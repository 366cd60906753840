import FoundationEssentials
import Glibc
import MailkeepKeys
import Synchronization

/// Appending entries, and beginning segments.
extension SegmentVault {
    /// Appends an entry, unless one of this id is there.
    ///
    /// Where bytes are to be a part, a recipe of this id, as of a mail that another one carries, does not count: parts name
    /// no others, so that nobody's mails can be a chain that is long to follow.
    ///
    /// - Parameters:
    ///   - lastFrame: content of its last frame.
    ///   - isAnew: appends it in any case.
    ///   - isSample: whether dictionaries may learn from that.
    func store(
        _ entry: NewEntry,
        lastFrame: UnsafeRawBufferPointer,
        as id: VaultEntryID,
        isAnew: Bool = false,
        isSample: Bool = true
    ) throws -> StoredPart {
        if !isAnew {
            if let location = try indexedLocation(of: id), try entry.kind == .recipe || isBytes(id, at: location) {
                return StoredPart(id: id, location: location, isNew: false)
            }
            if let location = tail.withLock({ $0.recentLocation(of: id, for: entry.kind) }) {
                return StoredPart(id: id, location: location, isNew: true)
            }
        }
        try beginFirstDictionary()
        // The entry's header and its last frame.
        let ends = frames.takeBuffer()
        defer { frames.giveBack(ends) }
        while true {
            try checkPoison()
            let (segment, dictionary) = tail.withLock { ($0.segment, $0.dictionary) }
            ends.bytes.removeAll(keepingCapacity: true)
            let header = try frames.pack(lastFrame, dictionary) { packed in
                let header = EntryHeader(
                    kind: entry.kind,
                    id: id,
                    contentLength: entry.contentLength,
                    framesLength: (entry.spool?.length ?? 0) + Int64(packed.frameLength),
                    salt: entry.salt
                )
                ends.bytes += header.encodedWithChecksum
                let index = entry.spool?.frameCount ?? 0
                try frames.seal(packed, salt: entry.salt, index: index, header: header, to: ends)
                return header
            }
            let attempt = try tryAppend(header, dictionary, isAnew: isAnew) {
                file,
                offset throws(VaultError) in
                guard let spool = entry.spool else { return try file.write(ends.bytes, at: offset) }
                try file.write(ends.bytes.prefix(EntryHeader.length), at: offset)
                let framesOffset = offset + Int64(EntryHeader.length)
                try spool.copy(to: file, at: framesOffset)
                try file.write(ends.bytes.dropFirst(EntryHeader.length), at: framesOffset + spool.length)
            }
            switch attempt {
            case .appended(let location):
                if isSample { learn(from: lastFrame, of: id) }
                return StoredPart(id: id, location: location, isNew: true)
            case .present(let location): return StoredPart(id: id, location: location, isNew: true)
            case .otherDictionary: continue
            case .full:
                let trained = isDue(dictionary, in: segment + 1) ? train(in: segment + 1) : nil
                try rollOver(from: segment, trained ?? dictionary)
            }
        }
    }

    /// Seals a frame that is not the last, to wait for it; without a dictionary, as nobody knows in which segment it will
    /// lie.
    func spool(_ frame: [UInt8], of entry: inout NewEntry) throws {
        var spool = try entry.spool ?? Spool(file: directory.makeSpool())
        let sealed = frames.takeBuffer()
        defer { frames.giveBack(sealed) }
        try frame.withUnsafeBytes { bytes in
            try frames.pack(bytes, nil) { packed in
                try frames.seal(packed, salt: entry.salt, index: spool.frameCount, header: nil, to: sealed)
            }
        }
        try spool.file.write(sealed.bytes, at: spool.length)
        spool.length += Int64(sealed.bytes.count)
        spool.frameCount += 1
        entry.spool = spool
    }

    /// Whether the entry at a place holds bytes; false where it is not there.
    private func isBytes(_ id: VaultEntryID, at location: VaultLocation) throws(VaultError) -> Bool {
        do throws(VaultError) {
            let file = try readableSegment(location.segment)
            let header = EntryHeader(try file.read(at: location.offset, count: EntryHeader.length))
            return header?.id == id && header?.kind == .bytes
        } catch {
            guard error.code == .missing else { throw error }
            return false
        }
    }

    private enum Attempt {
        case appended(VaultLocation)
        case present(VaultLocation)
        case otherDictionary
        case full
    }

    private func tryAppend(
        _ header: EntryHeader,
        _ dictionary: SegmentDictionary?,
        isAnew: Bool,
        write: (OpenFile, Int64) throws(VaultError) -> Void
    ) throws(VaultError) -> Attempt {
        try tail.withLock { tail throws(VaultError) in
            if !isAnew, let location = tail.recentLocation(of: header.id, for: header.kind) {
                return .present(location)
            }
            let length = header.entryLength
            guard tail.dictionary === dictionary else { return .otherDictionary }
            guard let file = tail.file, tail.end == tail.start || length <= segmentSize - tail.end else { return .full }
            do throws(VaultError) {
                try write(file, tail.end)
            } catch {
                // What was written of the entry must not stay: the next one begins here.
                let end = tail.end
                try poisoning { () throws(VaultError) in try file.truncate(to: end) }
                throw error
            }
            let location = VaultLocation(segment: tail.segment, offset: tail.end, length: length)
            tail.end += length
            tail.isDirty = true
            tail.recent.insert(header.id, (location, header.kind))
            return .appended(location)
        }
    }

    /// Begins the segment after `segment`, unless another writer has.
    ///
    /// The full one is durable before, so that after a crash only the last segment can have a torn end.
    func rollOver(from segment: Int64, _ dictionary: SegmentDictionary?) throws {
        let first = try dictionary.map { try dictionaryEntry($0) }
        try syncing.withLock { _ throws(VaultError) in
            try tail.withLock { tail throws(VaultError) in
                guard tail.segment == segment else { return }
                if let file = tail.file, tail.isDirty {
                    try poisoning { () throws(VaultError) in try file.sync() }
                    tail.isDirty = false
                }
                let next = segment + 1
                let file = try directory.open(next, flags: O_RDWR | O_CREAT | O_EXCL)
                do throws(VaultError) {
                    try Self.begin(file, segment: next, sealer: keys.sealer(for: .vault))
                    if let first { try file.write(first, at: Int64(SegmentHeader.length)) }
                } catch {
                    directory.remove(next)
                    throw error
                }
                try poisoning { () throws(VaultError) in
                    try file.sync()
                    try directory.sync()
                }
                tail.segment = next
                tail.file = file
                tail.start = Int64(SegmentHeader.length + (first?.count ?? 0))
                tail.end = tail.start
                tail.dictionary = dictionary
            }
        }
        if isDue(dictionary, in: position().segment + 1) { samples.withLock { $0 = $0 ?? DictionarySamples() } }
    }
}
