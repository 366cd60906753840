package import MailkeepModel
import MailkeepStore

/// Shares one's own mail on a record with those who are associated with it (Record-level share), or takes that back.
///
/// A lock allows sharing and refuses taking back (L2). To be shared, the record must be one that the caller may open (V1).
package struct ShareEmails: UseCase {
    package var owner: UserID
    package var record: RecordKey
    package var isShared: Bool

    package init(owner: UserID, record: RecordKey, isShared: Bool) {
        self.owner = owner
        self.record = record
        self.isShared = isShared
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> ActionResult {
        let now = mailkeep.clock()
        let action = AuditedAction(
            name: isShared ? "emails.share" : "emails.unshare",
            user: owner,
            target: record.description
        )
        return try await mailkeep.act(action, as: caller) { transaction, actor in
            guard actor.id == owner else { throw Refusal(.l1) }
            let decision =
                isShared
                ? LockPolicy.shareRecordMail(actor: actor, owner: actor)
                : LockPolicy.unshareRecordMail(
                    actor: actor,
                    owner: actor,
                    addon: try transaction.mailAddon(of: owner)?.state
                )
            try decision.enforce()
            // What is shared can be taken back also by who may no longer open the record.
            let mayTakeBack = try !isShared && transaction.sharesEmails(of: owner, on: record)
            guard try mayTakeBack || transaction.isAssociated(owner, with: record) else { throw Refusal(.v1) }
            let isChanged =
                try isShared
                ? transaction.shareEmails(of: owner, on: record, at: now)
                : transaction.unshareEmails(of: owner, on: record)
            let result: ActionResult = isChanged ? .done : .unchanged
            return (result, result)
        }
    }
}
