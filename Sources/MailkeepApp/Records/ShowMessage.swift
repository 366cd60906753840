import MailMessage
package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// One message to be read by a person, and why they may see it (V).
package struct ShowMessage: UseCase {
    package var source: MessageSource
    package var message: MessageID
    /// In whose mailboxes it is to be seen on a record; nil for anybody's.
    package var owner: UserID?

    package init(_ message: MessageID, at source: MessageSource) {
        self.source = source
        self.message = message
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> MessageShape {
        let found = try await mailkeep.read(source.action, as: caller) { transaction, actor in
            let visible = try transaction.message(message, at: source, in: owner, for: actor)
            return switch source {
            case .record(let record):
                Found(
                    visible: visible,
                    places: try transaction.places(of: message, on: record, to: actor.id),
                    grounds: try transaction.associationGrounds(of: actor.id, with: record)
                )
            case .ownMail:
                Found(visible: visible, places: try transaction.ownPlaces(of: message, of: actor.id), grounds: [])
            }
        }
        return try await mailkeep.withRawMessage(found.visible) { raw, isCut in
            MessageShape(
                Message(parsing: raw),
                header: HeaderLines(parsing: raw),
                isCut: isCut,
                email: EmailShape(found.visible, on: source.record),
                places: found.places,
                grounds: found.grounds
            )
        }
    }

    private struct Found: Sendable {
        let visible: VisibleMessage
        let places: [MessagePlace]
        let grounds: [AssociationGround]
    }
}

/// The HTML text of a message as it was sent, and not to be trusted; nil where it has none.
///
/// Refused as the message itself is (V1).
package struct ReadMessageHTML: UseCase {
    package var source: MessageSource
    package var message: MessageID

    package init(_ message: MessageID, at source: MessageSource) {
        self.source = source
        self.message = message
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> String? {
        let visible = try await mailkeep.read(source.action, as: caller) {
            try $0.message(message, at: source, for: $1)
        }
        return try await mailkeep.withRawMessage(visible) { raw, _ in Message(parsing: raw).html }
    }
}
