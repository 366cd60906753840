package import NIOCore

/// One message on its way from the server; valid only in the call that it is handed to.
package struct IMAPFetchedBody {
    package let uid: UInt32
    /// The exact number of bytes that ``chunks`` will yield.
    package let size: Int
    /// When the server received the message, in milliseconds since 1970; nil where it does not say so before the
    /// message.
    package let internalDate: Int64?
    /// What marks the message; nil where the server does not say so before the message.
    package let flags: [String]?
    /// The raw message piece by piece, each read from the server only when asked for.
    package let chunks: IMAPBodyChunks
}

@available(*, unavailable)
extension IMAPFetchedBody: Sendable {}

/// The bytes of one message; they come once, and what is left of them when the call returns is passed over.
package struct IMAPBodyChunks: AsyncSequence {
    package typealias Element = ByteBuffer

    /// The connection, and the number of the body among all of its bodies.
    private let source: IMAPConnection
    private let number: Int

    init(source: IMAPConnection, number: Int) {
        self.source = source
        self.number = number
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let source: IMAPConnection
        fileprivate let number: Int

        package nonisolated(nonsending) mutating func next() async throws -> ByteBuffer? {
            try await source.nextChunk(ofBody: number)
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(source: source, number: number)
    }
}

@available(*, unavailable)
extension IMAPBodyChunks: Sendable {}
