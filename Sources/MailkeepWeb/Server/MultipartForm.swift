import HTTPTypes
import Hummingbird
import MailkeepApp
import NIOCore

/// A form with a file, read while it comes: fields first, the file as the last part.
///
/// Unchecked, as the request's own task alone reads it: copies of the context all name the one form, and whoever handles
/// the request hands it on and is done with it.
final class MultipartForm: @unchecked Sendable {
    /// Bytes of a field that is no file.
    private static let longestField = 4096

    private var decoder: MultipartDecoder
    private var bytes: RequestBody.AsyncIterator

    /// Nil where a request holds no such form.
    init?(_ request: Request) {
        guard let decoder = MultipartDecoder(contentType: request.headers[.contentType]) else { return nil }
        self.decoder = decoder
        bytes = request.body.makeAsyncIterator()
    }

    /// Reads the next part, which is to be this field.
    ///
    /// - Throws: `HTTPError` (400, 413), `AppError` (`uploadBroken`).
    func field(_ name: String) async throws -> String {
        guard try await nextEvent() == .part(name) else { throw HTTPError(.badRequest) }
        var value = ByteBuffer()
        while let part = try await nextBytes() {
            guard value.readableBytes + part.readableBytes <= Self.longestField else {
                throw HTTPError(.contentTooLarge)
            }
            value.writeImmutableBuffer(part)
        }
        return String(buffer: value)
    }

    /// Begins the next part, which is to be this file.
    ///
    /// - Throws: as `field`.
    func file(_ name: String) async throws -> MultipartFile {
        guard try await nextEvent() == .part(name) else { throw HTTPError(.badRequest) }
        return MultipartFile(form: self)
    }

    /// The next bytes of the part; nil at its end.
    fileprivate func nextBytes() async throws -> ByteBuffer? {
        switch try await nextEvent() {
        case .bytes(let bytes): bytes
        case .partEnd: nil
        case .part, .end: throw HTTPError(.badRequest)
        }
    }

    private func nextEvent() async throws -> MultipartDecoder.Event {
        while true {
            if let event = try decoder.next() { return event }
            let received: ByteBuffer?
            do {
                received = try await bytes.next()
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                throw AppError(.uploadBroken)
            }
            guard let received else { throw AppError(.uploadBroken) }
            decoder.append(received)
        }
    }
}

/// A file of a form, chunk by chunk.
struct MultipartFile: AsyncSequence, Sendable {
    fileprivate let form: MultipartForm

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let form: MultipartForm

        /// - Throws: `AppError` (`uploadBroken`) where the form ends before the file does.
        mutating func next() async throws -> [UInt8]? {
            try await form.nextBytes().map { Array($0.readableBytesView) }
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(form: form) }
}
