package import NIOCore

/// What one `FETCH` response says about one message (RFC 9051, 7.5.2), as far as it is asked for here.
package struct IMAPFetch: Sendable, Equatable {
    package let sequenceNumber: UInt32
    package internal(set) var uid: UInt32?
    /// `RFC822.SIZE` in bytes: what the server believes, which is not always true.
    package internal(set) var size: UInt64?
    /// `INTERNALDATE` in milliseconds since 1970.
    package internal(set) var internalDate: Int64?
    /// `FLAGS` as they stand; nil where they are not told, or not readably.
    package internal(set) var flags: [String]?
    /// `X-GM-MSGID`: the same for all copies of a message in one Gmail account.
    package internal(set) var gmailMessageID: UInt64?
    /// The same for all messages of the same content (RFC 8474, 5.1).
    package internal(set) var emailID: String?
    /// Sections that came as `NIL` or a quoted string; those that came as literals were streamed before.
    package internal(set) var sections: [InlineSection] = []

    package struct InlineSection: Sendable, Equatable {
        package let section: IMAPSection
        /// Nil where the server said `NIL`: it has no such section, mostly because the message is gone.
        package let bytes: ByteBuffer?

        package init(section: IMAPSection, bytes: ByteBuffer?) {
            self.section = section
            self.bytes = bytes
        }
    }

    package init(
        sequenceNumber: UInt32,
        uid: UInt32? = nil,
        size: UInt64? = nil,
        internalDate: Int64? = nil,
        flags: [String]? = nil,
        gmailMessageID: UInt64? = nil,
        emailID: String? = nil,
        sections: [InlineSection] = []
    ) {
        self.sequenceNumber = sequenceNumber
        self.uid = uid
        self.size = size
        self.internalDate = internalDate
        self.flags = flags
        self.gmailMessageID = gmailMessageID
        self.emailID = emailID
        self.sections = sections
    }
}

/// Which bytes of a message a section of a `FETCH` response holds.
package enum IMAPSection: Sendable, Equatable {
    /// The whole message: `BODY[]` or `RFC822`.
    case message
    /// Header fields: `BODY[HEADER…]` or `RFC822.HEADER`.
    case header
    case other
}
