import CArchive
import Foundation

/// Writes a zip or tar file as a stream: what the library produces is handed on after every piece, so that memory stays
/// bounded however large the file.
///
/// Used by one task at a time.
final class ArchiveWriter {
    enum Format {
        case zip
        /// ustar, with pax headers where it has no room (POSIX.1-2001).
        case tar
    }

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

    /// Begins a file; a zip file tells its size behind it where it is not known yet.
    func beginFile(_ path: String, size: Int64?, modifiedAt: Date) async throws {
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
        try await flush()
    }

    private func flush() async throws {
        guard !output.bytes.isEmpty else { return }
        let bytes = output.bytes
        output.bytes = Data()
        try await write(bytes)
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
