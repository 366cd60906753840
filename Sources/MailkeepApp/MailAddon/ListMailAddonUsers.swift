package import MailkeepModel
import MailkeepStore

/// The page of mail add-on users: whose settings are saved, with what an administrator may do now (P1–P5).
package struct ListMailAddonUsers: UseCase {
    package var status: UserStatus

    /// - Parameter status: the page's tab; the active and the inactive are listed apart (P2).
    package init(status: UserStatus) {
        self.status = status
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> [MailAddonShape] {
        let now = mailkeep.clock()
        return try await mailkeep.read(AuditedAction(name: "mail_addon.list"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            let count = try transaction.administratorCount()
            return try transaction.mailAddonUsers(status).map { user, settings in
                var row = try transaction.shape(of: settings, owner: user, reader: actor)
                let (standing, attempt) = try transaction.latestBackups(of: user.id)
                row.backup = try standing.map { try transaction.shape(of: $0, reader: actor, now: now) }
                row.last_attempt = try attempt.map { try transaction.shape(of: $0, reader: actor, now: now) }
                row.setActions(of: actor, on: try transaction.backupTarget(user), administratorCount: count)
                return row
            }
        }
    }
}

extension MailAddonShape {
    fileprivate mutating func setActions(of actor: User, on target: BackupTarget, administratorCount: Int) {
        var allowed: [String] = []
        var refused: [RefusedAction] = []
        for action in PagePolicy.Action.allCases {
            let decision = PagePolicy.decision(
                on: action,
                actor: actor,
                target: target,
                administratorCount: administratorCount
            )
            switch decision {
            case .allowed: allowed.append(action.rawValue)
            case .unchanged: continue
            case .refused(let refusal):
                refused.append(
                    RefusedAction(
                        action: action.rawValue,
                        rule: refusal.rule.rawValue,
                        reason: refusal.reason?.rawValue,
                        message: Wording(locale: actor.locale).refusal(refusal)
                    )
                )
            }
        }
        allowed_actions = allowed
        refused_actions = refused
    }
}
