import Glibc

/// Turns the bytes of a mail as a file holds them into its raw form, piece by piece.
///
/// A raw mail's lines end in CRLF (RFC 5322, 2.1); files of Unix hold LF. The first line's end decides: where it is LF,
/// every LF without a CR before it becomes CRLF; where it is CRLF, the bytes stand as they are.
struct FileSourceLines {
    static let from = Array("From ".utf8)

    private enum Ends {
        case unknown
        case lf
        case crlf
    }

    /// Where the next byte stands with regard to quoting: `>From ` at the start of a line.
    private enum Place {
        case lineStart
        /// After `>`s, the first of them held back, and that many letters of `From `, held back too.
        case quote(matched: Int)
        case within
    }

    private let unquotes: Bool
    private var ends = Ends.unknown
    private var place = Place.lineStart
    private var isAfterCR = false

    /// - Parameters:
    ///   - unquotes: `>From ` at the start of a line loses a `>`.
    ///   - keepsEnds: the ends of lines stand as they are, the first line's too.
    init(unquotes: Bool, keepsEnds: Bool = false) {
        self.unquotes = unquotes
        if keepsEnds { ends = .crlf }
    }

    /// Appends the raw form of the next bytes to `output`; at most six bytes are held back.
    mutating func rewrite(_ bytes: [UInt8], into output: inout [UInt8]) {
        output.reserveCapacity(output.count + bytes.count + bytes.count / 32)
        bytes.withUnsafeBytes { chunk in
            guard let base = chunk.baseAddress else { return }
            var position = 0
            while position < chunk.count {
                if unquotes, isQuotePossible {
                    if matchQuote(chunk[position], &output) { position += 1 }
                    continue
                }
                let rest = chunk.count - position
                let end = memchr(base + position, 0x0A, rest).map { UnsafeRawPointer($0) - base } ?? chunk.count
                if end > position {
                    output.append(contentsOf: UnsafeRawBufferPointer(rebasing: chunk[position..<end]))
                    isAfterCR = chunk[end - 1] == 0x0D
                }
                if end < chunk.count { endLine(&output) }
                position = end + 1
            }
        }
    }

    /// Appends what was held back, at the end of the mail.
    mutating func finish(into output: inout [UInt8]) {
        releaseQuote(&output)
    }

    private mutating func endLine(_ output: inout [UInt8]) {
        if ends == .unknown { ends = isAfterCR ? .crlf : .lf }
        if ends == .lf, !isAfterCR { output.append(0x0D) }
        output.append(0x0A)
        isAfterCR = false
        place = .lineStart
    }

    private var isQuotePossible: Bool {
        if case .within = place { false } else { true }
    }

    /// Takes a byte that may belong to `>From `; false where it does not, and is still to be written.
    private mutating func matchQuote(_ byte: UInt8, _ output: inout [UInt8]) -> Bool {
        switch place {
        case .lineStart where byte == UInt8(ascii: ">"):
            place = .quote(matched: 0)
        case .quote(0) where byte == UInt8(ascii: ">"):
            output.append(byte)
        case .quote(let matched) where byte == Self.from[matched]:
            place = .quote(matched: matched + 1)
            if matched + 1 == Self.from.count {
                output.append(contentsOf: Self.from)
                isAfterCR = false
                place = .within
            }
        default:
            releaseQuote(&output)
            return false
        }
        return true
    }

    private mutating func releaseQuote(_ output: inout [UInt8]) {
        if case .quote(let matched) = place {
            output.append(UInt8(ascii: ">"))
            output.append(contentsOf: Self.from.prefix(matched))
            isAfterCR = false
        }
        place = .within
    }
}
