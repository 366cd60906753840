package import MailConnection

/// How much of a server's answer is held in memory or believed before the connection is given up.
package struct POP3Limits: Sendable, Equatable {
    /// Bytes of a line that is no mail's; far above RFC 2449's 512.
    package var lineLength = 8192
    /// Messages of a mailbox.
    package var messages = 1_000_000
    /// Bytes of the largest message that is read.
    package var messageLength = 1 << 30
    /// Bytes that are kept of one message's header; what exceeds them is cut off, not refused.
    package var headerLength = 4 << 20
    /// Commands that are sent ahead of their answers where the server announces `PIPELINING` (RFC 2449, 6.8).
    package var pipelineDepth = 32

    package init() {}
}

/// A POP3 server and how it is read.
package struct POP3Configuration: Sendable {
    package var endpoint: MailEndpoint
    package var limits: POP3Limits

    package init(_ endpoint: MailEndpoint, limits: POP3Limits = POP3Limits()) {
        self.endpoint = endpoint
        self.limits = limits
    }
}
