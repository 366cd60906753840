import Foundation
import MailMessage
import MailVault
import MailkeepModel
import MailkeepStore
import MailkeepSync

/// An export as one mbox file: each mail once, then a mail of Mailkeep's own with the documents as its attachments.
///
/// So it is one file that every program takes which reads mbox, and stays provable wherever it is passed on.
final class MboxExport: ExportContainer {
    private struct Line {
        var sha256: MailDigest
        var size: Int64
        var offset: Int64
        var length: Int64
    }

    /// What the last mail says to people.
    struct Cover {
        var subject: String
        var text: String
    }

    /// Cannot stand in a document, as all of them are base64.
    static let boundary = "=_mailkeep_export"
    private let sink: ExportSink
    private let cover: Cover
    private let madeAt: Timestamp
    private var mbox = MboxWriter()
    private var lines: [Line] = []
    private var hasCover = false

    init(cover: Cover, madeAt: Timestamp, write: @escaping (Data) async throws -> Void) {
        sink = ExportSink(write)
        self.cover = cover
        self.madeAt = madeAt
    }

    /// What is not held is read twice, as the separator says whether the last line has an end.
    func add(_ mail: ExportedMail, _ content: ExportedContent) async throws {
        guard let digest = MailDigest(mail.sha256) else { throw StoreError(.damaged, "a message has no SHA-256") }
        var last: UInt8?
        try await content.copy { last = $0.last ?? last }
        let hasEnd = last == UInt8(ascii: "\n")
        try await sink.append(mbox.begin(sender: mail.sender, at: mail.sentAt, hasEnd: hasEnd))
        let offset = sink.offset
        try await content.copy { try await sink.append(mbox.quote($0)) }
        try await sink.append(mbox.rest())
        lines.append(Line(sha256: digest, size: mail.size, offset: offset, length: sink.offset - offset))
        try await sink.append(mbox.finish())
    }

    func forEachLine(_ body: (ExportedFile, Data) async throws -> Void) async throws {
        for line in lines {
            let file = ExportedFile(
                offset: line.offset,
                length: line.length,
                sha256: line.sha256.hex,
                size: line.size
            )
            try await body(file, line.sha256.bytes)
        }
    }

    func add(
        _ document: ExportDocument,
        _ body: ((Data) async throws -> Void) async throws -> Void
    ) async throws {
        if !hasCover { try await beginCover() }
        let name = document.rawValue
        try await write(
            "--\(Self.boundary)",
            "Content-Type: \(document.contentType); name=\"\(name)\"",
            "Content-Transfer-Encoding: base64",
            "Content-Disposition: attachment; filename=\"\(name)\"",
            ""
        )
        var encoder = Base64Lines()
        try await body { try await self.sink.append(encoder.encode($0)) }
        try await sink.append(encoder.rest())
    }

    func finish() async throws {
        try await write("--\(Self.boundary)--")
        try await sink.append(mbox.finish())
        try await sink.flush()
    }

    private func beginCover() async throws {
        hasCover = true
        try await sink.append(mbox.begin(sender: nil, at: madeAt, hasEnd: true))
        var text = Base64Lines()
        let date = Date(timeIntervalSince1970: Double(madeAt.rawValue) / 1000)
        try await write(
            "From: Mailkeep <mailkeep@mailkeep.invalid>",
            "Date: \(Self.dateFormat.format(date))",
            "Subject: \(Self.encoded(cover.subject))",
            "Message-ID: <\(UUID().uuidString)@mailkeep.invalid>",
            "MIME-Version: 1.0",
            "Content-Type: multipart/mixed; boundary=\"\(Self.boundary)\"",
            "",
            "--\(Self.boundary)",
            "Content-Type: text/plain; charset=UTF-8",
            "Content-Transfer-Encoding: base64",
            ""
        )
        try await sink.append(text.encode(Data(cover.text.utf8)) + text.rest())
    }

    private func write(_ lines: String...) async throws {
        for line in lines { try await sink.append(Array("\(line)\r\n".utf8)) }
    }

    /// `Thu, 26 Nov 2026 22:28:44 +0000` (RFC 5322).
    private static let dateFormat = Date.VerbatimFormatStyle(
        format: """
            \(weekday: .abbreviated), \(day: .twoDigits) \(month: .abbreviated) \(year: .defaultDigits) \
            \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\
            \(second: .twoDigits) +0000
            """,
        locale: Foundation.Locale(identifier: "en_US_POSIX"),
        timeZone: .gmt,
        calendar: Calendar(identifier: .gregorian)
    )

    /// A header's text as encoded words (RFC 2047).
    private static func encoded(_ text: String) -> String {
        var words: [String] = []
        var word = ""
        for character in text {
            if word.utf8.count + character.utf8.count > 45 {
                words.append(word)
                word = ""
            }
            word.append(character)
        }
        words.append(word)
        return words.map { "=?UTF-8?B?\(Data($0.utf8).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }
}

/// Bytes as lines of base64 (RFC 2045, 6.8), as they come.
private struct Base64Lines {
    /// Of a line of 76 characters.
    private static let bytesOfLine = 57
    private static let options: Data.Base64EncodingOptions = [
        .lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed,
    ]

    private var held = Data()

    mutating func encode(_ bytes: Data) -> Data {
        held.append(bytes)
        let whole = held.count / Self.bytesOfLine * Self.bytesOfLine
        guard whole > 0 else { return Data() }
        let encoded = held.prefix(whole).base64EncodedData(options: Self.options)
        held = Data(held.dropFirst(whole))
        return encoded + Data("\r\n".utf8)
    }

    mutating func rest() -> Data {
        defer { held = Data() }
        return held.isEmpty ? Data() : held.base64EncodedData(options: Self.options) + Data("\r\n".utf8)
    }
}
