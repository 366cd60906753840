/// The mails of an mbox file of this machine, read as backup sources are.
package struct MboxFile {
    private let mails: MboxSource

    /// Reads the whole file to find where its mails begin.
    ///
    /// - Parameter path: absolute, and without symbolic links.
    /// - Throws: `SyncFailure`, `CancellationError`.
    package nonisolated(nonsending) init(path: String) async throws {
        mails = try await MboxSource(DiskNode(path: path.utf8.split(separator: UInt8(ascii: "/")).map(Array.init)))
    }

    /// How many there are; they are numbered from 1.
    package var count: Int { mails.count }

    /// What gives the raw bytes of a mail piece by piece, nil at the end, and where in the file it begins.
    ///
    /// - Throws: `SyncFailure`, `CancellationError`.
    package func mail(_ number: Int) throws -> (offset: Int64, next: () throws -> [UInt8]?) {
        guard let mail = try mails.mail(number) else { throw SyncFailure(.path, "the mbox file was changed") }
        var reader = mail.reader()
        return (mail.range.lowerBound, { try reader.next() })
    }
}
