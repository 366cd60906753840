/// A file or folder of mail, wherever it lies.
protocol FileSourceNode: Sendable {
    var isFolder: Bool { get }
    /// In bytes, when it was opened.
    var size: Int64 { get }
    /// Milliseconds since 1970 UTC.
    var modifiedAt: Int64 { get }

    /// Opens what lies in this folder; nil where there is nothing of that name.
    ///
    /// - Throws: `SyncFailure` of code `path`; of another where this machine, not the mail, is the cause.
    func open(_ path: [[UInt8]]) throws(SyncFailure) -> (any FileSourceNode)?

    /// Whether this process may read a file of this folder.
    func mayRead(_ name: [UInt8]) -> Bool

    /// Reads `count` bytes of a file.
    ///
    /// - Throws: as `open`, also where the file ends before.
    func read(at offset: Int64, count: Int) throws(SyncFailure) -> [UInt8]

    /// What is in this folder, in the order of the names' bytes.
    ///
    /// - Throws: as `open`.
    func entries() throws(SyncFailure) -> [FileSourceEntry]
}

/// A name in a folder, and what it names.
struct FileSourceEntry {
    enum Kind {
        case file
        case folder
        case link
        case other
    }

    let name: [UInt8]
    let kind: Kind
}
