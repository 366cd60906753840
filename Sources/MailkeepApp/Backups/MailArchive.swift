import CArchive
import Foundation
import MailkeepSync

/// An uploaded zip or tar file, whose files are taken out one after another.
///
/// Nothing is ever unpacked into the file system: the bytes go behind one another into one sealed file, and names into
/// its index, where `..`, an absolute path or a symbolic link leads nowhere. A hard link, by which mail servers copy a mail
/// into a second folder, is the file that it stands for. What lies elsewhere is named as what cannot be read. How many
/// files there are, how large they are together, and how much larger than the archive, is bounded.
final class MailArchive {
    /// Bytes from which an archive is known.
    static let headLength = 512

    private static let mostFiles = 500_000
    private static let mostLevels = 32
    private static let longestPath = 4096
    /// Mail shrinks to a tenth; what shrinks to less than a hundredth was made to fill a disk.
    private static let mostGrowth: Int64 = 100
    private static let anyGrowth: Int64 = 64 << 20
    private static let chunk = 256 << 10
    private static let file: UInt32 = 0o100000
    private static let symbolicLink: UInt32 = 0o120000

    /// What people see instead of what came no more.
    private static let missingEnd = Array("… (tar)".utf8)

    private let feed: Feed
    private let limit: Int64
    /// What all files together may have for the archive's own size.
    private let mostSize: Int64
    /// Bytes of all files so far.
    private var size: Int64 = 0
    private let archive: OpaquePointer
    /// Null where the system has no such locale.
    private let utf8: locale_t?

    /// - Parameter limit: bytes of all files together.
    /// - Throws: `AppError` (`uploadUnreadable`).
    init(_ upload: UploadReader, limit: Int64) throws {
        guard let archive = archive_read_new() else { throw AppError(.uploadUnreadable) }
        self.archive = archive
        utf8 = mailkeep_archive_utf8()
        self.limit = limit
        feed = Feed(upload)
        let (grown, overflow) = upload.length.multipliedReportingOverflow(by: Self.mostGrowth)
        mostSize = overflow ? limit : max(grown, Self.anyGrowth)
        archive_read_support_filter_gzip(archive)
        archive_read_support_filter_bzip2(archive)
        archive_read_support_filter_xz(archive)
        archive_read_support_filter_zstd(archive)
        // By its directory, so that one that was cut off is not taken for a whole one.
        archive_read_support_format_zip_seekable(archive)
        archive_read_support_format_tar(archive)
        archive_read_set_callback_data(archive, Unmanaged.passUnretained(feed).toOpaque())
        archive_read_set_read_callback(archive) { _, context, bytes in
            context.map { Unmanaged<Feed>.fromOpaque($0).takeUnretainedValue().read(bytes) } ?? -1
        }
        archive_read_set_skip_callback(archive) { _, context, count in
            context.map { Unmanaged<Feed>.fromOpaque($0).takeUnretainedValue().skip(count) } ?? -1
        }
        archive_read_set_seek_callback(archive) { _, context, offset, whence in
            context.map { Unmanaged<Feed>.fromOpaque($0).takeUnretainedValue().seek(offset, whence) } ?? -1
        }
        guard archive_read_open1(archive) == ARCHIVE_OK else { throw AppError(.uploadUnreadable) }
    }

    deinit {
        archive_read_free(archive)
        mailkeep_archive_end_utf8(utf8)
    }

    /// Whether a file that begins like this is an archive: zip, or tar, compressed or not.
    static func isArchive(_ head: [UInt8]) -> Bool {
        let magics: [[UInt8]] = [
            [0x50, 0x4B, 0x03, 0x04], [0x50, 0x4B, 0x05, 0x06], [0x1F, 0x8B], Array("BZh".utf8),
            [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], [0x28, 0xB5, 0x2F, 0xFD],
        ]
        return magics.contains { head.starts(with: $0) } || head.dropFirst(257).starts(with: Array("ustar".utf8))
    }

    /// Takes every file out.
    ///
    /// - Throws: `AppError` (`uploadUnreadable`, `uploadTooMany`, `uploadTooLarge`, `uploadGrows`), `SyncFailure`,
    ///   `CancellationError`.
    func unpack(into writer: UploadWriter) async throws {
        // The latest file of a name is what a hard link to it stands for.
        var latest: [[[UInt8]]: Range<Int64>] = [:]
        var taken: Set<[[UInt8]]> = []
        var entries = 0
        while let entry = try next() {
            entries += 1
            guard entries <= Self.mostFiles else { throw AppError(.uploadTooMany) }
            guard archive_entry_is_encrypted(entry) == 0 else { throw AppError(.uploadUnreadable) }
            guard let path = path(of: entry, number: entries) else { continue }
            let content: Range<Int64>?
            if let linked = mailkeep_archive_hardlink(entry, utf8), archive_entry_size(entry) == 0 {
                content = Self.path(linked).flatMap { latest[$0] }
                try grow(by: content.map { $0.upperBound - $0.lowerBound } ?? 0)
            } else if archive_entry_filetype(entry) == Self.file {
                content = try await take(into: writer)
            } else if archive_entry_filetype(entry) == Self.symbolicLink {
                content = nil
            } else {
                continue
            }
            latest[path] = content
            let modifiedAt = Int64(archive_entry_mtime(entry)).multipliedReportingOverflow(by: 1000)
            writer.addFile(
                Self.unused(path, in: &taken),
                content: content,
                modifiedAt: modifiedAt.overflow ? 0 : modifiedAt.partialValue
            )
        }
        if endsEarly { writer.addFile(Self.unused([Self.missingEnd], in: &taken), content: nil, modifiedAt: 0) }
    }

    /// A path that no other file has: of two files of one name neither is lost.
    private static func unused(_ path: [[UInt8]], in taken: inout Set<[[UInt8]]>) -> [[UInt8]] {
        var unused = path
        var copy = 1
        while !taken.insert(unused).inserted {
            copy += 1
            unused[path.count - 1] = path[path.count - 1] + Array("~\(copy)".utf8)
        }
        return unused
    }

    /// Whether a tar file ends without the blocks of zeros that say so, once all of it was read: cut off between two files
    /// it looks whole otherwise.
    private var endsEarly: Bool {
        archive_format(archive) & ARCHIVE_FORMAT_BASE_MASK == ARCHIVE_FORMAT_TAR
            && archive_filter_bytes(archive, 0) <= archive_read_header_position(archive)
    }

    /// The next entry; nil at the end.
    private func next() throws -> OpaquePointer? {
        var entry: OpaquePointer?
        switch mailkeep_archive_next_header(archive, &entry, utf8) {
        case ARCHIVE_OK, ARCHIVE_WARN: return entry
        case ARCHIVE_EOF: return nil
        default: throw feed.failure ?? AppError(.uploadUnreadable)
        }
    }

    /// Takes the content of the entry; tells where in the writer's it is.
    private func take(into writer: UploadWriter) async throws -> Range<Int64> {
        let start = writer.length
        var buffer = [UInt8](repeating: 0, count: Self.chunk)
        while true {
            try Task.checkCancellation()
            let count = buffer.withUnsafeMutableBytes { archive_read_data(archive, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw feed.failure ?? AppError(.uploadUnreadable) }
            guard count > 0 else { return start..<writer.length }
            try grow(by: Int64(count))
            try buffer.withUnsafeBytes { try writer.append(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            await Task.yield()
        }
    }

    /// Counts bytes of files, linked ones at each of their names, as each is read as a mail of its own.
    private func grow(by count: Int64) throws {
        guard count <= limit - size else { throw AppError(uploadLimit: limit) }
        guard count <= mostSize - size else { throw AppError(.uploadGrows, ["times": "\(Self.mostGrowth)"]) }
        size += count
    }

    /// The names of an entry's path, less what leads nowhere; nil for what is no mail's.
    ///
    /// - Parameter number: its place in the archive, for one whose name cannot be read.
    private func path(of entry: OpaquePointer, number: Int) -> [[UInt8]]? {
        guard let text = mailkeep_archive_pathname(entry, utf8) else { return [Array("\(number)".utf8)] }
        return Self.path(text)
    }

    private static func path(_ text: UnsafePointer<CChar>) -> [[UInt8]]? {
        let bytes = UnsafeRawBufferPointer(start: text, count: strlen(text)).suffix(longestPath)
        let names = bytes.split(whereSeparator: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") })
            .map(Array.init).filter { $0 != Array(".".utf8) && $0 != Array("..".utf8) }
        guard names.first != Array("__MACOSX".utf8) else { return nil }
        return names.isEmpty ? nil : names.suffix(mostLevels)
    }
}

/// The archive's bytes as the library asks for them.
private final class Feed {
    private static let chunk = 256 << 10

    private let upload: UploadReader
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: 16)
    private var offset: Int64 = 0
    /// Why bytes could not be given.
    private(set) var failure: SyncFailure?

    init(_ upload: UploadReader) {
        self.upload = upload
    }

    deinit {
        buffer.deallocate()
    }

    var length: Int64 { upload.length }

    func read(_ bytes: UnsafeMutablePointer<UnsafeRawPointer?>?) -> Int {
        let count = Int(min(Int64(Self.chunk), max(0, length - offset)))
        do {
            buffer.copyBytes(from: try upload.read(at: offset, count: count))
        } catch {
            failure = error
            return -1
        }
        offset += Int64(count)
        bytes?.pointee = UnsafeRawPointer(buffer.baseAddress)
        return count
    }

    func skip(_ count: Int64) -> Int64 {
        let skipped = max(0, min(count, length - offset))
        offset += skipped
        return skipped
    }

    func seek(_ distance: Int64, _ whence: Int32) -> Int64 {
        let base: Int64 =
            switch whence {
            case SEEK_CUR: offset
            case SEEK_END: length
            default: 0
            }
        let (target, overflow) = base.addingReportingOverflow(distance)
        guard !overflow, (0...length).contains(target) else { return Int64(ARCHIVE_FATAL) }
        offset = target
        return target
    }
}
