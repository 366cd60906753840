package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// All mail add-on users of a tab, by name, with what an administrator may do now (P1–P5).
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
            return try transaction.shapes(of: transaction.mailAddonUsers(status), reader: actor, now: now)
        }
    }
}

/// A page of the mail add-on users, searched, filtered and sorted (P1–P5).
package struct FindMailAddonUsers: UseCase {
    package var query: MailAddonUserQuery

    package init(_ query: MailAddonUserQuery) {
        self.query = query
    }

    /// A page of rows, how many users each tab has whatever is searched for (P2), and how far older mail is linked.
    package struct Output: Sendable {
        package var page: Page<MailAddonShape>
        package var linking: LinkingShape
        package var activeCount: Int
        package var inactiveCount: Int
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Output {
        let now = mailkeep.clock()
        return try await mailkeep.read(AuditedAction(name: "mail_addon.list"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            let found = try transaction.mailAddonUsers(query)
            return Output(
                page: Page(
                    items: try transaction.shapes(of: found.items, reader: actor, now: now),
                    number: found.number,
                    hasMore: found.hasMore,
                    total: found.total
                ),
                linking: LinkingShape(try transaction.linkingProgress()),
                activeCount: try transaction.mailAddonUserCount(.active),
                inactiveCount: try transaction.mailAddonUserCount(.inactive)
            )
        }
    }
}

/// One row of the page of mail add-on users; nil for who is not listed there (P1–P5).
package struct ShowMailAddonUser: UseCase {
    package var user: UserID

    package init(user: UserID) {
        self.user = user
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> MailAddonShape? {
        let now = mailkeep.clock()
        let action = AuditedAction(name: "mail_addon.show", user: user)
        return try await mailkeep.read(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            guard let row = try transaction.mailAddonUser(user) else { return nil }
            return try transaction.shapes(of: [row], reader: actor, now: now).first
        }
    }
}

extension ReadTransaction {
    /// Rows of the page of mail add-on users, for an administrator.
    fileprivate func shapes(of users: [MailAddonUser], reader: User, now: Timestamp) throws -> [MailAddonShape] {
        let names = try userNames(users.lazy.flatMap(\.people))
        let administratorCount = try administratorCount()
        let onHold = try usersOnHold()
        return users.map { row in
            var shape = MailAddonShape(
                row.settings,
                of: row.user,
                error: row.synchronisationError,
                names: names,
                locale: reader.locale
            )
            let backupShape = { BackupShape($0, names: names, locale: reader.locale, now: now) }
            shape.backup = row.standing.map(backupShape)
            shape.last_attempt = row.attempt.map(backupShape)
            shape.can_cancel = row.attempt?.status.isPending ?? false
            shape.backup_source = row.source.map {
                MailAddonShape.Source(
                    kind: $0.kind.rawValue,
                    attached_by: UserShape.Reference($0.attachedBy, names),
                    attached_time: $0.attachedAt.iso8601
                )
            }
            shape.on_hold = onHold.contains(row.user.id)
            shape.setActions(of: reader, on: row.target, administratorCount: administratorCount)
            return shape
        }
    }
}

extension MailAddonUser {
    /// Those whom the row names.
    fileprivate var people: [UserID] {
        let others = [settings.lock?.by, source?.attachedBy, standing?.requestedBy, attempt?.requestedBy]
        return [user.id] + others.compactMap { $0 }
    }
}

extension MailAddonShape {
    fileprivate mutating func setActions(of actor: User, on target: BackupTarget, administratorCount: Int) {
        let wording = Wording(locale: actor.locale)
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
                refused.append(RefusedAction(action: action.rawValue, refusal, wording))
            }
        }
        allowed_actions = allowed
        refused_actions = refused
    }
}

extension MailAddonShape.RefusedAction {
    /// An action that a rule refuses, in the reader's language.
    init(action: String, _ refusal: Refusal, _ wording: Wording) {
        self.init(
            action: action,
            rule: refusal.rule.rawValue,
            reason: refusal.reason?.rawValue,
            message: wording.refusal(refusal)
        )
    }
}
