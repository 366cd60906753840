import CZstd
import FoundationEssentials
import Synchronization

/// Keeps compressors and decompressors between uses: making one costs more than compressing a mail.
///
/// There are as many as were ever in use at the same time.
final class CodecPool: Sendable {
    private let compressors = Mutex<[Compressor]>([])
    private let decompressors = Mutex<[Decompressor]>([])

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
}

/// Compresses with zstd (RFC 8878) at level 1: the higher ones save a few percent of mail, and take twice the time.
///
/// Unchecked, as the pool hands each one to a single user at a time.
final class Compressor: @unchecked Sendable {
    private let context = ZSTD_createCCtx()

    deinit {
        ZSTD_freeCCtx(context)
    }

    /// The compressed bytes; nil where they are not fewer.
    func compress(_ content: [UInt8]) -> [UInt8]? {
        guard let context, content.count > 1 else { return nil }
        let compressed = [UInt8](unsafeUninitializedCapacity: content.count - 1) { buffer, count in
            let written = content.withUnsafeBytes {
                ZSTD_compressCCtx(context, buffer.baseAddress, buffer.count, $0.baseAddress, $0.count, 1)
            }
            count = ZSTD_isError(written) == 0 ? written : 0
        }
        return compressed.isEmpty ? nil : compressed
    }
}

/// Decompresses zstd into a buffer of its own.
///
/// Unchecked for the same reason as `Compressor`.
final class Decompressor: @unchecked Sendable {
    private let context = ZSTD_createDCtx()
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: SegmentFormat.frameSize, alignment: 16)

    deinit {
        ZSTD_freeDCtx(context)
        buffer.deallocate()
    }

    /// The content, valid until the next call; nil where it is not exactly `length` bytes, at most 1 MiB.
    func decompress(_ bytes: Data, length: Int) -> UnsafeRawBufferPointer? {
        guard let context, (0...buffer.count).contains(length) else { return nil }
        let written = bytes.withUnsafeBytes {
            ZSTD_decompressDCtx(context, buffer.baseAddress, length, $0.baseAddress, $0.count)
        }
        guard ZSTD_isError(written) == 0, written == length else { return nil }
        return UnsafeRawBufferPointer(rebasing: buffer[..<length])
    }
}
