import FoundationEssentials
import MailkeepKeys

/// Compresses and seals the frames of entries, and opens them.
///
/// A frame is bound to its entry's salt, its place and its head; the last one to the entry's whole header too, so that
/// no header, order or end can be changed without being found.
struct FrameSealer: Sendable {
    static let overhead = Sealer.overhead

    private let sealer: Sealer
    private let codecs = CodecPool()

    init(sealer: Sealer) {
        self.sealer = sealer
    }

    /// Compressed content that is ready for sealing.
    struct Packed {
        let codec: FrameCodec
        let contentLength: Int
        let bytes: UnsafeRawBufferPointer

        var frameLength: Int { FrameHead.length + bytes.count + FrameSealer.overhead }
    }

    /// Compresses at most 1 MiB of content, where that shrinks it; what `body` gets is valid within it.
    func pack<Result>(
        _ content: UnsafeRawBufferPointer,
        _ dictionary: SegmentDictionary?,
        _ body: (Packed) throws -> Result
    ) rethrows -> Result {
        try codecs.withCompressor { compressor in
            let compressed = compressor.compress(content, dictionary)
            return try body(
                Packed(
                    codec: compressed == nil ? .raw : dictionary == nil ? .zstd : .zstdDictionary,
                    contentLength: content.count,
                    bytes: compressed ?? content
                )
            )
        }
    }

    /// Appends the whole frame to what `buffer` holds; `header` is given for an entry's last one.
    func seal(
        _ packed: Packed,
        salt: [UInt8],
        index: Int,
        header: EntryHeader?,
        to buffer: FrameBuffer
    ) throws(KeyError) {
        let head = FrameHead(
            codec: packed.codec,
            contentLength: packed.contentLength,
            sealedLength: packed.bytes.count + Self.overhead
        ).encoded
        buffer.bytes += head
        let context = context(salt: salt, index: index, head: head, header: header)
        try sealer.seal(packed.bytes, authenticating: context, to: &buffer.bytes)
    }

    /// An empty buffer, to be given back.
    func takeBuffer() -> FrameBuffer { codecs.takeBuffer() }

    func giveBack(_ buffer: FrameBuffer) { codecs.giveBack(buffer) }

    /// Opens a frame and hands its content to `body`; throws `damaged` where it does not open.
    ///
    /// - Parameter dictionary: is asked for where the frame was compressed with one.
    func open(
        _ sealed: ArraySlice<UInt8>,
        head: FrameHead,
        salt: [UInt8],
        index: Int,
        header: EntryHeader?,
        dictionary: () throws -> SegmentDictionary?,
        _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let context = context(salt: salt, index: index, head: head.encoded, header: header)
        guard let packed = try? sealer.open(sealed, authenticating: context) else {
            throw VaultError(.damaged, "A frame does not open.")
        }
        switch head.codec {
        case .raw:
            guard packed.count == head.contentLength else { throw VaultError(.damaged, "A frame has a false length.") }
            try packed.withUnsafeBytes(body)
        case .zstd, .zstdDictionary:
            let dictionary = head.codec == .zstdDictionary ? try dictionary() : nil
            try codecs.withDecompressor { decompressor in
                guard let content = decompressor.decompress(packed, length: head.contentLength, dictionary) else {
                    throw VaultError(.damaged, "A frame does not decompress.")
                }
                try body(content)
            }
        }
    }

    private func context(salt: [UInt8], index: Int, head: [UInt8], header: EntryHeader?) -> [UInt8] {
        var context = salt
        context.append(littleEndian: Int64(index))
        context += head
        if let header { context += header.encoded }
        return context
    }
}
