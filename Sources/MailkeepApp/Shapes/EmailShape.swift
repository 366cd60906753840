import Foundation
import MailkeepModel
import MailkeepStore
import MailkeepSync

/// A message of a record in the API's form.
package struct EmailShape: Encodable, Sendable, Equatable {
    package struct Party: Encodable, Sendable, Equatable {
        package var user_name: String
        package var email: String
    }

    package struct Attachment: Encodable, Sendable, Equatable {
        package var name: String
        package var content_type: String
        package var size: Int
    }

    package struct Status: Encodable, Sendable, Equatable {
        package var type: String
    }

    package struct LinkedRecord: Encodable, Sendable, Equatable {
        package struct ModuleReference: Encodable, Sendable, Equatable {
            package var api_name: String
        }

        package var id: String
        package var module: ModuleReference
    }

    package var message_id: String
    package var subject: String
    package var summary: String
    package var owner: UserShape.Reference
    /// Whether the owner sent it.
    package var sent: Bool
    package var from: Party?
    package var to: [Party]
    package var cc: [Party]
    package var time: String
    package var source: String
    package var status: [Status]
    package var has_attachment: Bool
    package var attachments: [Attachment]
    /// On whose page it stands; nil under "My mail".
    package var linked_record: LinkedRecord?
    package var size: Int64
    /// The SHA-256 of the raw bytes: the message's identity.
    package var sha256: String
    /// Why the reader sees it: `own`, `share_all`, `record_share`, `correspondent` or `backup`.
    package var visible_by: String
    /// Whether `owner` is active.
    package var owner_active: Bool
    /// The address of the mailbox that it is seen from.
    package var mailbox: String
    /// Of whose mailbox it is a backup, where it is seen by that.
    package var backup_of: UserShape.Reference?
}

extension EmailShape {
    init(_ message: VisibleMessage, on record: RecordKey? = nil) {
        let summary = message.summary
        let owner = UserShape.Reference(id: message.owner.description, name: message.ownerName)
        self.init(
            message_id: message.id.description,
            subject: summary.subject,
            summary: summary.snippet,
            owner: owner,
            sent: message.isSentByOwner,
            from: summary.from.first.map(Party.init),
            to: summary.to.map(Party.init),
            cc: summary.cc.map(Party.init),
            time: message.sentAt.iso8601,
            source: "imap",
            status: [Status(type: message.isSentByOwner ? "sent" : "received")],
            has_attachment: !summary.attachments.isEmpty,
            attachments: summary.attachments.map {
                Attachment(name: $0.name ?? "", content_type: $0.contentType, size: $0.size)
            },
            linked_record: record.map {
                LinkedRecord(id: $0.id.description, module: .init(api_name: $0.module.rawValue))
            },
            size: message.size,
            sha256: summary.sha256.hex,
            visible_by: message.ground.rawValue,
            owner_active: message.ownerIsActive,
            mailbox: message.mailbox,
            backup_of: message.ground == .backup ? owner : nil
        )
    }
}

extension EmailShape.Party {
    init(_ party: MessageSummary.Party) {
        self.init(user_name: party.name ?? "", email: party.address)
    }
}
