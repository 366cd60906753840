package import Foundation
import MailMessage
package import MailkeepModel
import MailkeepStore

/// One attachment of a message, decoded; one that is not there is refused as an absent message is (V1).
package struct ReadAttachment: UseCase {
    package var source: MessageSource
    package var message: MessageID
    /// Its place in the message, such as `1.2`.
    package var path: String

    package init(_ path: String, of message: MessageID, at source: MessageSource) {
        self.path = path
        self.source = source
        self.message = message
    }

    /// An attachment with its bytes.
    package struct Output: Sendable, Equatable {
        /// For display, never a path; nil where it has none.
        package var name: String?
        /// As the sender says, in lower case.
        package var contentType: String
        package var contentID: String?
        package var isInline: Bool
        package var bytes: Data
    }

    /// - Throws: `AppError` (`emailTooLarge`) where the mail is larger than what is shown of one.
    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Output {
        let visible = try await mailkeep.read(source.action, as: caller) {
            try $0.message(message, at: source, for: $1)
        }
        let found: Output? = try await mailkeep.withRawMessage(visible) { raw, isCut in
            guard !isCut else { throw AppError(.emailTooLarge) }
            let message = Message(parsing: raw)
            return message.attachments.first { $0.path == path }.map {
                Output(
                    name: $0.fileName,
                    contentType: $0.contentType,
                    contentID: $0.contentID,
                    isInline: $0.isInline,
                    bytes: Data(message.content(of: $0))
                )
            }
        }
        if let found { return found }
        return try await mailkeep.act(source.action, as: caller) { _, _ in throw Refusal(.v1) }
    }
}
