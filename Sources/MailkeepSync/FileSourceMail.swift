/// A mail as it lies in a file.
struct FileSourceMail {
    let file: any FileSourceNode
    /// Where its bytes are.
    let range: Range<Int64>
    /// Whether `>From ` in it is a quoted `From `.
    let unquotes: Bool
    /// Whether its lines' ends stand as they are, a lone LF too.
    var keepsEnds = false
    /// In bytes of the raw form; nil where nobody counted yet.
    let size: UInt64?
    /// Milliseconds since 1970 UTC.
    let receivedAt: Int64?

    /// Its header without the empty line after it, and the size of the whole raw form.
    ///
    /// - Throws: as `Reader.next`.
    func header() throws -> (bytes: [UInt8], size: UInt64, isWhole: Bool) {
        var reader = reader(chunk: 16 << 10)
        var header = Header()
        var count: UInt64 = 0
        while size == nil || !header.isComplete, let chunk = try reader.next() {
            header.append(chunk)
            count += UInt64(chunk.count)
            if header.isComplete { reader.chunk = Self.chunk }
        }
        return (header.bytes, size ?? count, !header.isCut)
    }

    /// Reads every byte of it, so that a mail that cannot be read is known before anybody begins to store it.
    ///
    /// - Throws: as `Reader.next`.
    func check() throws {
        var reader = reader()
        while try reader.next() != nil {}
    }

    private static let chunk = 256 << 10

    /// Reads the raw form from the start.
    func reader() -> Reader { reader(chunk: Self.chunk) }

    private func reader(chunk: Int) -> Reader {
        Reader(file: file, range: range, lines: FileSourceLines(unquotes: unquotes, keepsEnds: keepsEnds), chunk: chunk)
    }

    /// Reads the raw form in chunks, so that memory is bounded whatever the mail's size.
    struct Reader {
        fileprivate let file: any FileSourceNode
        fileprivate var range: Range<Int64>
        fileprivate var lines: FileSourceLines
        fileprivate var chunk: Int

        /// The next bytes; nil at the end.
        ///
        /// - Throws: `SyncFailure`, `CancellationError`.
        mutating func next() throws -> [UInt8]? {
            var output: [UInt8] = []
            while output.isEmpty, !range.isEmpty {
                try Task.checkCancellation()
                let count = Int(min(Int64(chunk), range.upperBound - range.lowerBound))
                let bytes = try file.read(at: range.lowerBound, count: count)
                range = range.lowerBound + Int64(count)..<range.upperBound
                lines.rewrite(bytes, into: &output)
                if range.isEmpty { lines.finish(into: &output) }
            }
            return output.isEmpty ? nil : output
        }
    }

    /// A header as it is being read.
    private struct Header {
        private static let limit = 1 << 20

        private(set) var bytes: [UInt8] = []
        /// The empty line was found, or there is too much before it.
        private(set) var isComplete = false
        /// There is too much before it.
        private(set) var isCut = false
        /// Where the line begins that was not looked at yet.
        private var line = 0

        mutating func append(_ chunk: [UInt8]) {
            guard !isComplete else { return }
            var searched = bytes.count
            bytes.append(contentsOf: chunk)
            while let end = bytes[searched...].firstIndex(of: 0x0A) {
                if end == line || end == line + 1 && bytes[line] == 0x0D { return cut(at: line) }
                line = end + 1
                searched = line
            }
            if bytes.count > Self.limit { cut(at: bytes.count) }
        }

        private mutating func cut(at end: Int) {
            isCut = end > Self.limit
            bytes.removeSubrange(min(end, Self.limit)...)
            isComplete = true
        }
    }
}
