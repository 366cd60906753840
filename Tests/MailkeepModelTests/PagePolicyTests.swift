import MailkeepModel
import Testing

@Suite("The page of mail add-on users (P)")
struct PagePolicyTests {
    @Test(arguments: [
        Case("P1: an administrator uses the page", PagePolicy.use(actor: administrator(1)), .allowed),
        Case("P1: a standard user does not", PagePolicy.use(actor: user(1)), .refused(.p1)),
        Case("P1: nor an inactive administrator", PagePolicy.use(actor: administrator(1, .inactive)), .refused(.p1)),
    ])
    func P1(line: Case) { #expect(line.answer == line.expected) }

    @Test("P1: a standard user is refused every action of every row", arguments: PagePolicy.Action.allCases)
    func everyActionIsForAdministrators(action: PagePolicy.Action) {
        for target in [leaver(), leaver(status: .active), leaver(nil), leaver(pending: true, completed: true)] {
            #expect(decision(on: action, target, by: user(2)) == .refused(.p1))
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let target: BackupTarget
        let offered: Set<PagePolicy.Action>
        /// The actions that are not shown, as what they ask for stands.
        let hidden: Set<PagePolicy.Action>

        init(
            _ sentence: String,
            _ target: BackupTarget,
            offered: Set<PagePolicy.Action>,
            hidden: Set<PagePolicy.Action>
        ) {
            self.testDescription = sentence
            self.target = target
            self.offered = offered
            self.hidden = hidden
        }
    }

    @Test(
        "P5: each row offers exactly what the rules allow now",
        arguments: [
            Row(
                "an active user can be locked and deactivated",
                leaver(status: .active),
                offered: [.lock, .deactivate],
                hidden: [.unlock, .activate]
            ),
            Row(
                "a locked active user can be unlocked and deactivated",
                leaver(settings(locked: true), status: .active),
                offered: [.unlock, .deactivate],
                hidden: [.lock, .activate]
            ),
            Row(
                "an active user set to Don't share can only be deactivated",
                leaver(settings(.none), status: .active),
                offered: [.deactivate],
                hidden: [.unlock, .activate]
            ),
            Row(
                "a leaver can be backed up, given a source, activated",
                leaver(),
                offered: [.backup, .latestBackup, .backupSource, .activate],
                hidden: [.unlock, .deactivate]
            ),
            Row(
                "a leaver with a completed backup has Latest backup only",
                leaver(settings(locked: true), completed: true),
                offered: [.unlock, .latestBackup, .backupSource, .activate],
                hidden: [.deactivate]
            ),
            Row(
                "a leaver whose backup is going on waits for it",
                leaver(pending: true),
                offered: [.backupSource, .activate],
                hidden: [.unlock, .deactivate]
            ),
            Row(
                "a leaver set to Don't share cannot be backed up",
                leaver(settings(.none)),
                offered: [.backupSource, .activate],
                hidden: [.unlock, .deactivate]
            ),
        ]
    )
    func P5(row: Row) {
        let decisions = PagePolicy.Action.allCases.map { ($0, decision(on: $0, row.target, by: administrator(1))) }
        #expect(Set(decisions.filter { $0.1 == .allowed }.map(\.0)) == row.offered)
        #expect(Set(decisions.filter { $0.1 == .unchanged }.map(\.0)) == row.hidden)
    }

    private func decision(on action: PagePolicy.Action, _ target: BackupTarget, by actor: User) -> Decision {
        PagePolicy.decision(on: action, actor: actor, target: target, administratorCount: 1)
    }
}
