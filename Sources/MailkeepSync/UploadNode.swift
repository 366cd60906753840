import MailkeepStore

/// A file or folder within an upload.
///
/// Names are looked up in the upload's own index, and are never paths of this machine.
struct UploadNode: FileSourceNode {
    /// What a name stands for.
    private indirect enum Content: Sendable {
        case file(Range<Int64>, modifiedAt: Int64)
        case folder([[UInt8]: Content])
        /// What lies elsewhere.
        case link
    }

    private let reader: UploadReader
    private let content: Content

    private init(_ content: Content, in reader: UploadReader) {
        self.content = content
        self.reader = reader
    }

    /// All of an upload.
    ///
    /// - Throws: `SyncFailure` of code `path` where its index cannot be read.
    static func root(of upload: StoredUpload, in reader: UploadReader) throws(SyncFailure) -> UploadNode {
        guard let indexLength = upload.indexLength else {
            return UploadNode(.file(0..<upload.length, modifiedAt: 0), in: reader)
        }
        let start = upload.length - indexLength
        guard start >= 0, let count = Int(exactly: indexLength),
            let entries = UploadIndexEntry.all(in: try reader.read(at: start, count: count))
        else { throw SyncFailure(.path, "the uploaded file has no index") }
        var files: [(path: [[UInt8]], content: Content)] = []
        for entry in entries {
            guard entry.content.map({ $0.upperBound <= start }) ?? true, !entry.path.isEmpty else {
                throw SyncFailure(.path, "the uploaded file has a false index")
            }
            files.append((entry.path, entry.content.map { .file($0, modifiedAt: entry.modifiedAt) } ?? .link))
        }
        files.sort { left, right in
            left.path.lexicographicallyPrecedes(right.path) { $0.lexicographicallyPrecedes($1) }
        }
        return UploadNode(folder(of: files[...], depth: 0), in: reader)
    }

    /// A folder of files that are sorted by their paths.
    private static func folder(of files: ArraySlice<(path: [[UInt8]], content: Content)>, depth: Int) -> Content {
        var entries: [[UInt8]: Content] = [:]
        var rest = files
        while let first = rest.first {
            let name = first.path[depth]
            let same = rest.prefix { $0.path[depth] == name }
            rest = rest.dropFirst(same.count)
            let below = same.filter { $0.path.count > depth + 1 }
            // Of several files of one name the first counts; a folder goes before a file.
            entries[name] = below.isEmpty ? first.content : folder(of: below[...], depth: depth + 1)
        }
        return .folder(entries)
    }

    var isFolder: Bool { if case .folder = content { true } else { false } }

    var size: Int64 { if case .file(let range, _) = content { range.upperBound - range.lowerBound } else { 0 } }

    var modifiedAt: Int64 { if case .file(_, let time) = content { time } else { 0 } }

    func open(_ path: [[UInt8]]) throws(SyncFailure) -> (any FileSourceNode)? {
        var content = content
        for name in path {
            guard case .folder(let entries) = content, let next = entries[name] else { return nil }
            content = next
        }
        return UploadNode(content, in: reader)
    }

    func mayRead(_ name: [UInt8]) -> Bool { true }

    func read(at offset: Int64, count: Int) throws(SyncFailure) -> [UInt8] {
        guard case .file(let range, _) = content, offset >= 0, Int64(count) <= size - offset else {
            throw SyncFailure(.path, "a mail file became shorter")
        }
        return try reader.read(at: range.lowerBound + offset, count: count)
    }

    func entries() throws(SyncFailure) -> [FileSourceEntry] {
        guard case .folder(let entries) = content else { throw SyncFailure(.path, "is no folder") }
        return entries.map { name, content in
            switch content {
            case .folder: FileSourceEntry(name: name, kind: .folder)
            case .file: FileSourceEntry(name: name, kind: .file)
            case .link: FileSourceEntry(name: name, kind: .link)
            }
        }.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }
}
