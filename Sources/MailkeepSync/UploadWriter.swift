import Foundation
import Glibc
import MailkeepKeys
package import MailkeepStore

/// Writes an upload, sealed, as its bytes come.
///
/// The file is removed with the last reference to the writer, unless the upload was finished and is kept. Used by one
/// task at a time.
package final class UploadWriter {
    package let name: String
    /// Bytes of content so far.
    package private(set) var length: Int64 = 0

    private let folder: UploadFolder
    private let descriptor: Int32
    private var frame: [UInt8] = []
    private var frameCount: Int64 = 0
    private var index: [UInt8] = []
    private var isKept = false

    init(name: String, folder: UploadFolder) throws {
        self.name = name
        self.folder = folder
        descriptor = Glibc.open("\(folder.path)/\(name)", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SyncFailure(uploading: errno) }
        frame.reserveCapacity(UploadFormat.frameSize)
    }

    deinit {
        close(descriptor)
        if !isKept { folder.remove(name) }
        folder.end(name)
    }

    /// Appends content.
    ///
    /// - Throws: `SyncFailure` (`disk`, `storage`).
    package func append(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let taken = rest.prefix(UploadFormat.frameSize - frame.count)
            frame.append(contentsOf: taken)
            rest = rest.dropFirst(taken.count)
            length += Int64(taken.count)
            if frame.count == UploadFormat.frameSize { try writeFrame() }
        }
    }

    /// Names a file of an archive.
    ///
    /// - Parameters:
    ///   - path: names of folders and of the file.
    ///   - content: where in what was appended its bytes are; nil where they are not in the archive. It is then told as
    ///     what cannot be read.
    ///   - modifiedAt: milliseconds since 1970 UTC.
    package func addFile(_ path: [[UInt8]], content: Range<Int64>?, modifiedAt: Int64) {
        UploadIndexEntry(path: path, content: content, modifiedAt: modifiedAt).append(to: &index)
    }

    /// Makes all of it durable.
    ///
    /// - Parameter isArchive: whether it is the files that were named; else it is one mbox file.
    /// - Throws: `SyncFailure` (`disk`, `storage`).
    package func finish(isArchive: Bool) throws -> StoredUpload {
        if isArchive { try index.withUnsafeBytes { try append($0) } }
        if !frame.isEmpty { try writeFrame() }
        guard fsync(descriptor) == 0 else { throw SyncFailure(uploading: errno) }
        try UploadFolder.sync(folder.path)
        return StoredUpload(file: name, length: length, indexLength: isArchive ? Int64(index.count) : nil)
    }

    /// Says that a row of the database names the file now, so that it stays.
    package func keep() {
        isKept = true
    }

    private func writeFrame() throws {
        let sealed = try folder.sealer.seal(frame, context: UploadFormat.context(of: name, frame: frameCount))
        try sealed.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written > 0 {
                    rest = rest.dropFirst(written)
                } else if errno != EINTR {
                    throw SyncFailure(uploading: errno)
                }
            }
        }
        frame.removeAll(keepingCapacity: true)
        frameCount += 1
    }
}

@available(*, unavailable)
extension UploadWriter: Sendable {}
