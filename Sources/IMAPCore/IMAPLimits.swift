/// How much of a server's answer is held in memory or believed before the connection is given up.
///
/// A server is not trusted: without these a single line could claim four gigabytes.
package struct IMAPLimits: Sendable, Equatable {
    /// Bytes of one line up to its line feed, literals not counted.
    package var lineLength = 16 << 20
    /// Bytes of one literal that is held in memory, such as a mailbox name.
    package var literalLength = 1 << 20
    /// Bytes of one whole response, with its held literals, without its streamed ones.
    package var responseLength = 32 << 20
    /// Bytes of one streamed literal: the largest message that is read.
    package var messageLength = 1 << 30
    /// Bytes that are kept of one message's header fields; what exceeds them is cut off, not refused.
    ///
    /// Mail to tens of thousands of addresses stays below.
    package var headerLength = 4 << 20
    /// Sections of one message that come in one answer without being literals; what exceeds them is left out.
    package var sections = 64
    /// Mailboxes of one listing.
    package var mailboxes = 50_000
    /// Messages of one mailbox.
    package var messages = 5_000_000

    package init() {}
}
