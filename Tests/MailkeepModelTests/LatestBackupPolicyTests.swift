import MailkeepModel
import Testing

@Suite("Latest backup (N)")
struct LatestBackupPolicyTests {
    static let actor = administrator(1)

    static func latest(_ target: BackupTarget, by actor: User = actor) -> Decision {
        BackupPolicy.latest(actor: actor, target: target)
    }

    @Test(arguments: [
        Case("N1: of a leaver with a completed backup", latest(leaver(completed: true)), .allowed),
        Case("N1: it needs no earlier backup", latest(leaver()), .allowed),
        Case("B5: not of an active user", latest(leaver(status: .active, completed: true)), .refused(.b5)),
        Case("B5: not without settings", latest(leaver(nil)), .refused(.b5, .settings)),
        Case("B5: not while one is going on", latest(leaver(pending: true, completed: true)), .refused(.b5, .running)),
        Case("N4: not if the user had changed to Don't share", latest(leaver(settings(.none))), .refused(.n4)),
        Case("N4: Record-level share will do", latest(leaver(settings(.recordLevel))), .allowed),
        Case("P1: not by a standard user", latest(leaver(), by: user(2)), .refused(.p1)),
    ])
    func takesOrRefuses(line: Case) { #expect(line.answer == line.expected) }

    @Test(arguments: [
        Case("N3: never re-activated, saved once", latest(leaver(settings(savedAt: 100))), .allowed),
        Case(
            "N3: activated and not saved",
            latest(leaver(settings(savedAt: 100), reactivatedAt: 200)),
            .refused(.n3)
        ),
        Case("N3: activated and saved", latest(leaver(settings(savedAt: 300), reactivatedAt: 200)), .allowed),
        Case(
            "N3: activated and saved within the same millisecond",
            latest(leaver(settings(savedAt: 200), reactivatedAt: 200)),
            .allowed
        ),
        Case(
            "N3: holds without any earlier backup too",
            latest(leaver(settings(savedAt: 100), completed: false, reactivatedAt: 200)),
            .refused(.n3)
        ),
    ])
    func N3(line: Case) { #expect(line.answer == line.expected) }

    @Test("N3, L2: activated and saved unchanged while locked counts as saved")
    func savedUnchangedWhileLocked() {
        var target = leaver(settings(locked: true, savedAt: 100), status: .active, reactivatedAt: 200)
        #expect(
            LockPolicy.changeSettings(
                actor: target.user,
                owner: target.user,
                addon: target.addon,
                isUnchanged: true
            ) == .allowed
        )
        target.addon?.savedAt = Timestamp(rawValue: 300)
        target.user.status = .inactive
        #expect(Self.latest(target) == .allowed)
    }

    @Test("N4: changing to Don't share before leaving refuses a latest backup, and a lock prevents the change")
    func lockPreventsNotSharing() {
        var free = leaver(settings(.all), status: .active)
        #expect(
            LockPolicy.changeSettings(actor: free.user, owner: free.user, addon: free.addon, isUnchanged: false)
                == .allowed
        )
        free.addon?.sharing = .none
        free.user.status = .inactive
        #expect(Self.latest(free) == .refused(.n4))

        var locked = leaver(settings(.all, locked: true), status: .active)
        #expect(
            LockPolicy.changeSettings(actor: locked.user, owner: locked.user, addon: locked.addon, isUnchanged: false)
                == .refused(.l2)
        )
        locked.user.status = .inactive
        #expect(Self.latest(locked) == .allowed)
    }

    @Test("N5: of several users each is decided by itself")
    func N5() {
        let ticked = [
            leaver(), leaver(settings(.none)), leaver(settings(domain: "mail.example.jp")), leaver(pending: true),
        ]
        #expect(
            ticked.map { Self.latest($0).withoutDomains }
                == [.allowed, .refused(.n4), .refused(.b4), .refused(.b5, .running)]
        )
    }
}
