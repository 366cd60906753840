import MailkeepModel
import MailkeepStore

/// Refuses who is no administrator, where a page for administrators shows nothing of its own (P1).
package struct RequireAdministrator: UseCase {
    /// What the audit log calls what was asked for.
    package var action: String

    package init(for action: String) {
        self.action = action
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws {
        _ = try await mailkeep.read(AuditedAction(name: action), as: caller) { try PagePolicy.use(actor: $1).enforce() }
    }
}
