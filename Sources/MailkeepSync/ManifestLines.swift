package import Foundation

/// Reads the messages of a manifest, or of another document of its layout, line by line, so that it costs no memory
/// however many there are.
package struct ManifestLines<Message: Decodable> {
    private var lines: LineReader
    private var isInMessages = false
    private var first = Data()
    private var last = Data()

    /// - Parameter next: gives the document's bytes piece by piece; nil at the end.
    package init(_ next: @escaping () throws -> Data?) {
        // A header names every folder of a mailbox; a message's line every folder that it was in.
        lines = LineReader(longestLine: 64 << 20, next: next)
    }

    /// The next message; nil after the last, when the whole document was read.
    ///
    /// - Throws: `ManifestMalformed`, and what the pieces do.
    package mutating func next() throws -> Message? {
        do {
            while let line = try lines.next() {
                guard isInMessages else {
                    isInMessages = true
                    first = Data(line)
                    continue
                }
                // The line after the messages begins with the bracket that closes them.
                guard line.first == UInt8(ascii: "{") else {
                    last = Data(line)
                    continue
                }
                let json = line.last == UInt8(ascii: ",") ? line.dropLast() : line
                guard let message = try? JSONDecoder().decode(Message.self, from: json) else {
                    throw ManifestMalformed()
                }
                return message
            }
            return nil
        } catch is LineReader.TooLong {
            throw ManifestMalformed()
        }
    }

    private struct Head<Header: Decodable>: Decodable {
        let format: String
        let header: Header
    }

    /// What the document begins with; known once the first message was asked for.
    ///
    /// - Throws: `ManifestMalformed`, also where it is a document of another format.
    package func header<Header: Decodable>(_ type: Header.Type, format: String) throws -> Header {
        guard let head = try? JSONDecoder().decode(Head<Header>.self, from: first + Data("]}".utf8)),
            head.format == format
        else { throw ManifestMalformed() }
        return head.header
    }

    private struct Tail: Decodable {
        let totals: ManifestTotals
    }

    /// What the document ends with; known after the last message.
    ///
    /// - Throws: `ManifestMalformed`.
    package func totals() throws -> ManifestTotals {
        guard last.starts(with: Array("],".utf8)),
            let tail = try? JSONDecoder().decode(Tail.self, from: Data("{".utf8) + last.dropFirst(2))
        else { throw ManifestMalformed() }
        return tail.totals
    }
}

/// A line of a manifest is no message, is longer than any message's, or is not what it should be.
package struct ManifestMalformed: Error {
    package init() {}
}
