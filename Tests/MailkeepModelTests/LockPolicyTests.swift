import MailkeepModel
import Testing

@Suite("Locking and unlocking settings (L)")
struct LockPolicyTests {
    @Test(arguments: [
        Case(
            "L1: a user changes their own settings",
            LockPolicy.changeSettings(actor: user(1), owner: user(1), addon: settings(), isUnchanged: false),
            .allowed
        ),
        Case(
            "L1: a user saves settings for the first time",
            LockPolicy.changeSettings(actor: user(1), owner: user(1), addon: nil, isUnchanged: false),
            .allowed
        ),
        Case(
            "L1: a colleague changes nobody else's",
            LockPolicy.changeSettings(actor: user(1), owner: user(2), addon: settings(), isUnchanged: false),
            .refused(.l1)
        ),
        Case(
            "L1: nor does an administrator",
            LockPolicy.changeSettings(actor: administrator(1), owner: user(2), addon: settings(), isUnchanged: false),
            .refused(.l1)
        ),
        Case(
            "L1: nor an administrator another one's, where none are saved yet",
            LockPolicy.changeSettings(actor: administrator(1), owner: administrator(2), addon: nil, isUnchanged: false),
            .refused(.l1)
        ),
        Case(
            "L1: not even by saving them unchanged",
            LockPolicy.changeSettings(actor: administrator(1), owner: user(2), addon: settings(), isUnchanged: true),
            .refused(.l1)
        ),
        Case(
            "L1: a user shares their own mail on a record",
            LockPolicy.shareRecordMail(actor: user(1), owner: user(1)),
            .allowed
        ),
        Case(
            "L1: an administrator does not share another user's mail",
            LockPolicy.shareRecordMail(actor: administrator(1), owner: user(2)),
            .refused(.l1)
        ),
        Case(
            "L1: an administrator does not un-share another user's mail",
            LockPolicy.unshareRecordMail(actor: administrator(1), owner: user(2), addon: settings()),
            .refused(.l1)
        ),
    ])
    func L1(line: Case) { #expect(line.answer == line.expected) }

    @Test(arguments: [
        Case(
            "L2: a locked user cannot change to Don't share",
            LockPolicy.changeSettings(
                actor: user(1),
                owner: user(1),
                addon: settings(locked: true),
                isUnchanged: false
            ),
            .refused(.l2)
        ),
        Case(
            "L2: a locked administrator cannot either",
            LockPolicy.changeSettings(
                actor: administrator(1),
                owner: administrator(1),
                addon: settings(locked: true),
                isUnchanged: false
            ),
            .refused(.l2)
        ),
        Case(
            "L2: a locked user may save unchanged settings, and that is a saving",
            LockPolicy.changeSettings(actor: user(1), owner: user(1), addon: settings(locked: true), isUnchanged: true),
            .allowed
        ),
        Case(
            "U3: without a lock, saving unchanged settings is a saving too",
            LockPolicy.changeSettings(actor: user(1), owner: user(1), addon: settings(), isUnchanged: true),
            .allowed
        ),
        Case(
            "L2: a locked user cannot un-share a record's mail",
            LockPolicy.unshareRecordMail(
                actor: user(1),
                owner: user(1),
                addon: settings(.recordLevel, locked: true)
            ),
            .refused(.l2)
        ),
        Case(
            "L2: a locked user may share a record's mail",
            LockPolicy.shareRecordMail(actor: user(1), owner: user(1)),
            .allowed
        ),
        Case(
            "L2: without a lock un-sharing is allowed",
            LockPolicy.unshareRecordMail(actor: user(1), owner: user(1), addon: settings(.recordLevel)),
            .allowed
        ),
    ])
    func L2(line: Case) { #expect(line.answer == line.expected) }

    @Test(arguments: [
        Case(
            "L2: an administrator locks a user",
            LockPolicy.lock(actor: administrator(1), target: user(2), addon: settings(), administratorCount: 1),
            .allowed
        ),
        Case(
            "L3: one of two administrators cannot lock themselves",
            LockPolicy.lock(
                actor: administrator(1),
                target: administrator(1),
                addon: settings(),
                administratorCount: 2
            ),
            .refused(.l3)
        ),
        Case(
            "L3: one of two administrators locks the other",
            LockPolicy.lock(
                actor: administrator(1),
                target: administrator(2),
                addon: settings(),
                administratorCount: 2
            ),
            .allowed
        ),
        Case(
            "L3: one of two administrators locks a user",
            LockPolicy.lock(actor: administrator(1), target: user(2), addon: settings(), administratorCount: 2),
            .allowed
        ),
        Case(
            "L4: the only administrator locks themselves",
            LockPolicy.lock(
                actor: administrator(1),
                target: administrator(1),
                addon: settings(),
                administratorCount: 1
            ),
            .allowed
        ),
        Case(
            "L5: a user set to Record-level share is locked",
            LockPolicy.lock(
                actor: administrator(1),
                target: user(2),
                addon: settings(.recordLevel),
                administratorCount: 1
            ),
            .allowed
        ),
        Case(
            "L5: a user set to Don't share is not",
            LockPolicy.lock(actor: administrator(1), target: user(2), addon: settings(.none), administratorCount: 1),
            .refused(.l5)
        ),
        Case(
            "L5: nor an inactive user",
            LockPolicy.lock(
                actor: administrator(1),
                target: user(2, .standard, .inactive),
                addon: settings(),
                administratorCount: 1
            ),
            .refused(.l5, .lockInactive)
        ),
        Case(
            "L5: nor a user without settings",
            LockPolicy.lock(actor: administrator(1), target: user(2), addon: nil, administratorCount: 1),
            .refused(.l5, .settings)
        ),
        Case(
            "locking a locked user changes nothing and is no error",
            LockPolicy.lock(
                actor: administrator(1),
                target: user(2),
                addon: settings(locked: true),
                administratorCount: 1
            ),
            .unchanged
        ),
        Case(
            "P1: a standard user locks nobody",
            LockPolicy.lock(actor: user(1), target: user(2), addon: settings(), administratorCount: 1),
            .refused(.p1)
        ),
        Case(
            "P1: nor does an inactive administrator",
            LockPolicy.lock(
                actor: administrator(1, .inactive),
                target: user(2),
                addon: settings(),
                administratorCount: 1
            ),
            .refused(.p1)
        ),
    ])
    func lock(line: Case) { #expect(line.answer == line.expected) }

    @Test(arguments: [
        Case(
            "L6: an administrator unlocks a user",
            LockPolicy.unlock(
                actor: administrator(1),
                target: user(2),
                addon: settings(locked: true),
                administratorCount: 1
            ),
            .allowed
        ),
        Case(
            "L6: an inactive user too",
            LockPolicy.unlock(
                actor: administrator(1),
                target: user(2, .standard, .inactive),
                addon: settings(locked: true),
                administratorCount: 1
            ),
            .allowed
        ),
        Case(
            "L7: one of two administrators cannot unlock themselves",
            LockPolicy.unlock(
                actor: administrator(1),
                target: administrator(1),
                addon: settings(locked: true),
                administratorCount: 2
            ),
            .refused(.l7)
        ),
        Case(
            "L7: the other one can",
            LockPolicy.unlock(
                actor: administrator(2),
                target: administrator(1),
                addon: settings(locked: true),
                administratorCount: 2
            ),
            .allowed
        ),
        Case(
            "L8: the only administrator unlocks themselves",
            LockPolicy.unlock(
                actor: administrator(1),
                target: administrator(1),
                addon: settings(locked: true),
                administratorCount: 1
            ),
            .allowed
        ),
        Case(
            "unlocking a user who is not locked changes nothing and is no error",
            LockPolicy.unlock(actor: administrator(1), target: user(2), addon: settings(), administratorCount: 1),
            .unchanged
        ),
        Case(
            "nor does unlocking a user without settings",
            LockPolicy.unlock(actor: administrator(1), target: user(2), addon: nil, administratorCount: 1),
            .unchanged
        ),
        Case(
            "P1: a locked user does not unlock themselves",
            LockPolicy.unlock(actor: user(1), target: user(1), addon: settings(locked: true), administratorCount: 1),
            .refused(.p1)
        ),
    ])
    func unlock(line: Case) { #expect(line.answer == line.expected) }

    @Test(arguments: [
        Case(
            "L9: an administrator attaches a backup source to a leaver",
            LockPolicy.attachSource(actor: administrator(1), target: user(2, .standard, .inactive), addon: settings()),
            .allowed
        ),
        Case(
            "L9: to a leaver whose settings are locked too, as it changes none of them",
            LockPolicy.attachSource(
                actor: administrator(1),
                target: user(2, .standard, .inactive),
                addon: settings(locked: true)
            ),
            .allowed
        ),
        Case(
            "L9: to a leaver set to Don't share too, whose backup is then refused",
            LockPolicy.attachSource(
                actor: administrator(1),
                target: user(2, .standard, .inactive),
                addon: settings(.none)
            ),
            .allowed
        ),
        Case(
            "L9: not to an active user",
            LockPolicy.attachSource(actor: administrator(1), target: user(2), addon: settings()),
            .refused(.l9)
        ),
        Case(
            "L9: not to a leaver without settings",
            LockPolicy.attachSource(actor: administrator(1), target: user(2, .standard, .inactive), addon: nil),
            .refused(.l9, .settings)
        ),
        Case(
            "P1: a standard user attaches none",
            LockPolicy.attachSource(actor: user(1), target: user(2, .standard, .inactive), addon: settings()),
            .refused(.p1)
        ),
    ])
    func L9(line: Case) { #expect(line.answer == line.expected) }

    @Test("L4, L6–L8: the only administrator's own lock holds once there are two, and opens again when one is left")
    func administratorsComeAndGo() {
        let first = administrator(1)
        var addon = settings()
        func count(_ users: [User]) -> Int { users.count(where: \.isAdministrator) }
        func unlocking(_ actor: User, among users: [User]) -> Decision {
            LockPolicy.unlock(actor: actor, target: first, addon: addon, administratorCount: count(users))
        }

        let alone = [first, user(2)]
        #expect(
            LockPolicy.lock(actor: first, target: first, addon: addon, administratorCount: count(alone)) == .allowed
        )
        addon.lock = SettingsLock(by: first.id, since: Timestamp(rawValue: 1))

        let promoted = administrator(2)
        let two = [first, promoted]
        #expect(unlocking(first, among: two) == .refused(.l7))
        #expect(unlocking(promoted, among: two) == .allowed)
        #expect(
            LockPolicy.changeSettings(actor: first, owner: first, addon: addon, isUnchanged: false) == .refused(.l2)
        )

        let left = [first, administrator(2, .inactive)]
        #expect(unlocking(first, among: left) == .allowed)
        #expect(unlocking(left[1], among: left) == .refused(.p1))
    }
}
