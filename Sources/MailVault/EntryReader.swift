import MailkeepKeys

/// Reads one entry, frame by frame.
struct EntryReader {
    private let frames: FrameSealer
    private let keys: KeyRing
    private let id: VaultEntryID
    private let location: VaultLocation
    private let dictionary: () throws -> SegmentDictionary?
    let header: EntryHeader
    private var rest: RestOfEntry
    private var index = 0
    private(set) var isAtEnd = false

    /// Begins to read the entry `id`, whose `location` lies within the file; throws `damaged` where it is not there.
    ///
    /// - Parameter dictionary: gives that of the segment.
    init(
        _ id: VaultEntryID,
        in file: OpenFile,
        at location: VaultLocation,
        frames: FrameSealer,
        keys: KeyRing,
        dictionary: @escaping () throws -> SegmentDictionary? = { nil }
    ) throws(VaultError) {
        self.dictionary = dictionary
        self.frames = frames
        self.keys = keys
        self.id = id
        self.location = location
        rest = RestOfEntry(file: file, location: location)
        guard let header = EntryHeader(try rest.take(EntryHeader.length)),
            header.id == id, header.entryLength == location.length
        else { throw VaultError(.damaged, "The entry's header is not what was written.", location: location) }
        self.header = header
    }

    /// Hands out the next frame's content; throws `damaged`.
    ///
    /// What comes is what was written under this entry's header, in this order; the last frame proves that it is all.
    mutating func readFrame(_ onChunk: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard let head = FrameHead(try rest.take(FrameHead.length)) else {
            throw VaultError(.damaged, "A frame's head is not what was written.", location: location)
        }
        let sealed = try rest.take(head.sealedLength)
        try frames.open(
            sealed,
            head: head,
            salt: header.salt,
            index: index,
            header: rest.isEmpty ? header : nil,
            dictionary: dictionary,
            onChunk
        )
        index += 1
        isAtEnd = rest.isEmpty
    }

    /// Whether content of this SHA-256 is what the id names.
    func isNamed(bySHA256 sha256: [UInt8]) -> Bool { keys.contentKey(sha256: sha256) == id.bytes }
}

/// The bytes of an entry that are still to be read, fetched in stretches of about 1 MiB.
private struct RestOfEntry {
    private let file: OpenFile
    private let location: VaultLocation
    private let end: Int64
    private var position: Int64
    private var buffer: ArraySlice<UInt8> = []

    /// `location` lies within the file.
    init(file: OpenFile, location: VaultLocation) {
        self.file = file
        self.location = location
        position = location.offset
        end = location.offset + location.length
    }

    var isEmpty: Bool { buffer.isEmpty && position == end }

    mutating func take(_ count: Int) throws(VaultError) -> ArraySlice<UInt8> {
        if buffer.count < count {
            let stretch = max(count - buffer.count, SegmentFormat.frameSize + 64)
            let read = try file.read(at: position, count: Int(min(end - position, Int64(stretch))))
            position += Int64(read.count)
            buffer = buffer.isEmpty ? read[...] : buffer + read
        }
        guard buffer.count >= count else {
            throw VaultError(.damaged, "The entry ends too early.", location: location)
        }
        defer { buffer = buffer.dropFirst(count) }
        return buffer.prefix(count)
    }
}
