import Foundation
import MailVault

/// Reads a manifest's messages line by line, so that it costs no memory however many there are.
struct ManifestLines {
    /// A line is no message, or is longer than any message's.
    struct Malformed: Error {}

    private let reader: any VaultReader
    private var buffer = Data()
    /// Where the next line begins, and up to where there is no end of it; what stands before is cut off with each piece.
    private var start = Data().startIndex
    private var searched = Data().startIndex
    private var isAtEnd = false
    private var isInMessages = false

    /// A header names every folder of a mailbox; a message's line every folder that it was in.
    private static let longestLine = 64 << 20

    init(_ reader: any VaultReader) {
        self.reader = reader
    }

    /// The next message; nil after the last, when the whole document was read.
    ///
    /// - Parameter onPiece: is given the document's bytes as they are read.
    mutating func next(_ onPiece: (Data) -> Void) throws -> ManifestMessage? {
        while let line = try nextLine(onPiece) {
            guard isInMessages else {
                isInMessages = true
                continue
            }
            // The line after the messages begins with the bracket that closes them.
            guard line.first == UInt8(ascii: "{") else { continue }
            let json = line.last == UInt8(ascii: ",") ? line.dropLast() : line
            guard let message = try? JSONDecoder().decode(ManifestMessage.self, from: json) else { throw Malformed() }
            return message
        }
        return nil
    }

    private mutating func nextLine(_ onPiece: (Data) -> Void) throws -> Data? {
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer {
                    start = buffer.index(after: end)
                    searched = start
                }
                return buffer[start..<end]
            }
            guard !isAtEnd else {
                defer { (start, searched) = (buffer.endIndex, buffer.endIndex) }
                return start < buffer.endIndex ? buffer[start...] : nil
            }
            guard buffer.distance(from: start, to: buffer.endIndex) <= Self.longestLine else { throw Malformed() }
            if let piece = try reader.next() {
                onPiece(piece)
                // A line that is longer than a piece stays where it is, so that no byte is copied over and over.
                if start > buffer.startIndex {
                    buffer = Data(buffer[start...])
                    start = buffer.startIndex
                }
                searched = buffer.endIndex
                buffer.append(piece)
            } else {
                isAtEnd = true
            }
        }
    }
}
