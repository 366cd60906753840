/// How an action ended.
package enum AuditOutcome: String, Sendable, CaseIterable {
    case done
    /// The state asked for stood already.
    case unchanged
    /// A rule said no.
    case refused
    /// Allowed, but it could not be done.
    case failed
}

/// Which entries of the audit log are asked for, the newest first.
package struct AuditQuery: Sendable, Equatable {
    /// From this moment on.
    package var since: Timestamp?
    /// Before this moment.
    package var until: Timestamp?
    package var action: String?
    package var outcome: AuditOutcome?
    /// The rule that refused, such as `L3`.
    package var rule: String?
    /// Who did it.
    package var actor: UserID?
    /// On whom.
    package var user: UserID?
    /// Part of the target, such as `Contacts/12`; empty asks for all.
    package var target: String
    package var page: PageRequest

    package init(
        since: Timestamp? = nil,
        until: Timestamp? = nil,
        action: String? = nil,
        outcome: AuditOutcome? = nil,
        rule: String? = nil,
        actor: UserID? = nil,
        user: UserID? = nil,
        target: String = "",
        page: PageRequest = PageRequest()
    ) {
        self.since = since
        self.until = until
        self.action = action
        self.outcome = outcome
        self.rule = rule
        self.actor = actor
        self.user = user
        self.target = target
        self.page = page
    }
}
