import MailkeepModel
import Testing

@Suite("Back up data (B)")
struct BackupPolicyTests {
    static let actor = administrator(1)

    static func start(_ target: BackupTarget, by actor: User = actor) -> Decision {
        BackupPolicy.start(actor: actor, target: target)
    }

    @Test(arguments: [
        Case("B3: a leaver set to Share all is backed up", start(leaver(settings(.all))), .allowed),
        Case("B3: one set to Record-level share too", start(leaver(settings(.recordLevel))), .allowed),
        Case("B3: one set to Don't share is not", start(leaver(settings(.none))), .refused(.b3)),
        Case("B5: a lock does not matter", start(leaver(settings(locked: true))), .allowed),
        Case("B5: an active user is not backed up", start(leaver(status: .active)), .refused(.b5)),
        Case("B5: nor a user without settings", start(leaver(nil)), .refused(.b5, .settings)),
        Case("B5: nor twice at a time", start(leaver(pending: true)), .refused(.b5, .running)),
        Case("B5: after a completed one it is Latest backup", start(leaver(completed: true)), .refused(.b5, .done)),
        Case("B5: a failed or cancelled one may be started again", start(leaver()), .allowed),
        Case("B5: an administrator who left is backed up", start(adminLeaver), .allowed),
        Case(
            "N3: a first backup asks for no saving after the re-activation",
            start(leaver(settings(savedAt: 100), reactivatedAt: 200)),
            .allowed
        ),
        Case("P1: a standard user starts none", start(leaver(), by: user(2)), .refused(.p1)),
        Case("P1: nor does an inactive administrator", start(leaver(), by: administrator(2, .inactive)), .refused(.p1)),
        Case(
            "L9: with an attached source B3 is still judged on the leaver's settings",
            start(leaver(settings(.none))),
            .refused(.b3)
        ),
    ])
    func startsOrRefuses(line: Case) { #expect(line.answer == line.expected) }

    static var adminLeaver: BackupTarget {
        BackupTarget(user: administrator(2, .inactive), addon: settings())
    }

    @Test(
        "B4: the mailbox's domain is the administrator's, whole",
        arguments: [
            ("example.jp", "example.jp", true),
            ("xn--r8jz45g.jp", "xn--r8jz45g.jp", true),
            ("mail.example.jp", "example.jp", false),
            ("example.jp", "mail.example.jp", false),
            ("example.com", "example.jp", false),
            ("badexample.jp", "example.jp", false),
        ]
    )
    func B4(mailbox: String, own: String, isAllowed: Bool) {
        let actor = administrator(1, domain: own)
        let expected = Decision.refused(Refusal(.b4, domains: .init(mailbox: mailbox, administrator: own)))
        for decide in [BackupPolicy.start, BackupPolicy.latest] {
            #expect(decide(actor, leaver(settings(domain: mailbox))) == (isAllowed ? .allowed : expected))
        }
    }

    @Test("B4: the mailbox's domain counts, not that of its user's address")
    func mailboxElsewhere() {
        var target = leaver(settings(domain: "example.com"))
        #expect(Self.start(target).withoutDomains == .refused(.b4))
        #expect(Self.start(target, by: administrator(2, domain: "example.com")) == .allowed)
        target.user.domain = "example.com"
        target.addon = settings(domain: "example.jp")
        #expect(Self.start(target) == .allowed)
    }

    static func onDeactivation(_ target: BackupTarget, by actor: User = actor) -> Decision {
        BackupPolicy.startOnDeactivation(actor: actor, target: target)
    }

    @Test(arguments: [
        Case("B5: an active user's backup may be chosen while deactivating", onDeactivation(active()), .allowed),
        Case("B3: not if they are set to Don't share", onDeactivation(active(settings(.none))), .refused(.b3)),
        Case("B5: not without settings", onDeactivation(active(nil)), .refused(.b5, .settings)),
        Case(
            "B5: not while an earlier one is going on",
            onDeactivation(active(pending: true)),
            .refused(.b5, .running)
        ),
        Case(
            "B4: not if the domains differ",
            onDeactivation(active(settings(domain: "example.com"))).withoutDomains,
            .refused(.b4)
        ),
        Case("P1: not by a standard user", onDeactivation(active(), by: user(2)), .refused(.p1)),
        Case(
            "N3: a first backup asks for no saving after the re-activation",
            onDeactivation(active(settings(savedAt: 100), reactivatedAt: 200)),
            .allowed
        ),
        Case(
            "N3: after a completed one it is a latest backup, refused where nothing was saved since the re-activation",
            onDeactivation(active(settings(savedAt: 100), completed: true, reactivatedAt: 200)),
            .refused(.n3)
        ),
        Case(
            "N3: and allowed where something was",
            onDeactivation(active(settings(savedAt: 300), completed: true, reactivatedAt: 200)),
            .allowed
        ),
        Case(
            "N4: after a completed one Don't share is refused as a latest backup",
            onDeactivation(active(settings(.none), completed: true)),
            .refused(.n4)
        ),
    ])
    func chosenWhileDeactivating(line: Case) { #expect(line.answer == line.expected) }

    static func active(
        _ addon: MailAddonState? = settings(),
        pending: Bool = false,
        completed: Bool = false,
        reactivatedAt: Int64? = nil
    ) -> BackupTarget {
        leaver(addon, status: .active, pending: pending, completed: completed, reactivatedAt: reactivatedAt)
    }

    @Test("B5: Back up data is offered until a backup is Completed, from then on Latest backup")
    func offeredKind() {
        #expect(leaver().offeredKind == .first)
        #expect(leaver(pending: true).offeredKind == .first)
        #expect(leaver(completed: true).offeredKind == .latest)
        #expect(leaver(pending: true, completed: true).offeredKind == .latest)
    }

    @Test("B6: a backup is waiting or in progress until it is completed, failed or cancelled")
    func B6() {
        #expect(BackupStatus.allCases.filter(\.isPending) == [.waiting, .inProgress])
        #expect(BackupStatus.allCases.count == 5)
    }
}
