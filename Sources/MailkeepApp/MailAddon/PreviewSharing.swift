import MailkeepModel
import MailkeepStore

/// What colleagues would see of the caller's own stored mail under each sharing setting, to be told before one is chosen.
///
/// What they see whatever the setting (V2, B7) is not counted, and neither is a record that nobody else may open.
package struct PreviewSharing: UseCase {
    package init() {}

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> [SharingPreviewShape] {
        let action = AuditedAction(name: "mail_addon.preview", user: caller.user)
        return try await mailkeep.read(action, as: caller) { transaction, actor in
            try SharingSetting.allCases.map {
                let preview = try transaction.preview(of: $0, for: actor.id)
                return SharingPreviewShape(
                    sharing: $0.rawValue,
                    messages: preview.messages,
                    records: preview.records,
                    users: preview.users
                )
            }
        }
    }
}

/// How much others would see under a sharing setting, in the API's form.
package struct SharingPreviewShape: Encodable, Sendable, Equatable {
    package var sharing: String
    /// Messages, records on whose pages they stand, and other users who may open these.
    package var messages: Int
    package var records: Int
    package var users: Int
}
