/// How an upload lies in its file: frames of 256 KiB of content, each sealed on its own, so that any part can be read
/// without what stands before it.
///
/// Each frame is bound to the file's name and its place in it. The content is the bytes of the files that were uploaded,
/// one after another, and behind them the index that names them; where both end stands in the database.
enum UploadFormat {
    /// Content of a frame in bytes; the last one may hold less.
    static let frameSize = 256 << 10

    /// What a frame is bound to.
    static func context(of name: String, frame: Int64) -> String { "upload/\(name)/\(frame)" }
}

/// A file of an uploaded archive.
struct UploadIndexEntry: Equatable {
    /// Names of folders and of the file.
    var path: [[UInt8]]
    /// Where its bytes are, which several files may share; nil for what is not in the archive, but elsewhere.
    var content: Range<Int64>?
    /// Milliseconds since 1970 UTC.
    var modifiedAt: Int64

    /// Appends it to an index: the length of the path, its names with `/` between them, where the content begins and
    /// ends (-1 where there is none), and the time.
    func append(to index: inout [UInt8]) {
        let path = Array(path.joined(separator: [UInt8(ascii: "/")]))
        index.append(number: Int64(path.count))
        index += path
        index.append(number: content?.lowerBound ?? -1)
        index.append(number: content?.upperBound ?? -1)
        index.append(number: modifiedAt)
    }

    /// Reads an index; nil where it is none.
    static func all(in index: [UInt8]) -> [UploadIndexEntry]? {
        var entries: [UploadIndexEntry] = []
        var rest = index[...]
        while !rest.isEmpty {
            guard let count = rest.takeNumber().flatMap({ Int(exactly: $0) }), count > 0, count <= rest.count
            else { return nil }
            let path = rest.prefix(count).split(separator: UInt8(ascii: "/")).map(Array.init)
            rest = rest.dropFirst(count)
            guard let start = rest.takeNumber(), let end = rest.takeNumber(), start <= end,
                let modifiedAt = rest.takeNumber()
            else { return nil }
            entries.append(UploadIndexEntry(path: path, content: start < 0 ? nil : start..<end, modifiedAt: modifiedAt))
        }
        return entries
    }
}

extension [UInt8] {
    fileprivate mutating func append(number: Int64) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }
}

extension ArraySlice<UInt8> {
    fileprivate mutating func takeNumber() -> Int64? {
        guard count >= 8 else { return nil }
        defer { removeFirst(8) }
        return Int64(bitPattern: prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
}
