package import Foundation
import GRDB
package import MailkeepModel

/// The header fields in which an address of a message stands.
package struct AddressFields: OptionSet, Sendable, Hashable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    package static let from = AddressFields(rawValue: 1)
    package static let sender = AddressFields(rawValue: 2)
    package static let replyTo = AddressFields(rawValue: 4)
    package static let to = AddressFields(rawValue: 8)
    package static let cc = AddressFields(rawValue: 16)
    package static let bcc = AddressFields(rawValue: 32)
    /// Only as the form without `+tag`; such a row does not associate by itself.
    package static let withoutTag = AddressFields(rawValue: 64)
}

/// What is kept of a mail of which only the header was read: nothing readable.
package struct SeenHeader: Sendable {
    package var uid: UInt32
    package var size: UInt64
    /// What its header says; 1970 where that is nothing.
    package var sentAt: Timestamp
    /// Keyed hashes of all addresses, with the fields that they stand in.
    package var addresses: [Data: AddressFields]
    /// Whether these are all of them; if not, it stays open whether the mail is associated.
    package var isWhole: Bool
    /// A keyed hash of what the server calls this mail in every folder (RFC 8474); nil where it does not say.
    package var emailID: Data?

    package init(
        uid: UInt32,
        size: UInt64,
        sentAt: Timestamp,
        addresses: [Data: AddressFields],
        isWhole: Bool = true,
        emailID: Data? = nil
    ) {
        self.uid = uid
        self.size = size
        self.sentAt = sentAt
        self.addresses = addresses
        self.isWhole = isWhole
        self.emailID = emailID
    }
}

/// Why a mail that was seen is not stored.
package enum SkipReason: String, Sendable {
    /// The server does not list it any more.
    case vanished
    case tooLarge = "too_large"
    /// Its body could not be read; it is asked for again.
    case unreadable
    /// Its header could not be read, or not wholly; it is asked for again.
    case headerUnreadable = "header_unreadable"
}

/// A folder of a mailbox under one UIDVALIDITY.
package struct FolderPosition: Sendable, Equatable {
    package let id: Int64
    package var uidValidity: UInt32
    /// The lowest UID whose header was not read yet.
    package var nextUID: UInt32

    package init(id: Int64, uidValidity: UInt32, nextUID: UInt32) {
        self.id = id
        self.uidValidity = uidValidity
        self.nextUID = nextUID
    }
}

/// A mail whose body is wanted.
package struct WantedEntry: Sendable, Equatable {
    package let id: Int64
    package let uid: UInt32
    package let size: UInt64
    /// Whether it could not be read before.
    package let isAgain: Bool
    /// A keyed hash of what the server calls this mail in every folder; nil where it does not say.
    package let emailID: Data?
}

/// Where content lies in the vault.
package struct ContentLocation: Sendable, Hashable {
    package let key: Data
    package let segment: Int64
    package let offset: Int64
    package let length: Int64

    package init(key: Data, segment: Int64, offset: Int64, length: Int64) {
        self.key = key
        self.segment = segment
        self.offset = offset
        self.length = length
    }

    init(_ key: Data, in row: Row) {
        self.init(key: key, segment: row["segment"], offset: row["offset"], length: row["length"])
    }
}

/// Content that is durable in the vault, and what it is put together of.
package struct DurableContent: Sendable {
    package struct Part: Sendable {
        package let location: ContentLocation
        /// Whether there may be no row that names it yet; one that was named, and is no more, is gone.
        package let isNew: Bool

        package init(_ location: ContentLocation, isNew: Bool) {
            self.location = location
            self.isNew = isNew
        }
    }

    package let whole: Part
    package let parts: [Part]

    package init(_ whole: Part, parts: [Part] = []) {
        self.whole = whole
        self.parts = parts
    }

    package var key: Data { whole.location.key }
}

/// A mail whose bytes are durable in the vault.
package struct FetchedMessage: Sendable {
    package var entry: Int64
    package var content: DurableContent
    package var size: UInt64
    /// Its date, where the fields that were read of its header had none; nil where it has none.
    package var date: Timestamp?
    /// The date by which retention goes, where that is not the one on which it was sent (R3).
    package var receivedAt: Timestamp?
    /// What marked it in its folder; nil where the source did not tell.
    package var flags: MailFlags?
    /// When it came to its folder; nil where the source did not tell.
    package var cameAt: Timestamp?
    package var summary: MessageSummary

    package init(
        entry: Int64,
        content: DurableContent,
        size: UInt64,
        date: Timestamp? = nil,
        receivedAt: Timestamp? = nil,
        flags: MailFlags? = nil,
        cameAt: Timestamp? = nil,
        summary: MessageSummary
    ) {
        self.entry = entry
        self.content = content
        self.size = size
        self.date = date
        self.receivedAt = receivedAt
        self.flags = flags
        self.cameAt = cameAt
        self.summary = summary
    }
}

/// An inbox that may be watched for news, under the settings that were saved at a moment.
package struct WatchedInbox: Sendable, Hashable {
    package let user: UserID
    package let savedAt: Timestamp
}

/// A mail whose bytes are durable in the vault, as its row keeps it.
package struct SealedMessage: Sendable {
    package let entry: Int64
    package let content: DurableContent
    package let size: UInt64
    let date: Timestamp?
    let receivedAt: Timestamp?
    let flags: MailFlags?
    let cameAt: Timestamp?
    let hasAttachment: Bool
    let summary: Data
}
