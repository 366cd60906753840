import Foundation
import MailkeepSync

/// An export that is an mbox file: its last mail carries the documents.
struct MboxExportReader: ExportReader {
    let format = ExportFormat.mbox
    private let mbox: MboxFile
    /// Attachments of the last mail that are no documents, or one of them once more.
    private let others: [String]

    /// - Throws: `AppError` (`exportUnreadable`) where it is none, or does not have its end; `CancellationError`.
    nonisolated(nonsending) init(path: String) async throws {
        do {
            mbox = try await MboxFile(path: path)
        } catch is SyncFailure {
            throw AppError(.exportUnreadable)
        }
        guard mbox.count > 0 else { throw AppError(.exportUnreadable) }
        var parts = Parts(try Self.lines(of: mbox))
        var (found, others): (Set<String>, [String]) = ([], [])
        while let name = try parts.next() {
            if ExportDocument(rawValue: name) == nil || !found.insert(name).inserted { others.append(name) }
        }
        guard parts.isComplete else { throw AppError(.exportUnreadable) }
        self.others = others
    }

    private static func lines(of mbox: MboxFile) throws -> LineReader {
        do {
            let next = try mbox.mail(mbox.count).next
            return LineReader(longestLine: 64 << 10) {
                do { return try next().map { Data($0) } } catch is SyncFailure { throw AppError(.exportUnreadable) }
            }
        } catch is SyncFailure {
            throw AppError(.exportUnreadable)
        }
    }

    func document(_ document: ExportDocument) throws -> (() throws -> Data?)? {
        var parts = Parts(try Self.lines(of: mbox))
        while let name = try parts.next() {
            if name == document.rawValue { return { try parts.read() } }
        }
        return nil
    }

    func forEachFile(_ body: (ExportPlace, (() throws -> Data?)?) throws -> Void) throws {
        for number in 1..<mbox.count {
            do {
                let mail = try mbox.mail(number)
                try body(.offset(mail.offset)) {
                    do { return try mail.next().map { Data($0) } } catch is SyncFailure { throw ExportDamage() }
                }
            } catch is SyncFailure {
                throw AppError(.exportUnreadable)
            }
        }
        for name in others { try body(.path(name), nil) }
    }

    /// The attachments of the last mail, in the one layout in which they are written.
    private struct Parts {
        private static let delimiter = Data("--\(MboxExport.boundary)".utf8)
        private static let ending = delimiter + Data("--".utf8)
        private static let name = Data("Content-Disposition: attachment; filename=\"".utf8)

        private var lines: LineReader
        private var isAtPart = false
        /// The line that ends all of them was there.
        private(set) var isComplete = false

        init(_ lines: LineReader) {
            self.lines = lines
        }

        private mutating func line() throws -> Data? {
            do {
                guard let line = try lines.next() else { return nil }
                return line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            } catch is LineReader.TooLong {
                throw AppError(.exportUnreadable)
            }
        }

        /// The name of the next attachment; nil after the last.
        mutating func next() throws -> String? {
            while true {
                while !isAtPart {
                    guard try passLine(), !isComplete else { return nil }
                }
                isAtPart = false
                var name: String?
                while let field = try line(), !field.isEmpty {
                    if field.starts(with: Self.name) {
                        name = String(decoding: field.dropFirst(Self.name.count).dropLast(), as: UTF8.self)
                    }
                }
                if let name { return name }
            }
        }

        /// Passes over a line, and notes whether it delimits; false at the end.
        private mutating func passLine() throws -> Bool {
            guard let line = try line() else { return false }
            note(line)
            return true
        }

        private mutating func note(_ line: Data) {
            isAtPart = line == Self.delimiter
            isComplete = line == Self.ending
        }

        /// The next bytes of the attachment; nil at its end.
        mutating func read() throws -> Data? {
            var bytes = Data()
            while bytes.count < 64 << 10, !isAtPart, !isComplete {
                guard let line = try line() else { throw AppError(.exportUnreadable) }
                note(line)
                guard !isAtPart, !isComplete else { break }
                guard let decoded = Data(base64Encoded: line) else { throw ExportDamage() }
                bytes.append(decoded)
            }
            return bytes.isEmpty ? nil : bytes
        }
    }
}
