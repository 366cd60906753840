import CArchive
import Foundation

/// Writes a zip or tar file as a stream: what the library produces is handed on in pieces, so that memory stays bounded
/// however large the file.
///
/// Files in a zip file are stored as they are, or deflated: that takes several times as long as all the rest. Zip64 comes
/// in by itself where the file, or one in it, has 4 GiB, or where there are 65,536 of them.
///
/// Used by one task at a time.
final class ArchiveWriter {
    enum Format {
        case zip
        /// ustar, with pax headers where it has no room (POSIX.1-2001).
        case tar
    }

    private let format: Format
    private let archive: OpaquePointer
    private let entry: OpaquePointer
    private let output = Output()
    private let write: (Data) async throws -> Void

    /// What the library has produced and nobody has taken yet.
    private final class Output {
        var bytes = Data()
    }

    init(_ format: Format, write: @escaping (Data) async throws -> Void) throws {
        guard let archive = archive_write_new(), let entry = archive_entry_new() else { throw ArchiveError() }
        self.format = format
        self.archive = archive
        self.entry = entry
        self.write = write
        switch format {
        case .zip: archive_write_set_format_zip(archive)
        case .tar: archive_write_set_format_pax_restricted(archive)
        }
        // File names are UTF-8, whatever the process's locale says.
        archive_write_set_options(archive, "hdrcharset=UTF-8")
        archive_write_set_bytes_per_block(archive, 0)
        let opened = archive_write_open(
            archive,
            Unmanaged.passUnretained(output).toOpaque(),
            nil,
            { _, context, bytes, count in
                guard let context, let bytes else { return -1 }
                Unmanaged<Output>.fromOpaque(context).takeUnretainedValue().bytes.append(
                    bytes.assumingMemoryBound(to: UInt8.self),
                    count: count
                )
                return count
            },
            nil
        )
        try check(opened)
    }

    deinit {
        archive_entry_free(entry)
        archive_write_free(archive)
    }

    /// Begins a file.
    ///
    /// - Parameter size: nil, in a zip file alone, where it is not known yet; it is told behind the file then, which is
    ///   deflated, as only so its end is known to who reads the zip file as it comes.
    func beginFile(_ path: String, size: Int64?, modifiedAt: Date) async throws {
        if format == .zip {
            let isStored = size != nil
            try check(
                isStored
                    ? archive_write_zip_set_compression_store(archive)
                    : archive_write_zip_set_compression_deflate(archive)
            )
        }
        archive_entry_clear(entry)
        archive_entry_set_pathname_utf8(entry, path)
        if let size { archive_entry_set_size(entry, size) }
        archive_entry_set_filetype(entry, UInt32(0o100000))
        archive_entry_set_perm(entry, 0o600)
        archive_entry_set_mtime(entry, Int(modifiedAt.timeIntervalSince1970.rounded()), 0)
        try check(archive_write_header(archive, entry))
        try await flush()
    }

    /// Appends to the file begun last.
    func append(_ bytes: Data) async throws {
        let written = bytes.withUnsafeBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
        guard written == bytes.count else { throw ArchiveError() }
        try await flush()
    }

    /// Writes a whole file.
    func addFile(_ path: String, _ bytes: Data, modifiedAt: Date) async throws {
        try await beginFile(path, size: Int64(bytes.count), modifiedAt: modifiedAt)
        try await append(bytes)
    }

    /// Ends the archive.
    func finish() async throws {
        try check(archive_write_finish_entry(archive))
        try check(archive_write_close(archive))
        try await flush(atLeast: 1)
    }

    private func flush(atLeast count: Int = 256 << 10) async throws {
        guard output.bytes.count >= count else { return }
        try await write(output.bytes)
        output.bytes.removeAll(keepingCapacity: true)
    }

    private func check(_ status: Int32) throws {
        guard status == ARCHIVE_OK else {
            throw ArchiveError(archive_error_string(archive).map { String(cString: $0) })
        }
    }
}

/// The library's refusal to write an archive.
struct ArchiveError: Error, CustomStringConvertible {
    let description: String

    init(_ message: String? = nil) {
        description = message ?? "the archive could not be written"
    }
}
