package import MailkeepModel
import MailkeepStore

/// How far older mail has been linked with records that got addresses since; for administrators (P1).
package struct ShowLinking: UseCase {
    package init() {}

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> LinkingShape {
        try await mailkeep.read(AuditedAction(name: "mail_addon.list"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            return LinkingShape(try transaction.linkingProgress())
        }
    }
}

/// Whether older mail of a record is still to come, for who may open it (V1: absent and forbidden are refused alike).
package struct ShowRecordLinking: UseCase {
    package var record: RecordKey

    package init(record: RecordKey) {
        self.record = record
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> RecordLinkingShape {
        let action = AuditedAction(name: "records.show", target: record.description)
        return try await mailkeep.read(action, as: caller) { transaction, actor in
            guard try transaction.isAssociated(actor.id, with: record) else { throw Refusal(.v1) }
            return RecordLinkingShape(try transaction.linking(of: record, for: actor.id))
        }
    }
}
