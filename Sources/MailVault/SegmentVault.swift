package import FoundationEssentials
import Glibc
package import MailkeepKeys
import Synchronization

/// The vault in segment files: `vault/NNNNNNNN.seg` of a data directory, about 256 MB each.
///
/// A segment that is followed by another never changes. One process at a time has a vault open. Memory is bounded by a
/// few MiB for each open writer and each read, however large the content.
package final class SegmentVault: Vault {
    /// Where the next entry goes.
    struct Tail {
        /// The last segment's number; 0 where there is none.
        var segment: Int64
        /// The last segment, nil where nothing is to be appended to it.
        var file: OpenFile?
        var end: Int64
        var isDirty = false
        /// What was appended last, which the database may not know yet; what is forgotten and comes again is stored twice.
        var recent = RecentValues<VaultEntryID, VaultLocation>(capacity: 4096)
    }

    let directory: VaultDirectory
    let frames: FrameSealer
    let keys: KeyRing
    private let segmentSize: Int64
    /// Taken before `tail` where both are.
    private let syncing = Mutex<Void>(())
    private let tail: Mutex<Tail>
    private let readable = Mutex<[Int64: OpenFile]>([:])
    private let poison = Mutex<VaultError?>(nil)

    /// Opens the vault of `directory`, a data directory, and cuts off what a crash left unfinished.
    ///
    /// Only the last segment is cut, and only behind its last whole entry. Throws `locked` where another process has
    /// the vault open, and `wrongKey`.
    ///
    /// - Parameter durable: where an entry lies that was made durable; the later it is, the less is read.
    package init(
        in directory: URL,
        keys: KeyRing,
        durable: VaultLocation? = nil,
        segmentSize: Int64 = 256 << 20,
        calls: SystemCalls = .live
    ) throws(VaultError) {
        self.directory = try VaultDirectory(in: directory, calls: calls)
        self.keys = keys
        self.segmentSize = segmentSize
        frames = FrameSealer(sealer: keys.sealer(for: .vault))
        let sealer = keys.sealer(for: .vault)
        tail = Mutex(try Self.recoverTail(of: self.directory, sealer: sealer, durable: durable))
    }

    package func makeWriter() throws -> any VaultWriter {
        try checkPoison()
        return SegmentVaultWriter(self)
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
        var reader = try entryReader(id, at: location)
        while !reader.isAtEnd { try reader.readFrame(onChunk) }
    }

    package func makeReader(_ id: VaultEntryID, at location: VaultLocation) throws -> any VaultReader {
        SegmentVaultReader(try entryReader(id, at: location))
    }

    private func entryReader(_ id: VaultEntryID, at location: VaultLocation) throws(VaultError) -> EntryReader {
        try checkPoison()
        let file = try readableSegment(location.segment)
        let size = try file.size()
        guard location.offset >= SegmentHeader.length, location.offset <= size,
            location.length >= EntryHeader.minimumEntryLength, location.length <= size - location.offset
        else { throw VaultError(.missing, "There is no entry.", location: location) }
        return try EntryReader(id, in: file, at: location, frames: frames, keys: keys)
    }

    /// The place of an entry that was appended lately.
    func recentLocation(of id: VaultEntryID) -> VaultLocation? {
        tail.withLock { $0.recent[id] }
    }

    /// Appends an entry of `length` bytes, which `write` puts into a file from an offset on.
    ///
    /// Answers with `isNew` false where another writer appended the same content meanwhile.
    func append(
        _ id: VaultEntryID,
        length: Int64,
        write: (OpenFile, Int64) throws(VaultError) -> Void
    ) throws(VaultError) -> (location: VaultLocation, isNew: Bool) {
        while true {
            try checkPoison()
            let full: Int64
            switch try tryAppend(id, length: length, write: write) {
            case .appended(let location): return (location, true)
            case .present(let location): return (location, false)
            case .full(let segment): full = segment
            }
            try rollOver(from: full)
        }
    }

    /// Where appends stand: the last segment and its end.
    func position() -> (segment: Int64, end: Int64) {
        tail.withLock { ($0.segment, $0.end) }
    }

    /// Throws when making bytes durable has failed before.
    func checkPoison() throws(VaultError) {
        if let error = poison.withLock({ $0 }) { throw error }
    }

    private enum Attempt {
        case appended(VaultLocation)
        case present(VaultLocation)
        case full(segment: Int64)
    }

    private func tryAppend(
        _ id: VaultEntryID,
        length: Int64,
        write: (OpenFile, Int64) throws(VaultError) -> Void
    ) throws(VaultError) -> Attempt {
        try tail.withLock { tail throws(VaultError) in
            if let location = tail.recent[id] { return .present(location) }
            guard let file = tail.file,
                tail.end == Int64(SegmentHeader.length) || length <= segmentSize - tail.end
            else { return .full(segment: tail.segment) }
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
            tail.recent.insert(id, location)
            return .appended(location)
        }
    }

    /// Begins the segment after `segment`, unless another writer has.
    ///
    /// The full one is durable before, so that after a crash only the last segment can have a torn end.
    private func rollOver(from segment: Int64) throws(VaultError) {
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
                tail.end = Int64(SegmentHeader.length)
            }
        }
    }

    private func poisoning(_ body: () throws(VaultError) -> Void) throws(VaultError) {
        do throws(VaultError) {
            try body()
        } catch {
            let message = "\(error.message) What was stored last may be lost; open the vault anew."
            poison.withLock { $0 = $0 ?? VaultError(.poisoned, message, errno: error.errno) }
            throw VaultError(.poisoned, message, errno: error.errno)
        }
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
