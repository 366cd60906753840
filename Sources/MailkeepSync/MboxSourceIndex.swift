import Glibc

/// Finds where the mails of an mbox begin and end while its bytes pass.
///
/// Writers differ in what they quote, so `From ` at the start of a line does not yet separate: it must be the file's
/// first line or come after an empty one, and be a whole `From_` line or have a well-known header field after it.
struct MboxSourceIndex {
    /// Where a mail is.
    struct Mail {
        /// Where its `From_` line begins; where the mail itself does, if it has none.
        let separator: Int64
        fileprivate(set) var range: Range<Int64>
        /// Milliseconds since 1970 UTC.
        let receivedAt: Int64?
        /// Its separator ends in CRLF: the ends of its own lines stand as they are.
        let keepsEnds: Bool
        /// Its separator says that the end of its last line belongs to the file's format.
        fileprivate let lacksEnd: Bool
        /// Bytes that its raw form has more: a CR for every line of a file with LF.
        fileprivate var added: Int64 = 0
        fileprivate var quotedLines: Int64 = 0

        /// In bytes of the raw form.
        func size(unquoted: Bool) -> UInt64 {
            UInt64(clamping: range.upperBound - range.lowerBound + added - (unquoted ? quotedLines : 0))
        }
    }

    /// How a line ends.
    private enum End {
        case lf
        case crlf
        case none

        var count: Int64 {
            switch self {
            case .lf: 1
            case .crlf: 2
            case .none: 0
            }
        }
    }

    /// Whether a line is `>From `, or has more of `>`, told while its bytes pass.
    private struct Quote {
        private var hasMark = false
        private var matched = 0
        private var isSettled = false

        var isQuoted: Bool { matched == FileSourceLines.from.count }

        mutating func append(_ bytes: ArraySlice<UInt8>) {
            guard !isSettled else { return }
            for byte in bytes {
                if matched == 0, byte == UInt8(ascii: ">") {
                    hasMark = true
                } else if hasMark, byte == FileSourceLines.from[matched] {
                    matched += 1
                    isSettled = isQuoted
                } else {
                    isSettled = true
                    matched = 0
                }
                if isSettled { return }
            }
        }
    }

    /// A line: only as many of its bytes as matter are kept.
    private struct Line {
        let offset: Int64
        let length: Int64
        let start: [UInt8]
        let end: End
        /// Whether it is `>From `, or has more of `>`.
        let isQuoted: Bool

        var next: Int64 { offset + length }

        var isEmpty: Bool { end == .lf && length == 1 || end == .crlf && length == 2 }
    }

    /// Of a longer line, the rest is not looked at.
    private static let longestStart = 512
    private static let mostMails = 4_000_000
    private static let noEnd = Array(" \(MboxWriter.noEnd)".utf8)

    private(set) var mails: [Mail] = []
    /// Whether a line of a mail begins with `From `.
    private(set) var hasUnquotedLines = false

    /// What the numbers of the mails are valid under: where the mails are, and the lines before them.
    private(set) var validities = UIDValidities()
    private var offset: Int64 = 0
    /// The line whose end was not seen yet.
    private var lineOffset: Int64 = 0
    private var lineStart: [UInt8] = []
    private var lineQuote = Quote()
    private var isAfterCR = false

    /// The mail whose end was not seen yet; before the first separator, what stands there may be one.
    private var mail: Mail? = Mail(
        separator: 0,
        range: 0..<0,
        receivedAt: nil,
        keepsEnds: false,
        lacksEnd: false
    )
    /// The line before it.
    private var separator: [UInt8] = []
    private var isFirstLineOfMail = true
    private var hasText = false
    private var addsCR = false
    /// The line before, where it is empty, and the end of the one before that.
    private var emptyLine: Line?
    private var endBeforeEmpty = End.none
    private var lastEnd = End.none
    /// A line that separates if the next one is a header field.
    private var candidate: Line?

    /// Takes the next bytes of the file.
    mutating func append(_ bytes: [UInt8]) throws(SyncFailure) {
        var position = 0
        while position < bytes.count {
            let end = Self.lineEnd(in: bytes, from: position)
            let text = bytes[position..<(end ?? bytes.count)]
            lineStart.append(contentsOf: text.prefix(Self.longestStart - lineStart.count))
            lineQuote.append(text)
            if let last = text.last { isAfterCR = last == 0x0D }
            position = end.map { $0 + 1 } ?? bytes.count
            guard end != nil else { break }
            try endLine(at: offset + Int64(position), isAfterCR ? .crlf : .lf)
        }
        offset += Int64(bytes.count)
    }

    /// Ends the file.
    mutating func finish() throws(SyncFailure) {
        if lineOffset < offset { try endLine(at: offset, .none) }
        if let candidate { take(candidate) }
        candidate = nil
        try endMail(at: offset)
    }

    private static func lineEnd(in bytes: [UInt8], from position: Int) -> Int? {
        bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return nil }
            return memchr(base + position, 0x0A, buffer.count - position).map { UnsafeRawPointer($0) - base }
        }
    }

    private mutating func endLine(at next: Int64, _ end: End) throws(SyncFailure) {
        let line = Line(
            offset: lineOffset,
            length: next - lineOffset,
            start: lineStart,
            end: end,
            isQuoted: lineQuote.isQuoted
        )
        lineOffset = next
        lineStart.removeAll(keepingCapacity: true)
        lineQuote = Quote()
        isAfterCR = false
        if let candidate {
            self.candidate = nil
            if MboxSourceLine.isHeaderField(line.start) {
                try beginMail(at: candidate, receivedAt: nil)
            } else {
                take(candidate)
            }
        }
        guard line.start.first == FileSourceLines.from.first, line.start.starts(with: FileSourceLines.from),
            line.offset == 0 || emptyLine != nil
        else { return take(line) }
        let receivedAt = MboxSourceLine.date(of: line.start)
        if line.offset == 0 || receivedAt != nil {
            try beginMail(at: line, receivedAt: receivedAt)
        } else {
            candidate = line
        }
    }

    /// Takes a line of a mail.
    private mutating func take(_ line: Line) {
        if isFirstLineOfMail { addsCR = line.end == .lf && mail?.keepsEnds == false }
        isFirstLineOfMail = false
        if addsCR, line.end == .lf { mail?.added += 1 }
        if line.isQuoted { mail?.quotedLines += 1 }
        if line.start.starts(with: FileSourceLines.from) { hasUnquotedLines = true }
        if !line.isEmpty { hasText = true }
        emptyLine = line.isEmpty ? line : nil
        endBeforeEmpty = lastEnd
        lastEnd = line.end
    }

    private mutating func beginMail(at line: Line, receivedAt: Int64?) throws(SyncFailure) {
        try endMail(at: line.offset)
        separator = line.start
        mail = Mail(
            separator: line.offset,
            range: line.next..<line.next,
            receivedAt: receivedAt,
            keepsEnds: line.end == .crlf,
            lacksEnd: line.end == .crlf && line.start.dropLast().suffix(Self.noEnd.count) == Self.noEnd[...]
        )
        isFirstLineOfMail = true
        lastEnd = .none
        emptyLine = nil
    }

    /// Ends the mail before an offset.
    ///
    /// The empty line there belongs to the file's format, not to the mail.
    private mutating func endMail(at offset: Int64) throws(SyncFailure) {
        guard var mail else { return }
        var end = offset
        if let emptyLine {
            end = emptyLine.offset - (mail.lacksEnd ? endBeforeEmpty.count : 0)
            if addsCR, emptyLine.end == .lf { mail.added -= 1 }
        }
        mail.range = mail.range.lowerBound..<end
        self.mail = nil
        if mail.separator == mail.range.lowerBound, !hasText { return }
        guard mails.count < Self.mostMails else { throw SyncFailure(.path, "the mbox file holds too many mails") }
        mails.append(mail)
        validities.append(separator + withUnsafeBytes(of: (mail.separator, mail.range.lowerBound, end), Array.init))
    }
}
