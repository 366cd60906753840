package import Foundation

/// Reads lines of bytes that come in pieces.
package struct LineReader {
    /// A line is longer than it may be.
    package struct TooLong: Error {}

    private let nextPiece: () throws -> Data?
    private let longestLine: Int
    private var buffer = Data()
    /// Where the next line begins, and up to where there is no end of it; what stands before is cut off with each piece.
    private var start = Data().startIndex
    private var searched = Data().startIndex
    private var isAtEnd = false

    /// - Parameter next: gives the next piece; nil at the end.
    package init(longestLine: Int, next: @escaping () throws -> Data?) {
        self.longestLine = longestLine
        nextPiece = next
    }

    /// The next line without its LF; nil at the end.
    ///
    /// - Throws: `TooLong`, and what the pieces do.
    package mutating func next() throws -> Data? {
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
            guard buffer.distance(from: start, to: buffer.endIndex) <= longestLine else { throw TooLong() }
            if let piece = try nextPiece() {
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
