/// A rule of the product, by its id in the rules.
package enum Rule: String, Sendable, CaseIterable {
    case p1 = "P1"
    case b3 = "B3"
    case b4 = "B4"
    case b5 = "B5"
    case l1 = "L1"
    case l2 = "L2"
    case l3 = "L3"
    case l5 = "L5"
    case l7 = "L7"
    case l9 = "L9"
    case n3 = "N3"
    case n4 = "N4"
    case r1 = "R1"
    case u1 = "U1"
    case u2 = "U2"
    case v1 = "V1"
    case v5 = "V5"
}

/// Why a rule refused, where it has several reasons.
package enum Reason: String, Sendable, CaseIterable {
    /// No mail add-on settings have been saved (B5, L5, L9).
    case settings
    /// A backup is Waiting or In progress (B5).
    case running
    /// A backup is Completed already (B5).
    case done
    /// The user is inactive (L5).
    case lockInactive = "lock.inactive"
    /// The last active administrator (U2).
    case last
    /// Oneself (U2).
    case `self`
}

/// A rule's no: which rule, why, and what its sentence names.
package struct Refusal: Error, Sendable, Equatable {
    package let rule: Rule
    package let reason: Reason?
    /// The domains that differ: the mailbox's and the administrator's (B4).
    package let domains: Domains?
    /// The legal holds that stand in the way (R1).
    package let holds: [HoldID]

    package struct Domains: Sendable, Equatable {
        package let mailbox: String
        package let administrator: String

        package init(mailbox: String, administrator: String) {
            self.mailbox = mailbox
            self.administrator = administrator
        }
    }

    package init(_ rule: Rule, _ reason: Reason? = nil, domains: Domains? = nil, holds: [HoldID] = []) {
        self.rule = rule
        self.reason = reason
        self.domains = domains
        self.holds = holds
    }
}

/// What a policy answers.
package enum Decision: Sendable, Equatable {
    case allowed
    /// The state asked for stands already: nothing changes, and it is no error.
    case unchanged
    case refused(Refusal)

    /// The refusal, if it is one.
    package var refusal: Refusal? {
        if case .refused(let refusal) = self { refusal } else { nil }
    }
}
