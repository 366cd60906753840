import Foundation
package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// The form of an export.
package enum ExportFormat: String, Sendable, CaseIterable, Codable {
    /// A zip file of `.eml` files, one folder for each folder that the mails were in.
    case emlZip = "eml_zip"
    /// One mbox file (mboxrd), whose last mail carries what proves the others.
    case mbox

    package var fileExtension: String { self == .mbox ? "mbox" : "zip" }

    package var contentType: String { self == .mbox ? "application/mbox" : "application/zip" }
}

/// Whose mail is taken out.
package enum ExportSubject: Sendable, Equatable {
    /// What a completed backup holds: for administrators, and of that what they may view (V).
    case backup(BackupID)
    /// What the caller may see on a record's page (V1–V4).
    case record(RecordKey)
    /// What is stored of an active user's own mailbox: for that user (V0).
    case ownMail(of: UserID)
}

/// What the list of an export says of the export as a whole.
///
/// Part of the documented form: names are fixed.
struct ExportHeader: Codable, Sendable, Equatable {
    enum Kind: String, Codable, Sendable {
        case backup
        case record
        case mailbox
    }

    struct Record: Codable, Sendable, Equatable {
        var module: String
        var id: String
    }

    static let listFormat = "mailkeep-export-1"

    var organization: String
    var kind: Kind
    var format: ExportFormat
    var exported_by: ManifestHeader.Person
    var exported_time: String
    /// Of a backup, which the manifest beside the list describes.
    var backup_id: String?
    /// Whose mailbox it is, or was; of a record's mail there may be several.
    var user: ManifestHeader.Person?
    var record: Record?
    /// The head of the hash-chained audit log when the export began.
    var audit_head: String
}

/// A line of the list of an export: one mail, and where in the export it is.
///
/// Part of the documented form: names are fixed.
struct ExportedFile: Codable, Sendable, Equatable {
    /// In a zip file.
    var path: String?
    /// In an mbox file: where the mail begins, behind its separator, and its bytes there, quoted as they are.
    var offset: Int64?
    var length: Int64?
    var sha256: String
    /// Of the raw mail, in bytes.
    var size: Int64
}

/// The files that prove an export, by their fixed names.
enum ExportDocument: String, CaseIterable {
    case manifest = "manifest.json"
    case manifestSignature = "manifest.sig"
    case list = "export.json"
    case listSignature = "export.sig"
    case publicKey = "public-key.pem"

    var contentType: String {
        switch self {
        case .manifest, .list: "application/json"
        case .manifestSignature, .listSignature: "text/plain"
        case .publicKey: "application/x-pem-file"
        }
    }
}

/// The SHA-256 of a mail, in no more memory than it needs: there are as many of them as mails.
struct MailDigest: Hashable, Comparable, Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Nil where there are not 32 bytes.
    init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        var words: [UInt64] = [0, 0, 0, 0]
        for (place, byte) in bytes.enumerated() { words[place / 8] = words[place / 8] << 8 | UInt64(byte) }
        self.words = (words[0], words[1], words[2], words[3])
    }

    init?(hex: String) {
        guard let bytes = Data(hex: hex) else { return nil }
        self.init(bytes)
    }

    var bytes: Data {
        withUnsafeBytes(of: (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)) { Data($0) }
    }

    var hex: String { bytes.hex }

    static func == (left: Self, right: Self) -> Bool { left.words == right.words }

    static func < (left: Self, right: Self) -> Bool { left.words < right.words }

    func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.3)
    }
}
