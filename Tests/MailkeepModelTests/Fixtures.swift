import MailkeepModel
import Testing

/// One line of a rule's table: what is asked, what the policy answers, and what the rule says.
struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let answer: Decision
    let expected: Decision

    init(_ sentence: String, _ answer: Decision, _ expected: Decision) {
        self.testDescription = sentence
        self.answer = answer
        self.expected = expected
    }
}

extension Decision {
    static func refused(_ rule: Rule, _ reason: Reason? = nil) -> Decision {
        .refused(Refusal(rule, reason))
    }

    /// The answer without what its sentence names, for tables that are about which rule is told.
    var withoutDomains: Decision {
        guard case .refused(let refusal) = self else { return self }
        return .refused(refusal.rule, refusal.reason)
    }
}

/// An organisation at example.jp; users are told apart by their number.
func user(
    _ number: Int64,
    _ profile: Profile = .standard,
    _ status: UserStatus = .active,
    domain: String = "example.jp"
) -> User {
    User(
        id: UserID(rawValue: number),
        email: "u\(number)@\(domain)",
        domain: domain,
        name: "User \(number)",
        profile: profile,
        status: status
    )
}

func administrator(_ number: Int64, _ status: UserStatus = .active, domain: String = "example.jp") -> User {
    user(number, .administrator, status, domain: domain)
}

/// Settings saved at 100.
func settings(
    _ sharing: SharingSetting = .all,
    domain: String = "example.jp",
    locked: Bool = false,
    savedAt: Int64 = 100
) -> MailAddonState {
    MailAddonState(
        mailboxDomain: domain,
        sharing: sharing,
        lock: locked ? SettingsLock(by: UserID(rawValue: 99), since: Timestamp(rawValue: 90)) : nil,
        savedAt: Timestamp(rawValue: savedAt)
    )
}

/// User 7, who left; everything else as the rules want it unless said otherwise.
func leaver(
    _ addon: MailAddonState? = settings(),
    status: UserStatus = .inactive,
    pending: Bool = false,
    completed: Bool = false,
    reactivatedAt: Int64? = nil
) -> BackupTarget {
    BackupTarget(
        user: user(7, .standard, status),
        addon: addon,
        backups: BackupState(isPending: pending, isCompleted: completed),
        reactivatedAt: reactivatedAt.map(Timestamp.init)
    )
}
