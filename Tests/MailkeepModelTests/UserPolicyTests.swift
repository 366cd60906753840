import MailkeepModel
import Testing

@Suite("Users (U)")
struct UserPolicyTests {
    static func deactivate(_ target: User, by actor: User = administrator(1), administrators: Int = 2) -> Decision {
        UserPolicy.deactivate(actor: actor, target: target, administratorCount: administrators)
    }

    static func change(
        _ target: User,
        to profile: Profile,
        by actor: User = administrator(1),
        administrators: Int = 2
    ) -> Decision {
        UserPolicy.changeProfile(actor: actor, target: target, to: profile, administratorCount: administrators)
    }

    @Test(arguments: [
        Case("U1: an active user signs in", UserPolicy.signIn(user(1)), .allowed),
        Case("U1: an inactive user does not", UserPolicy.signIn(user(1, .standard, .inactive)), .refused(.u1)),
        Case("U1: nor an inactive administrator", UserPolicy.signIn(administrator(1, .inactive)), .refused(.u1)),
        Case("U1: an administrator deactivates a user", deactivate(user(2)), .allowed),
        Case("U1: a standard user does not", deactivate(user(2), by: user(3)), .refused(.p1)),
        Case("U1: nor an inactive administrator", deactivate(user(2), by: administrator(3, .inactive)), .refused(.p1)),
        Case(
            "U1: deactivating an inactive user changes nothing",
            deactivate(user(2, .standard, .inactive)),
            .unchanged
        ),
        Case(
            "U1: an administrator activates a user",
            UserPolicy.activate(actor: administrator(1), target: user(2, .standard, .inactive)),
            .allowed
        ),
        Case(
            "U1: a standard user does not",
            UserPolicy.activate(actor: user(1), target: user(2, .standard, .inactive)),
            .refused(.p1)
        ),
        Case(
            "U1: activating an active user changes nothing",
            UserPolicy.activate(actor: administrator(1), target: user(2)),
            .unchanged
        ),
        Case(
            "U1: a deactivated administrator does not activate themselves",
            UserPolicy.activate(actor: administrator(1, .inactive), target: administrator(1, .inactive)),
            .refused(.p1)
        ),
    ])
    func U1(line: Case) { #expect(line.answer == line.expected) }

    @Test(arguments: [
        Case("U2: nobody deactivates themselves", deactivate(administrator(1)), .refused(.u2, .`self`)),
        Case(
            "U2: the only administrator is told that they cannot deactivate themselves",
            deactivate(administrator(1), administrators: 1),
            .refused(.u2, .`self`)
        ),
        Case("U2: one administrator deactivates the other", deactivate(administrator(2)), .allowed),
        Case(
            "U2: the last active administrator is not deactivated",
            deactivate(administrator(2), administrators: 1),
            .refused(.u2, .last)
        ),
        Case("U2: the only administrator deactivates a user", deactivate(user(2), administrators: 1), .allowed),
        Case(
            "U2: the last active administrator is not made a standard user",
            change(administrator(1), to: .standard, administrators: 1),
            .refused(.u2, .last)
        ),
        Case("U2: one of two becomes a standard user", change(administrator(1), to: .standard), .allowed),
        Case(
            "U2: a deactivated administrator is made a standard user",
            change(administrator(2, .inactive), to: .standard, administrators: 1),
            .allowed
        ),
        Case(
            "U2: a user is made an administrator",
            change(user(2), to: .administrator, administrators: 1),
            .allowed
        ),
        Case(
            "U2: keeping the profile changes nothing",
            change(administrator(1), to: .administrator, administrators: 1),
            .unchanged
        ),
        Case(
            "P1: a standard user makes nobody an administrator",
            change(user(2), to: .administrator, by: user(2)),
            .refused(.p1)
        ),
    ])
    func U2(line: Case) { #expect(line.answer == line.expected) }

    /// Three users in every combination of profiles and statuses.
    static let organizations: [[User]] = {
        let states = Profile.allCases.flatMap { profile in UserStatus.allCases.map { (profile, $0) } }
        return states.flatMap { first in
            states.flatMap { second in
                states.map { third in
                    [user(1, first.0, first.1), user(2, second.0, second.1), user(3, third.0, third.1)]
                }
            }
        }
    }()

    @Test("U2: whatever three users do, an active administrator is left", arguments: organizations)
    func anAdministratorIsAlwaysLeft(users: [User]) {
        let count = administrators(users)
        for actor in users {
            for index in users.indices {
                var (deactivated, demoted) = (users, users)
                deactivated[index].status = .inactive
                demoted[index].profile = .standard
                if Self.deactivate(users[index], by: actor, administrators: count) == .allowed {
                    #expect(administrators(deactivated) > 0)
                }
                if Self.change(users[index], to: .standard, by: actor, administrators: count) == .allowed {
                    #expect(administrators(demoted) > 0)
                }
            }
        }
    }

    private func administrators(_ users: [User]) -> Int { users.count(where: \.isAdministrator) }
}
