/// A part of a message that is no readable text of it: a file, an image, a message.
package struct Attachment: Sendable, Hashable {
    /// Its place in the message, as IMAP numbers parts (RFC 9051 section 6.4.5), such as `1.2`.
    ///
    /// A uuencoded file has the path of the text it is in and its number there.
    package let path: String
    /// Its name for display, never a path; nil when it has none.
    ///
    /// Anybody can write anything here.
    package let fileName: String?
    /// Type and subtype in lower case as the sender says, such as `application/pdf`.
    package let contentType: String
    /// Its size in bytes, decoded.
    package let size: Int
    /// Its Content-ID without angle brackets, by which HTML refers to it.
    package let contentID: String?
    /// Whether it is meant to be shown within the text.
    package let isInline: Bool

    let source: Source

    /// Where its bytes are in the message.
    struct Source: Sendable, Hashable {
        let body: Range<Int>
        let encoding: TransferEncoding
        /// The range of a uuencoded file in the decoded body.
        var file: Range<Int>?
    }
}
