import Foundation
import MailVault

/// Reads a manifest's messages line by line, so that it costs no memory however many there are.
struct ManifestLines {
    /// A line is no message, or is longer than any message's.
    struct Malformed: Error {}

    private let reader: any VaultReader
    private var buffer = Data()
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
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                defer { buffer = Data(buffer[buffer.index(after: end)...]) }
                return buffer[..<end]
            }
            guard !isAtEnd else {
                defer { buffer = Data() }
                return buffer.isEmpty ? nil : buffer
            }
            guard buffer.count <= Self.longestLine else { throw Malformed() }
            if let piece = try reader.next() {
                onPiece(piece)
                buffer.append(piece)
            } else {
                isAtEnd = true
            }
        }
    }
}
