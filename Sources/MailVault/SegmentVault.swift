package import FoundationEssentials
import Glibc
package import MailkeepKeys
import Synchronization

/// The vault in segment files: `vault/NNNNNNNN.seg` of a data directory, about 256 MB each.
///
/// A content is split into parts that are worth keeping once (`ContentSplitter`), and a recipe that puts them together. A
/// segment that is followed by another never changes. One process at a time has a vault open. Memory is bounded by a few
/// MiB for each open writer and each read, however large the content.
package final class SegmentVault: Vault {
    /// Where the next entry goes.
    struct Tail {
        /// The last segment's number; 0 where there is none.
        var segment: Int64
        /// The last segment, nil where nothing is to be appended to it.
        var file: OpenFile?
        /// Where the entries begin, after the dictionary.
        var start: Int64
        var end: Int64
        var dictionary: SegmentDictionary?
        var isDirty = false
        /// What was appended last, which the database may not know yet; what is forgotten and comes again is stored twice.
        var recent = RecentValues<VaultEntryID, (location: VaultLocation, kind: EntryHeader.Kind)>(
            capacity: Self.remembered
        )

        static let remembered = 4096

        /// The place of an entry that was appended lately and serves as one of a kind.
        func recentLocation(of id: VaultEntryID, for kind: EntryHeader.Kind) -> VaultLocation? {
            recent[id].flatMap { kind == .recipe || $0.kind == kind ? $0.location : nil }
        }
    }

    let directory: VaultDirectory
    let frames: FrameSealer
    let keys: KeyRing
    let cuts: ContentCuts
    let segmentSize: Int64
    /// Taken before `tail` where both are.
    let syncing = Mutex<Void>(())
    let tail: Mutex<Tail>
    /// Nil while no dictionary is to be trained.
    let samples = Mutex<DictionarySamples?>(nil)
    private let index: @Sendable (VaultEntryID) throws -> VaultLocation?
    private let readable = Mutex<[Int64: OpenFile]>([:])
    let dictionaries = Mutex<[Int64: SegmentDictionary]>([:])
    private let poison = Mutex<VaultError?>(nil)

    /// Opens the vault of `directory`, a data directory, and cuts off what a crash left unfinished.
    ///
    /// Only the last segment is cut, and only behind its last whole entry. Throws `locked` where another process has
    /// the vault open, and `wrongKey`.
    ///
    /// - Parameters:
    ///   - durable: where an entry lies that was made durable; the later it is, the less is read.
    ///   - index: tells where an entry lies; it may forget what nobody needs any more.
    package init(
        in directory: URL,
        keys: KeyRing,
        durable: VaultLocation? = nil,
        segmentSize: Int64 = 256 << 20,
        calls: SystemCalls = .live,
        index: @escaping @Sendable (VaultEntryID) throws -> VaultLocation?
    ) throws(VaultError) {
        self.directory = try VaultDirectory(in: directory, calls: calls)
        self.keys = keys
        self.segmentSize = segmentSize
        self.index = index
        cuts = ContentCuts(keys: keys)
        frames = FrameSealer(sealer: keys.sealer(for: .vault))
        let sealer = keys.sealer(for: .vault)
        tail = Mutex(try Self.recoverTail(of: self.directory, sealer: sealer, durable: durable))
        try openDictionary()
    }

    package func makeWriter(isAnew: Bool) throws -> any VaultWriter {
        try checkPoison()
        return SegmentVaultWriter(self, isAnew: isAnew)
    }

    package func sync() throws {
        try syncing.withLock { _ in
            try checkPoison()
            let dirty = tail.withLock { tail in
                defer { tail.isDirty = false }
                return tail.isDirty ? tail.file : nil
            }
            if let dirty { try poisoning { () throws(VaultError) in try dirty.sync() } }
        }
    }

    package func read(
        _ id: VaultEntryID,
        at location: VaultLocation,
        _ onChunk: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var reader = try contentReader(id, at: location)
        while !reader.isAtEnd { try reader.next(onChunk) }
    }

    package func makeReader(_ id: VaultEntryID, at location: VaultLocation) throws -> any VaultReader {
        SegmentVaultReader(try contentReader(id, at: location))
    }

    /// Begins to read a content, of which `part` finds the parts.
    func contentReader(
        _ id: VaultEntryID,
        at location: VaultLocation,
        part: ((VaultEntryID) throws -> VaultLocation?)? = nil
    ) throws -> ContentReader {
        ContentReader(try currentReader(id, at: location), at: location) { [self] id in
            guard let place = try part?(id) ?? locate(id) else {
                throw VaultError(.missing, "A part of the content is not there.", location: location)
            }
            return try currentReader(id, at: place)
        }
    }

    /// Begins to read an entry, which may have been moved since somebody was told where it lies.
    private func currentReader(_ id: VaultEntryID, at location: VaultLocation) throws -> EntryReader {
        do {
            return try entryReader(id, at: location)
        } catch let error where error.code == .missing {
            guard let place = try indexedLocation(of: id), place != location else { throw error }
            return try entryReader(id, at: place)
        }
    }

    func entryReader(_ id: VaultEntryID, at location: VaultLocation) throws(VaultError) -> EntryReader {
        try checkPoison()
        let file = try readableSegment(location.segment)
        let size = try file.size()
        guard location.offset >= SegmentHeader.length, location.offset <= size,
            location.length >= EntryHeader.minimumEntryLength, location.length <= size - location.offset
        else { throw VaultError(.missing, "There is no entry.", location: location) }
        return try EntryReader(id, in: file, at: location, frames: frames, keys: keys) { [self] in
            try dictionary(of: location.segment, in: file)
        }
    }

    /// Where an entry lies; nil where there is none.
    func locate(_ id: VaultEntryID) throws -> VaultLocation? {
        try recentLocation(of: id) ?? indexedLocation(of: id)
    }

    /// The place of an entry that was appended lately, whether or not the index names it.
    func recentLocation(of id: VaultEntryID) -> VaultLocation? {
        tail.withLock { $0.recent[id]?.location }
    }

    func indexedLocation(of id: VaultEntryID) throws -> VaultLocation? { try index(id) }

    func id(sha256: [UInt8]) throws(VaultError) -> VaultEntryID {
        guard let id = VaultEntryID(bytes: keys.contentKey(sha256: sha256)) else {
            throw VaultError(.wrongKey, "The keys name no content.")
        }
        return id
    }

    /// Where appends stand: the last segment and its end.
    func position() -> (segment: Int64, end: Int64) {
        tail.withLock { ($0.segment, $0.end) }
    }

    /// Throws when making bytes durable has failed before.
    package func checkPoison() throws(VaultError) {
        if let error = poison.withLock({ $0 }) { throw error }
    }

    func poisoning(_ body: () throws(VaultError) -> Void) throws(VaultError) {
        do throws(VaultError) {
            try body()
        } catch {
            let message = "\(error.message) What was stored last may be lost; open the vault anew."
            poison.withLock { $0 = $0 ?? VaultError(.poisoned, message, errno: error.errno) }
            throw VaultError(.poisoned, message, errno: error.errno)
        }
    }

    /// Forgets what is known of a segment that is about to vanish.
    func forget(_ segment: Int64) {
        readable.withLock { $0[segment] = nil }
        dictionaries.withLock { $0[segment] = nil }
        tail.withLock { $0.recent = RecentValues(capacity: Tail.remembered) }
    }

    func readableSegment(_ segment: Int64) throws(VaultError) -> OpenFile {
        if let file = readable.withLock({ $0[segment] }) { return file }
        guard segment > 0 else { throw VaultError(.missing, "There is no segment \(segment).") }
        let file = try directory.open(segment, flags: O_RDONLY)
        readable.withLock { open in
            if open.count >= 64 { open.removeAll() }
            open[segment] = file
        }
        return file
    }
}
