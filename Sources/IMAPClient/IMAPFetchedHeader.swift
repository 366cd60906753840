package import NIOCore

/// What is known of a message without reading it.
package struct IMAPFetchedHeader: Sendable {
    package let uid: UInt32
    /// Bytes of the whole message as the server counts them, which need not be exact; 0 where it did not say.
    package let size: UInt64
    /// The header fields asked for, as they stand, with their empty line at the end.
    package let header: ByteBuffer
    /// Whether the fields were longer than ``IMAPLimits/headerLength`` and are cut off there, or may have been longer than
    /// what the server reads of a header: Dovecot has no fields of one of more than 20 MB.
    package let isTruncated: Bool
    /// The same for this message in every mailbox that holds it (RFC 8474, 5.1); nil where the server does not say.
    package let emailID: String?
}
