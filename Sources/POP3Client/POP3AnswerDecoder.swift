import MailConnection
import NIOCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A piece of an answer.
enum POP3Fragment: Sendable, Equatable {
    case status(POP3Status)
    /// A line of a listing, without its end.
    case line(String)
    /// Bytes of a message as they were before dots were stuffed, of any number but none.
    case bytes(ByteBuffer)
    /// The answer has ended.
    case end
}

/// Cuts what a server sends into the pieces of one answer after another; what form an answer has follows from the
/// command, so that it is told before each.
///
/// A message ends, and loses dots, only where its lines end in CRLF (RFC 1939, 3): a lone LF in a mail, behind which a
/// sender could have put a dot, begins no line.
struct POP3AnswerDecoder {
    /// What follows a good status line.
    enum Form {
        case status
        case lines
        case message
    }

    private enum State {
        case ended
        case status(Form)
        case lines
        case message(Place)
    }

    /// Where the next byte of a message stands.
    private enum Place {
        case lineStart
        /// After a dot at the start of a line, which is held back.
        case afterDot
        /// After a dot and CR at the start of a line, both held back.
        case afterDotCR
        case within
        case afterCR
    }

    private let limits: POP3Limits
    private var state = State.ended
    /// Lines, or bytes of a message, of the answer so far.
    private var count = 0

    init(limits: POP3Limits) {
        self.limits = limits
    }

    /// Whether the answer has come to its end.
    var isEnded: Bool { if case .ended = state { true } else { false } }

    /// The next answer begins.
    mutating func begin(_ form: Form) {
        state = .status(form)
        count = 0
    }

    /// The next piece; nil where more bytes have to come first, or none is awaited.
    mutating func decode(_ buffer: inout ByteBuffer) throws(POP3Error) -> POP3Fragment? {
        switch state {
        case .ended: return nil
        case .status(let form):
            guard let line = try nextLine(&buffer) else { return nil }
            let status = try POP3Status(line)
            state =
                switch form {
                case .lines where status.isOK: .lines
                case .message where status.isOK: .message(.lineStart)
                default: .ended
                }
            return .status(status)
        case .lines:
            guard let line = try nextLine(&buffer) else { return nil }
            guard line != "." else {
                state = .ended
                return .end
            }
            count += 1
            guard count <= limits.messages else { throw Self.tooMuch("the server lists too much") }
            return .line(line.hasPrefix(".") ? String(line.dropFirst()) : line)
        case .message(let place): return try messageBytes(from: place, &buffer)
        }
    }

    private static func tooMuch(_ what: String) -> POP3Error { POP3Error(.connection(.limitExceeded), what) }

    private func nextLine(_ buffer: inout ByteBuffer) throws(POP3Error) -> String? {
        let view = buffer.readableBytesView
        guard let end = view.prefix(limits.lineLength).firstIndex(of: 0x0A) else {
            guard view.count < limits.lineLength else { throw Self.tooMuch("a line of the server's has no end") }
            return nil
        }
        var line = view[..<end]
        if line.last == 0x0D { line = line.dropLast() }
        let text = String(decoding: line, as: UTF8.self)
        buffer.moveReaderIndex(forwardBy: end + 1 - view.startIndex)
        return text
    }

    /// Bytes up to the next dot at the start of a line, or as many as there are.
    private mutating func messageBytes(
        from start: Place,
        _ buffer: inout ByteBuffer
    ) throws(POP3Error) -> POP3Fragment? {
        var place = start
        var output = ByteBuffer()
        while output.readableBytes == 0, let byte = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) {
            switch place {
            case .lineStart where byte == UInt8(ascii: "."):
                buffer.moveReaderIndex(forwardBy: 1)
                place = .afterDot
            case .afterDot where byte == 0x0D:
                buffer.moveReaderIndex(forwardBy: 1)
                place = .afterDotCR
            case .afterDotCR where byte == 0x0A:
                buffer.moveReaderIndex(forwardBy: 1)
                state = .ended
                return .end
            case .afterDotCR:
                // The dot was stuffed before a lone CR.
                output = ByteBuffer(bytes: [0x0D])
                place = .afterCR
            case .lineStart, .afterDot, .within, .afterCR:
                output = Self.takeText(&buffer, &place)
            }
        }
        state = .message(place)
        guard output.readableBytes > 0 else { return nil }
        count += output.readableBytes
        guard count <= limits.messageLength else { throw Self.tooMuch("a message is too long") }
        return .bytes(output)
    }

    /// Takes bytes that stand as they are: up to the next dot at the start of a line.
    private static func takeText(_ buffer: inout ByteBuffer, _ place: inout Place) -> ByteBuffer {
        let isAfterCR = if case .afterCR = place { true } else { false }
        let (length, next) = buffer.withUnsafeReadableBytes { bytes -> (Int, Place) in
            guard let base = bytes.baseAddress else { return (0, .within) }
            var position = 0
            while let found = memchr(base + position, 0x0A, bytes.count - position) {
                let end = UnsafeRawPointer(found) - base
                position = end + 1
                let endsLine = end > 0 ? bytes[end - 1] == 0x0D : isAfterCR
                guard endsLine else { continue }
                if position == bytes.count || bytes[position] == UInt8(ascii: ".") { return (position, .lineStart) }
            }
            return (bytes.count, bytes.last == 0x0D ? .afterCR : .within)
        }
        place = next
        return buffer.readSlice(length: length) ?? ByteBuffer()
    }
}
