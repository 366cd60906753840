import Foundation
import MailVault
import MailkeepModel
import MailkeepStore

/// An export as a zip file of `.eml` files.
final class ZipExport: ExportContainer {
    private struct Line {
        var sha256: MailDigest
        var size: Int64
        var sentAt: Timestamp
        /// Its place in `folders`.
        var folder: Int32
    }

    private let zip: ArchiveWriter
    private let madeAt: Date
    private var names = ExportNames()
    private var folders: [String] = []
    private var places: [String: Int32] = [:]
    private var lines: [Line] = []

    init(madeAt: Timestamp, write: @escaping (Data) async throws -> Void) throws {
        zip = try ArchiveWriter(.zip, write: write)
        self.madeAt = Date(madeAt)
    }

    func add(_ mail: ExportedMail, _ content: ExportedContent) async throws {
        guard let digest = MailDigest(mail.sha256) else { throw StoreError(.damaged, "a message has no SHA-256") }
        for folder in mail.folders.isEmpty ? [""] : mail.folders {
            let line = Line(sha256: digest, size: mail.size, sentAt: mail.sentAt, folder: place(of: folder))
            try await zip.beginFile(path(of: line), size: mail.size, modifiedAt: Date(mail.sentAt))
            try await content.copy { try await zip.append($0) }
            lines.append(line)
        }
    }

    private func place(of folder: String) -> Int32 {
        if let place = places[folder] { return place }
        let place = Int32(clamping: folders.count)
        folders.append(names.folder(folder))
        places[folder] = place
        return place
    }

    private func path(of line: Line) -> String {
        "\(folders[Int(line.folder)])/\(ExportNames.file(line.sha256, sentAt: line.sentAt))"
    }

    func forEachLine(_ body: (ExportedFile, Data) async throws -> Void) async throws {
        for line in lines {
            let file = ExportedFile(path: path(of: line), sha256: line.sha256.hex, size: line.size)
            try await body(file, line.sha256.bytes)
        }
    }

    func add(
        _ document: ExportDocument,
        _ body: ((Data) async throws -> Void) async throws -> Void
    ) async throws {
        try await zip.beginFile(document.rawValue, size: nil, modifiedAt: madeAt)
        try await body { try await zip.append($0) }
    }

    func finish() async throws { try await zip.finish() }
}

extension Date {
    fileprivate init(_ moment: Timestamp) { self.init(timeIntervalSince1970: Double(moment.rawValue) / 1000) }
}
