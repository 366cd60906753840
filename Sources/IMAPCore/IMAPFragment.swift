package import NIOCore

/// What the decoder makes of a server's bytes, piece by piece.
///
/// A section of a `FETCH` response that comes as a literal is streamed: `sectionBegan`, any number of `sectionBytes`,
/// `sectionEnded`, and at last the `response` with everything else that it said.
package enum IMAPFragment: Sendable, Equatable {
    case response(IMAPResponse)
    /// A section of so many bytes follows; `fetch` holds what the response has said so far.
    case sectionBegan(IMAPSection, length: Int, fetch: IMAPFetch)
    /// The next bytes, sharing the storage they were received in.
    case sectionBytes(ByteBuffer)
    case sectionEnded
}
