import Foundation
import Glibc
import MailkeepKeys
package import MailkeepStore
import Synchronization

/// Reads any part of an upload.
package final class UploadReader: Sendable {
    /// Bytes of content, with the index.
    package let length: Int64
    private let name: String
    private let sealer: Sealer
    private let descriptor: Int32
    /// The frame that was opened last.
    private let last = Mutex<(frame: Int64, content: Data)?>(nil)

    /// - Throws: `SyncFailure` of code `path` where the file is gone.
    package init(_ upload: StoredUpload, in folder: UploadFolder) throws(SyncFailure) {
        length = upload.length
        name = upload.file
        sealer = folder.sealer
        descriptor = Glibc.open("\(folder.path)/\(upload.file)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw SyncFailure(.path, "the uploaded file is gone") }
    }

    deinit {
        close(descriptor)
    }

    /// Reads `count` bytes of content.
    ///
    /// - Throws: `SyncFailure` of code `path`, also where the content ends before.
    package func read(at offset: Int64, count: Int) throws(SyncFailure) -> [UInt8] {
        guard offset >= 0, count >= 0, Int64(count) <= length - offset else {
            throw SyncFailure(.path, "the uploaded file is shorter")
        }
        var output: [UInt8] = []
        output.reserveCapacity(count)
        let size = Int64(UploadFormat.frameSize)
        while output.count < count {
            let position = offset + Int64(output.count)
            let content = try content(ofFrame: position / size)
            let part = content.dropFirst(Int(position % size)).prefix(count - output.count)
            guard !part.isEmpty else { throw SyncFailure(.path, "the uploaded file is shorter") }
            output.append(contentsOf: part)
        }
        return output
    }

    private func content(ofFrame frame: Int64) throws(SyncFailure) -> Data {
        if let last = last.withLock({ $0 }), last.frame == frame { return last.content }
        let sealedSize = UploadFormat.frameSize + Sealer.overhead
        var failed: Int32 = 0
        let sealed = [UInt8](unsafeUninitializedCapacity: sealedSize) { buffer, filled in
            while filled < sealedSize {
                let start = filled
                let rest = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[start...]))
                let read = pread(descriptor, rest.baseAddress, rest.count, Int(frame) * sealedSize + start)
                if read < 0, errno == EINTR { continue }
                if read < 0 { failed = errno }
                if read <= 0 { return }
                filled += read
            }
        }
        guard failed == 0 else { throw SyncFailure(.path, "the uploaded file cannot be read") }
        let content: Data
        do {
            content = try sealer.open(sealed, context: UploadFormat.context(of: name, frame: frame))
        } catch {
            throw SyncFailure(.path, "the uploaded file is damaged", cause: error)
        }
        last.withLock { $0 = (frame, content) }
        return content
    }
}
