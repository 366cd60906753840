import CArchive
import Foundation

/// An export that is a zip file.
struct ZipExportReader: ExportReader {
    /// Documents shrink to a third; what shrinks far more was made to fill a disk.
    private static let mostGrowth: Int64 = 20
    private static let anyGrowth: Int64 = 64 << 20

    let format = ExportFormat.emlZip
    private let path: String
    private let largestDocument: Int64

    /// - Throws: `AppError` (`exportUnreadable`) where it is none, or does not have its end.
    init(path: String, size: Int64) throws {
        self.path = path
        let (grown, overflow) = size.multipliedReportingOverflow(by: Self.mostGrowth)
        largestDocument = overflow ? .max : max(grown, Self.anyGrowth)
        guard try Archive(path).next() != nil else { throw AppError(.exportUnreadable) }
    }

    func document(_ document: ExportDocument) throws -> (() throws -> Data?)? {
        let archive = try Archive(path)
        while let file = try archive.next() {
            guard file.path == document.rawValue, file.isRegular else { continue }
            var left = largestDocument
            return {
                guard let piece = try archive.read() else { return nil }
                left -= Int64(piece.count)
                guard left >= 0 else { throw ExportDamage() }
                return piece
            }
        }
        return nil
    }

    func forEachFile(_ body: (ExportPlace, (() throws -> Data?)?) throws -> Void) throws {
        let archive = try Archive(path)
        var documents: Set<String> = []
        while let file = try archive.next() {
            // Of two documents of one name the first was read.
            if ExportDocument(rawValue: file.path) != nil, file.isRegular, documents.insert(file.path).inserted {
                continue
            }
            guard !file.isFolder else { continue }
            try body(.path(file.path), file.isRegular ? archive.read : nil)
        }
    }

    /// A zip file, read by its directory, file by file.
    private final class Archive {
        struct File {
            var path: String
            var isRegular: Bool
            var isFolder: Bool
        }

        private let archive: OpaquePointer
        /// Null where the system has no such locale.
        private let utf8: locale_t?
        private var number = 0

        init(_ path: String) throws {
            guard let archive = archive_read_new() else { throw AppError(.exportUnreadable) }
            self.archive = archive
            utf8 = mailkeep_archive_utf8()
            archive_read_support_format_zip_seekable(archive)
            guard archive_read_open_filename(archive, path, 256 << 10) == ARCHIVE_OK else {
                throw AppError(.exportUnreadable)
            }
        }

        deinit {
            archive_read_free(archive)
            mailkeep_archive_end_utf8(utf8)
        }

        /// The next file; nil at the end.
        func next() throws -> File? {
            var entry: OpaquePointer?
            switch mailkeep_archive_next_header(archive, &entry, utf8) {
            case ARCHIVE_OK, ARCHIVE_WARN: break
            case ARCHIVE_EOF: return nil
            default: throw AppError(.exportUnreadable)
            }
            guard let entry else { throw AppError(.exportUnreadable) }
            number += 1
            let type = archive_entry_filetype(entry)
            return File(
                path: mailkeep_archive_pathname(entry, utf8).map { String(cString: $0) } ?? "#\(number)",
                isRegular: type == 0o100000 && archive_entry_is_encrypted(entry) == 0,
                isFolder: type == 0o040000
            )
        }

        /// The next bytes of the file; nil at its end.
        func read() throws -> Data? {
            var piece = Data(count: 256 << 10)
            let count = piece.withUnsafeMutableBytes { archive_read_data(archive, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw ExportDamage() }
            return count == 0 ? nil : piece.prefix(count)
        }
    }
}
