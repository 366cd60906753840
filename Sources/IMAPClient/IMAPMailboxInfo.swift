package import IMAPCore

/// A mailbox of the user, as the server lists it.
package struct IMAPMailboxInfo: Sendable, Equatable {
    /// The name on the wire, to be given back to the server.
    package let encodedName: IMAPMailboxName
    /// What stands between the levels of ``displayName``.
    package let delimiter: Character?
    /// Whether it can hold messages at all.
    package let isSelectable: Bool
    package let specialUse: IMAPSpecialUse?
    /// What it holds, where the server said so.
    package internal(set) var status: IMAPMailboxStatus?

    package init(
        encodedName: IMAPMailboxName,
        delimiter: Character?,
        isSelectable: Bool = true,
        specialUse: IMAPSpecialUse? = nil,
        status: IMAPMailboxStatus? = nil
    ) {
        self.encodedName = encodedName
        self.delimiter = delimiter
        self.isSelectable = isSelectable
        self.specialUse = specialUse
        self.status = status
    }

    /// The whole name for people.
    package var displayName: String { encodedName.displayName }
}

/// What a mailbox is for (RFC 6154, 2 and RFC 8457).
package enum IMAPSpecialUse: String, Sendable, Hashable, CaseIterable {
    /// Every message of the user, whichever mailbox it is in.
    case all
    case archive
    case drafts
    case flagged
    case important
    case junk
    case sent
    case trash

    /// The use that an attribute in capitals names, also in the words of `XLIST`.
    init?(attribute: String) {
        switch attribute {
        case "\\ALL", "\\ALLMAIL": self = .all
        case "\\ARCHIVE": self = .archive
        case "\\DRAFTS": self = .drafts
        case "\\FLAGGED", "\\STARRED": self = .flagged
        case "\\IMPORTANT": self = .important
        case "\\JUNK", "\\SPAM": self = .junk
        case "\\SENT": self = .sent
        case "\\TRASH": self = .trash
        default: return nil
        }
    }
}

/// The mailbox that is open, read only, as it was when it was opened.
package struct IMAPSelectedMailbox: Sendable, Equatable {
    /// Another value than last time means that all unique identifiers were given anew (RFC 9051, 2.3.1.1).
    package let uidValidity: UInt32
    /// No message has this identifier or a higher one; nil where the server did not say.
    package let uidNext: UInt32?
    package let messageCount: Int
    /// What the server calls it whatever its name becomes (RFC 8474, 4); nil where it does not say.
    package let objectID: String?
    /// Nil where the server keeps no modification sequences.
    package let modSeq: UInt64?
    /// What is gone since the state that was asked about; nil where the server does not tell.
    package let vanished: IMAPUIDSet?

    package init(
        uidValidity: UInt32,
        uidNext: UInt32?,
        messageCount: Int,
        objectID: String? = nil,
        modSeq: UInt64? = nil,
        vanished: IMAPUIDSet? = nil
    ) {
        self.uidValidity = uidValidity
        self.uidNext = uidNext
        self.messageCount = messageCount
        self.objectID = objectID
        self.modSeq = modSeq
        self.vanished = vanished
    }
}
