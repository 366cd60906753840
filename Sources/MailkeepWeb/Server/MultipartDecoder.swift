import HTTPTypes
import Hummingbird
import NIOCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Cuts a form with files (multipart/form-data, RFC 7578) into its parts while it comes.
///
/// Of the content of a part nothing is held but what may turn out to be the beginning of a boundary.
struct MultipartDecoder {
    enum Event: Equatable {
        /// A part begins: the name of its field.
        case part(String)
        /// Content of the part, never empty.
        case bytes(ByteBuffer)
        case partEnd
        /// The last boundary was read.
        case end
    }

    private enum State {
        /// Before the first boundary.
        case preamble
        case afterBoundary
        case headers
        case content
        case ended
    }

    /// Bytes of the header of a part.
    private static let longestHeader = 8192

    private let delimiter: [UInt8]
    /// The first boundary may stand at the very beginning, where no line ends before it.
    private var buffer = ByteBuffer(string: "\r\n")
    private var state = State.preamble

    /// - Parameter contentType: that of the request; nil where it is no such form.
    init?(contentType: String?) {
        guard let contentType else { return nil }
        let parameters = Self.parameters(contentType)
        guard parameters.value == "multipart/form-data", let boundary = parameters["boundary"],
            (1...70).contains(boundary.utf8.count)
        else { return nil }
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    /// Takes the next bytes of the form.
    mutating func append(_ bytes: ByteBuffer) {
        buffer.discardReadBytes()
        buffer.writeImmutableBuffer(bytes)
    }

    /// The next event; nil where more bytes have to come first.
    ///
    /// - Throws: `HTTPError` (400) where the form is malformed.
    mutating func next() throws -> Event? {
        while true {
            switch state {
            case .ended: return nil
            case .preamble:
                guard let position = find(delimiter) else {
                    drop(keeping: delimiter.count - 1)
                    return nil
                }
                buffer.moveReaderIndex(forwardBy: position + delimiter.count)
                state = .afterBoundary
            case .afterBoundary:
                guard let two = buffer.getBytes(at: buffer.readerIndex, length: 2) else { return nil }
                buffer.moveReaderIndex(forwardBy: 2)
                if two == Array("--".utf8) {
                    state = .ended
                    return .end
                }
                guard two == Array("\r\n".utf8) else { throw HTTPError(.badRequest) }
                state = .headers
            case .headers:
                guard buffer.getBytes(at: buffer.readerIndex, length: 2) != Array("\r\n".utf8) else {
                    throw HTTPError(.badRequest)
                }
                guard let position = find(Array("\r\n\r\n".utf8)), position <= Self.longestHeader else {
                    guard buffer.readableBytes <= Self.longestHeader else { throw HTTPError(.badRequest) }
                    return nil
                }
                let header = buffer.readString(length: position) ?? ""
                buffer.moveReaderIndex(forwardBy: 4)
                guard let name = Self.fieldName(header) else { throw HTTPError(.badRequest) }
                state = .content
                return .part(name)
            case .content:
                guard let position = find(delimiter) else {
                    let known = buffer.readableBytes - delimiter.count + 1
                    guard known > 0, let bytes = buffer.readSlice(length: known) else { return nil }
                    return .bytes(bytes)
                }
                if position > 0, let bytes = buffer.readSlice(length: position) { return .bytes(bytes) }
                buffer.moveReaderIndex(forwardBy: delimiter.count)
                state = .afterBoundary
                return .partEnd
            }
        }
    }

    /// Where the first line's end is that goes on like this; the needle begins with CR.
    private func find(_ needle: [UInt8]) -> Int? {
        buffer.withUnsafeReadableBytes { bytes in
            guard let base = bytes.baseAddress else { return nil }
            var position = 0
            while bytes.count - position >= needle.count,
                let found = memchr(base + position, 0x0D, bytes.count - position - needle.count + 1)
            {
                position = UnsafeRawPointer(found) - base
                if memcmp(found, needle, needle.count) == 0 { return position }
                position += 1
            }
            return nil
        }
    }

    private mutating func drop(keeping count: Int) {
        buffer.moveReaderIndex(forwardBy: max(0, buffer.readableBytes - count))
    }

    private static func fieldName(_ header: String) -> String? {
        let lines = header.split(separator: "\r\n")
        let disposition = lines.first { $0.lowercased().hasPrefix("content-disposition:") }
        return disposition.flatMap { parameters($0.drop { $0 != ":" }.dropFirst())["name"] }
    }

    /// A field's value before its parameters, and these.
    private struct Parameters {
        var value = ""
        var pairs: [(name: String, value: String)] = []

        subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }
    }

    private static func parameters(_ text: some StringProtocol) -> Parameters {
        var result = Parameters()
        for (index, part) in text.split(separator: ";").enumerated() {
            let trimmed = part.trimmingPrefix { $0 == " " || $0 == "\t" }
            guard index > 0 else {
                result.value = String(trimmed.prefix { $0 != " " }).lowercased()
                continue
            }
            guard let equals = trimmed.firstIndex(of: "=") else { continue }
            var value = trimmed[trimmed.index(after: equals)...]
            if value.first == "\"", value.last == "\"", value.count >= 2 { value = value.dropFirst().dropLast() }
            result.pairs.append((trimmed[..<equals].lowercased(), String(value)))
        }
        return result
    }
}
