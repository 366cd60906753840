import Crypto
import MailkeepKeys

/// Reads one entry, frame by frame.
struct EntryReader {
    private let frames: FrameSealer
    private let keys: KeyRing
    private let id: VaultEntryID
    private let location: VaultLocation
    private let header: EntryHeader
    private var rest: RestOfEntry
    private var hash = SHA256()
    private var size: Int64 = 0
    private var index = 0
    private(set) var isAtEnd = false

    /// Begins to read the entry `id`, whose `location` lies within the file; throws `damaged` where it is not there.
    init(
        _ id: VaultEntryID,
        in file: OpenFile,
        at location: VaultLocation,
        frames: FrameSealer,
        keys: KeyRing
    ) throws(VaultError) {
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

    /// Hands out the next frame's content; throws `damaged`, after the last one also where all together are not what
    /// the id names.
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
            header: rest.isEmpty ? header : nil
        ) { chunk in
            hash.update(bufferPointer: chunk)
            size += Int64(chunk.count)
            try onChunk(chunk)
        }
        index += 1
        guard rest.isEmpty else { return }
        isAtEnd = true
        guard size == header.contentLength, keys.contentKey(sha256: sha256) == id.bytes else {
            throw VaultError(.damaged, "The content is not what its id names.", location: location)
        }
    }

    /// The SHA-256 of what was read so far.
    var sha256: [UInt8] { Array(hash.finalize()) }
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
