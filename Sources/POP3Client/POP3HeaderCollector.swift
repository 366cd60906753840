import NIOCore

/// Keeps the header of a message while its bytes pass: what stands before the first empty line.
struct POP3HeaderCollector {
    private let limit: Int
    private(set) var bytes = ByteBuffer()
    /// Whether the empty line was found, or the message had no more than a header.
    private(set) var isWhole = true
    private var isEnded = false
    /// Where the line begins whose end was not seen yet.
    private var line = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// Takes the next bytes of the message.
    mutating func append(_ chunk: ByteBuffer) {
        guard !isEnded else { return }
        var searched = bytes.writerIndex
        bytes.writeImmutableBuffer(chunk)
        while let end = bytes.readableBytesView[searched...].firstIndex(of: 0x0A) {
            let isEmpty = end == line || end == line + 1 && bytes.getInteger(at: line, as: UInt8.self) == 0x0D
            if isEmpty { return cut(at: line) }
            line = end + 1
            searched = line
        }
        if bytes.writerIndex > limit { cut(at: bytes.writerIndex) }
    }

    private mutating func cut(at end: Int) {
        isWhole = end <= limit
        bytes.moveWriterIndex(to: min(end, limit))
        isEnded = true
    }
}
