import MailMessage
import MailkeepModel
import MailkeepStore
import MailkeepSync

/// A message as a person reads it, in the API's form.
package struct MessageShape: Encodable, Sendable, Equatable {
    package struct Attachment: Encodable, Sendable, Equatable {
        /// Its place in the message, such as `1.2`.
        package var path: String
        package var name: String?
        package var content_type: String
        package var size: Int
        package var content_id: String?
        package var inline: Bool
    }

    /// Something that is not as it should be: what, and in which part.
    package struct Diagnostic: Encodable, Sendable, Equatable {
        package var code: String
        package var part: String?
    }

    package struct HeaderLine: Encodable, Sendable, Equatable {
        package var name: String
        package var value: String
    }

    /// A mailbox that lets the reader see it, and why.
    package struct Place: Encodable, Sendable, Equatable {
        package var owner: UserShape.Reference
        package var owner_active: Bool
        package var mailbox: String
        /// `own`, `share_all`, `record_share`, `correspondent` or `backup`.
        package var ground: String
        /// The backup that holds it, and when it was taken, where that is the ground.
        package var backup: String?
        package var backup_time: String?
    }

    package var email: EmailShape
    package var from: [EmailShape.Party]
    package var sender: [EmailShape.Party]
    package var reply_to: [EmailShape.Party]
    package var to: [EmailShape.Party]
    package var cc: [EmailShape.Party]
    package var bcc: [EmailShape.Party]
    package var subject: String
    /// When it says it was written; nil where it does not say, or nonsense.
    package var date: String?
    /// The Message-ID without angle brackets.
    package var internet_message_id: String?
    /// The topmost Authentication-Results field: that of the mailbox's own server.
    package var authentication_results: String?
    package var text: String
    package var has_html: Bool
    package var attachments: [Attachment]
    package var diagnostics: [Diagnostic]
    package var header: [HeaderLine]
    /// Whether lines of the header were left out because there are too many.
    package var header_cut: Bool
    /// Whether only the beginning was read because the mail is too large.
    package var cut: Bool
    /// Why the reader sees it: every mailbox that allows it, and why they may open the record (none under "My mail").
    package var visible_in: [Place]
    package var record_opened_by: [String]
}

extension MessageShape {
    init(
        _ message: Message,
        header lines: HeaderLines,
        isCut: Bool,
        email: EmailShape,
        places: [MessagePlace],
        grounds: [AssociationGround]
    ) {
        let header = message.header
        self.init(
            email: email,
            from: header.from.map(EmailShape.Party.init),
            sender: header.sender.map(EmailShape.Party.init),
            reply_to: header.replyTo.map(EmailShape.Party.init),
            to: header.to.map(EmailShape.Party.init),
            cc: header.cc.map(EmailShape.Party.init),
            bcc: header.bcc.map(EmailShape.Party.init),
            subject: header.subject,
            date: header.date.map { Timestamp(rawValue: $0).iso8601 },
            internet_message_id: header.messageID,
            authentication_results: header.authenticationResults.first,
            text: message.text,
            has_html: message.html != nil,
            attachments: message.attachments.map(Attachment.init),
            diagnostics: message.diagnostics.map { Diagnostic(code: $0.code.rawValue, part: $0.part) },
            header: lines.lines.map { HeaderLine(name: $0.name, value: $0.value) },
            header_cut: lines.isCut,
            cut: isCut,
            visible_in: places.map(Place.init),
            record_opened_by: grounds.map(\.rawValue)
        )
    }
}

extension MessageShape.Attachment {
    fileprivate init(_ attachment: MailMessage.Attachment) {
        self.init(
            path: attachment.path,
            name: attachment.fileName,
            content_type: attachment.contentType,
            size: attachment.size,
            content_id: attachment.contentID,
            inline: attachment.isInline
        )
    }
}

extension MessageShape.Place {
    fileprivate init(_ place: MessagePlace) {
        self.init(
            owner: UserShape.Reference(id: place.owner.description, name: place.ownerName),
            owner_active: place.ownerIsActive,
            mailbox: place.mailbox,
            ground: place.ground.rawValue,
            backup: place.backup?.description,
            backup_time: place.takenAt?.iso8601
        )
    }
}

extension EmailShape.Party {
    fileprivate init(_ address: EmailAddress) {
        self.init(user_name: address.displayName ?? "", email: address.address)
    }
}
