package import Foundation
package import MailMessage
package import MailkeepKeys
package import MailkeepModel
package import MailkeepStore

/// Turns a mail's header into the keyed hashes by which it is found from records (V4; design decision 6).
package struct Association: Sendable {
    private let hasher: AddressHasher

    package init(hasher: AddressHasher) {
        self.hasher = hasher
    }

    /// The header fields that are read of every mail.
    static let headerFields = ["From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Date"]

    /// What is kept of a header of a mailbox: nothing readable.
    package func seen(_ header: SourceHeader, in mailbox: MailboxID) -> SeenHeader {
        let fields = MessageHeader(parsing: header.bytes)
        var exact: [Data: AddressFields] = [:]
        var untagged: [Data: AddressFields] = [:]
        for (addresses, field) in [
            (fields.from, AddressFields.from), (fields.sender, .sender), (fields.replyTo, .replyTo),
            (fields.to, .to), (fields.cc, .cc), (fields.bcc, .bcc),
        ] {
            for address in addresses.compactMap(\.normalized) {
                exact[hash(address), default: []].insert(field)
                if let plain = address.withoutTag { untagged[hash(plain), default: []].insert(.withoutTag) }
            }
        }
        return SeenHeader(
            uid: header.uid,
            size: header.size,
            sentAt: Timestamp(rawValue: fields.date ?? 0),
            addresses: exact.merging(untagged) { exact, _ in exact },
            isWhole: header.isWhole,
            emailID: header.emailID.map { Data(hasher.hash("\(mailbox)/\($0)")) }
        )
    }

    /// The keyed hash of a normalised address.
    package func hash(_ address: NormalizedAddress) -> Data {
        Data(hasher.hash(address.description))
    }
}
