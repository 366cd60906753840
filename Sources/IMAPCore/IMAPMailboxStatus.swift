/// What a server tells of a mailbox that need not be open: `STATUS` (RFC 9051, 7.3.5), also within a listing (RFC 5819).
package struct IMAPMailboxStatus: Sendable, Equatable {
    package let name: IMAPMailboxName
    package internal(set) var messages: UInt32?
    /// No message has this identifier or a higher one.
    package internal(set) var uidNext: UInt32?
    package internal(set) var uidValidity: UInt32?
    /// Bytes of all messages (RFC 8438).
    package internal(set) var size: UInt64?
    /// What identifies the mailbox beyond its name (RFC 8474, 4).
    package internal(set) var mailboxID: String?

    package init(
        name: IMAPMailboxName,
        messages: UInt32? = nil,
        uidNext: UInt32? = nil,
        uidValidity: UInt32? = nil,
        size: UInt64? = nil,
        mailboxID: String? = nil
    ) {
        self.name = name
        self.messages = messages
        self.uidNext = uidNext
        self.uidValidity = uidValidity
        self.size = size
        self.mailboxID = mailboxID
    }
}
