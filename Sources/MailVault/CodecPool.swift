import CZstd
import FoundationEssentials
import Synchronization

/// Keeps compressors, decompressors and buffers between uses: making one costs more than compressing a mail, and large
/// blocks that come and go leave holes in memory.
///
/// There are at most as many as were ever in use at the same time.
final class CodecPool: Sendable {
    private let compressors = Mutex<[Compressor]>([])
    private let decompressors = Mutex<[Decompressor]>([])
    private let buffers = Mutex<[FrameBuffer]>([])

    func withCompressor<Result>(_ body: (Compressor) throws -> Result) rethrows -> Result {
        let compressor = compressors.withLock { $0.popLast() } ?? Compressor()
        defer { compressors.withLock { $0.append(compressor) } }
        return try body(compressor)
    }

    func withDecompressor<Result>(_ body: (Decompressor) throws -> Result) rethrows -> Result {
        let decompressor = decompressors.withLock { $0.popLast() } ?? Decompressor()
        defer { decompressors.withLock { $0.append(decompressor) } }
        return try body(decompressor)
    }

    /// A buffer that is empty.
    func takeBuffer() -> FrameBuffer {
        let buffer = buffers.withLock { $0.popLast() } ?? FrameBuffer()
        buffer.bytes.removeAll(keepingCapacity: true)
        return buffer
    }

    /// Takes a buffer back that is not used any more.
    func giveBack(_ buffer: FrameBuffer) {
        buffers.withLock { $0.append(buffer) }
    }
}

/// A buffer with room for a frame.
///
/// Unchecked, as the pool hands each one to a single user at a time.
final class FrameBuffer: @unchecked Sendable {
    var bytes: [UInt8] = []

    init() {
        bytes.reserveCapacity(SegmentFormat.largestFrame)
    }
}

/// Compresses with zstd (RFC 8878) into a buffer of its own.
///
/// Unchecked for the same reason as `FrameBuffer`.
final class Compressor: @unchecked Sendable {
    static let level: Int32 = 3

    private let context = ZSTD_createCCtx()
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: SegmentFormat.frameSize, alignment: 16)

    init() {
        // What a frame's head says need not be said again.
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Self.level)
        ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0)
        ZSTD_CCtx_setParameter(context, ZSTD_c_dictIDFlag, 0)
    }

    deinit {
        ZSTD_freeCCtx(context)
        buffer.deallocate()
    }

    /// The compressed bytes of at most 1 MiB, valid until the next call; nil where they are not fewer.
    func compress(_ content: UnsafeRawBufferPointer, _ dictionary: SegmentDictionary?) -> UnsafeRawBufferPointer? {
        guard let context, 2...buffer.count ~= content.count else { return nil }
        let room = content.count - 1
        guard ZSTD_isError(ZSTD_CCtx_refCDict(context, dictionary?.forCompression)) == 0 else { return nil }
        let written = ZSTD_compress2(context, buffer.baseAddress, room, content.baseAddress, content.count)
        guard ZSTD_isError(written) == 0, written > 0 else { return nil }
        return UnsafeRawBufferPointer(rebasing: buffer[..<written])
    }
}

/// Decompresses zstd into a buffer of its own.
///
/// Unchecked for the same reason as `FrameBuffer`.
final class Decompressor: @unchecked Sendable {
    private let context = ZSTD_createDCtx()
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: SegmentFormat.frameSize, alignment: 16)

    deinit {
        ZSTD_freeDCtx(context)
        buffer.deallocate()
    }

    /// The content, valid until the next call; nil where it is not exactly `length` bytes, at most 1 MiB.
    func decompress(_ bytes: Data, length: Int, _ dictionary: SegmentDictionary?) -> UnsafeRawBufferPointer? {
        guard let context, (0...buffer.count).contains(length) else { return nil }
        guard ZSTD_isError(ZSTD_DCtx_refDDict(context, dictionary?.forDecompression)) == 0 else { return nil }
        let written = bytes.withUnsafeBytes {
            ZSTD_decompressDCtx(context, buffer.baseAddress, length, $0.baseAddress, $0.count)
        }
        guard ZSTD_isError(written) == 0, written == length else { return nil }
        return UnsafeRawBufferPointer(rebasing: buffer[..<length])
    }
}
