import Foundation
import MailVault
import MailkeepModel
import MailkeepStore
import MailkeepSync

/// A mail that is taken out.
struct ExportedMail: Sendable {
    var id: MessageID
    var sha256: Data
    var size: Int64
    var sentAt: Timestamp
    var sender: String?
    /// Empty where they are not told.
    var folders: [String]
    var content: ContentLocation

    init(_ message: BackupMessage) {
        id = message.id
        sha256 = message.sha256
        size = message.size
        sentAt = message.sentAt
        sender = message.sender
        folders = message.folders
        content = message.content
    }

    init(_ message: VisibleMessage, folders: [String]) {
        id = message.id
        sha256 = message.summary.sha256
        size = message.size
        sentAt = message.sentAt
        sender = message.summary.from.first?.address
        self.folders = folders
        content = message.content
    }
}

/// The bytes of a mail that is taken out.
struct ExportedContent: Sendable {
    /// All of them, of a mail that is small enough to be held.
    let held: Data?
    private let location: ContentLocation
    private let vault: any Vault

    private static let mostHeld: Int64 = 4 << 20

    /// Reads the bytes of a mail, unless they are too many.
    init(of mail: ExportedMail, in vault: any Vault) throws {
        self.vault = vault
        location = mail.content
        held = mail.size <= Self.mostHeld ? try vault.readAll(location, limit: Int(Self.mostHeld)) : nil
    }

    /// Hands them to `write`, in pieces of at most 1 MiB where they are not held.
    func copy(to write: (Data) async throws -> Void) async throws {
        if let held { try await write(held) } else { try await vault.copy(location, to: write) }
    }
}

/// The file that an export becomes: mails first, then the documents that prove them.
///
/// Used by one task at a time. What it has not handed on yet is bounded, however large the export; of every mail it keeps
/// some sixty bytes, for the list.
protocol ExportContainer: AnyObject {
    /// Takes a mail, once for each place that it has in this form.
    func add(_ mail: ExportedMail, _ content: ExportedContent) async throws

    /// The lines of the list: of every mail so far, in order.
    func forEachLine(_ body: (ExportedFile, Data) async throws -> Void) async throws

    /// Takes a document; all of them come after the last mail.
    func add(_ document: ExportDocument, _ body: ((Data) async throws -> Void) async throws -> Void) async throws

    /// Ends the file.
    func finish() async throws
}

/// Collects what is written, so that few and large pieces are handed on.
final class ExportSink {
    private static let piece = 256 << 10

    private let write: (Data) async throws -> Void
    private var buffer = Data(capacity: piece)
    /// Bytes written so far.
    private(set) var offset: Int64 = 0

    init(_ write: @escaping (Data) async throws -> Void) {
        self.write = write
    }

    func append(_ bytes: some DataProtocol) async throws {
        buffer.append(contentsOf: bytes)
        offset += Int64(bytes.count)
        if buffer.count >= Self.piece { try await flush() }
    }

    func flush() async throws {
        guard !buffer.isEmpty else { return }
        try await write(buffer)
        buffer.removeAll(keepingCapacity: true)
    }
}
