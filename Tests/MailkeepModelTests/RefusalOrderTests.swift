import MailkeepModel
import Testing

/// Every combination of what can stand against an action, and the one that must be told.
@Suite("The order in which refusals are decided")
struct RefusalOrderTests {
    /// What can stand against an action, each independent of the others.
    enum Obstacle: CaseIterable {
        case actorIsStandard
        case noSettings
        case isActive
        case isInactive
        case isRunning
        case isDone
        case notSavedSince
        case dontShare
        case otherDomain
        case isLocked
        case isNotLocked
        case isOwnAmongSeveral
        case isAnothers
    }

    typealias Order = [(obstacle: Obstacle, answer: Decision)]

    /// Runs every subset of the obstacles of `order` and expects the first of it to be told.
    private func expect(_ order: Order, _ decide: (Set<Obstacle>) -> Decision) {
        for bits in 0..<(1 << order.count) {
            let standing = order.indices.filter { bits & (1 << $0) != 0 }.map { order[$0] }
            let obstacles = Set(standing.map(\.obstacle))
            #expect(decide(obstacles).withoutDomains == standing.first?.answer ?? .allowed, "\(obstacles)")
        }
    }

    private func actor(_ obstacles: Set<Obstacle>) -> User {
        user(1, obstacles.contains(.actorIsStandard) ? .standard : .administrator)
    }

    private func addon(_ obstacles: Set<Obstacle>, locked: Bool = false) -> MailAddonState? {
        guard !obstacles.contains(.noSettings) else { return nil }
        return settings(
            obstacles.contains(.dontShare) ? .none : .recordLevel,
            domain: obstacles.contains(.otherDomain) ? "example.com" : "example.jp",
            locked: locked,
            savedAt: obstacles.contains(.notSavedSince) ? 100 : 300
        )
    }

    private func target(_ obstacles: Set<Obstacle>) -> BackupTarget {
        leaver(
            addon(obstacles),
            status: obstacles.contains(.isActive) ? .active : .inactive,
            pending: obstacles.contains(.isRunning),
            completed: obstacles.contains(.isDone),
            reactivatedAt: 200
        )
    }

    @Test("Back up data: P1, no settings, active, running, done, B3, B4")
    func start() {
        expect([
            (.actorIsStandard, .refused(.p1)),
            (.noSettings, .refused(.b5, .settings)),
            (.isActive, .refused(.b5)),
            (.isRunning, .refused(.b5, .running)),
            (.isDone, .refused(.b5, .done)),
            (.dontShare, .refused(.b3)),
            (.otherDomain, .refused(.b4)),
        ]) { BackupPolicy.start(actor: actor($0), target: target($0)) }
    }

    @Test("Latest backup: P1, no settings, active, running, N3, N4, B4")
    func latest() {
        expect([
            (.actorIsStandard, .refused(.p1)),
            (.noSettings, .refused(.b5, .settings)),
            (.isActive, .refused(.b5)),
            (.isRunning, .refused(.b5, .running)),
            (.notSavedSince, .refused(.n3)),
            (.dontShare, .refused(.n4)),
            (.otherDomain, .refused(.b4)),
        ]) { BackupPolicy.latest(actor: actor($0), target: target($0)) }
    }

    @Test("Lock another: P1, no settings, inactive, already locked, Don't share")
    func lockAnother() {
        expect([
            (.actorIsStandard, .refused(.p1)),
            (.noSettings, .refused(.l5, .settings)),
            (.isInactive, .refused(.l5, .lockInactive)),
            (.isLocked, .unchanged),
            (.dontShare, .refused(.l5)),
        ]) { obstacles in
            LockPolicy.lock(
                actor: actor(obstacles),
                target: user(2, .standard, obstacles.contains(.isInactive) ? .inactive : .active),
                addon: addon(obstacles, locked: obstacles.contains(.isLocked)),
                administratorCount: 2
            )
        }
    }

    @Test("Lock oneself: P1, no settings, already locked, L3, Don't share")
    func lockOneself() {
        expect([
            (.actorIsStandard, .refused(.p1)),
            (.noSettings, .refused(.l5, .settings)),
            (.isLocked, .unchanged),
            (.isOwnAmongSeveral, .refused(.l3)),
            (.dontShare, .refused(.l5)),
        ]) { obstacles in
            LockPolicy.lock(
                actor: actor(obstacles),
                target: actor(obstacles),
                addon: addon(obstacles, locked: obstacles.contains(.isLocked)),
                administratorCount: obstacles.contains(.isOwnAmongSeveral) ? 2 : 1
            )
        }
    }

    @Test("Unlock: P1, not locked, L7")
    func unlock() {
        expect([
            (.actorIsStandard, .refused(.p1)),
            (.isNotLocked, .unchanged),
            (.isOwnAmongSeveral, .refused(.l7)),
        ]) { obstacles in
            LockPolicy.unlock(
                actor: actor(obstacles),
                target: obstacles.contains(.isOwnAmongSeveral) ? actor(obstacles) : user(2),
                addon: addon(obstacles, locked: !obstacles.contains(.isNotLocked)),
                administratorCount: 2
            )
        }
    }

    @Test("Change settings: L1, L2")
    func changeSettings() {
        expect([
            (.isAnothers, .refused(.l1)),
            (.isLocked, .refused(.l2)),
        ]) { obstacles in
            LockPolicy.changeSettings(
                actor: user(1),
                owner: user(obstacles.contains(.isAnothers) ? 2 : 1),
                addon: addon(obstacles, locked: obstacles.contains(.isLocked)),
                isUnchanged: false
            )
        }
    }

    @Test("Attach a backup source: P1, no settings, active")
    func attachSource() {
        expect([
            (.actorIsStandard, .refused(.p1)),
            (.noSettings, .refused(.l9, .settings)),
            (.isActive, .refused(.l9)),
        ]) { obstacles in
            let target = target(obstacles)
            return LockPolicy.attachSource(actor: actor(obstacles), target: target.user, addon: target.addon)
        }
    }
}
