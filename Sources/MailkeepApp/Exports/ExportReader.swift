import Foundation

/// Where in an export a mail is.
enum ExportPlace: Hashable {
    case path(String)
    /// Where the mail begins in an mbox file.
    case offset(Int64)

    /// As people are told it.
    var name: String {
        switch self {
        case .path(let path): path
        case .offset(let offset): "@\(offset)"
        }
    }
}

/// A file in an export does not give its bytes, or too many.
struct ExportDamage: Error {}

/// The file of an export, as hostile as files are that come from anywhere.
///
/// Nothing of it is unpacked into the file system, and no name in it is ever a path.
protocol ExportReader {
    var format: ExportFormat { get }

    /// What gives the bytes of a document in pieces; nil where it is not there.
    ///
    /// - Throws: `AppError` (`exportUnreadable`); the pieces throw it too, and `ExportDamage`.
    func document(_ document: ExportDocument) throws -> (() throws -> Data?)?

    /// Every mail with what gives its bytes in pieces, and every other file, for which that is nil.
    ///
    /// - Throws: as `document`.
    func forEachFile(_ body: (ExportPlace, (() throws -> Data?)?) throws -> Void) throws
}
