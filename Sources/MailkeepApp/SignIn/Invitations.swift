package import MailkeepModel
import MailkeepStore

/// Makes a one-time link by which a user chooses their password; only administrators do (P1).
///
/// For a new user it is the invitation, for one who has forgotten their password the way back in. A former link ends.
package struct InviteUser: UseCase {
    package var user: UserID

    /// Days for which a link can be used.
    package static let days: Int64 = 7

    package init(user: UserID) {
        self.user = user
    }

    /// The link's secret part, which is told once.
    package struct Output: Sendable {
        package let token: SecretToken
        package let user: UserShape
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Output {
        let now = mailkeep.clock()
        return try await mailkeep.act(AuditedAction(name: "user.invite", user: user), as: caller) {
            transaction,
            actor in
            try PagePolicy.use(actor: actor).enforce()
            let target = try transaction.existingUser(user)
            try UserPolicy.signIn(target).enforce()
            let token = SecretToken()
            let expiry = now.advanced(byMilliseconds: Self.days * 86_400_000)
            try transaction.invite(user, tokenHash: token.hash, until: expiry)
            return (.done, Output(token: token, user: try transaction.shape(of: target)))
        }
    }
}

extension Mailkeep {
    /// Whom a one-time link invites; nil where it was used, replaced, or has expired.
    package func invitedUser(_ token: SecretToken) async throws -> User? {
        let now = clock()
        return try await store.read { try $0.invitedUser(tokenHash: token.hash, at: now) }
    }

    /// Chooses a password by a one-time link, and signs in with it.
    ///
    /// - Parameter address: the network address.
    /// - Throws: `AppError` (`badLink`, `passwordLength`, `passwordCommon`, `busy`).
    package func acceptInvitation(
        _ link: SecretToken,
        password: String,
        address: String
    ) async throws -> SecretToken {
        guard try await invitedUser(link) != nil else { throw AppError(.badLink) }
        let hash = try await passwordHasher.hash(password)
        let now = clock()
        // Again, as two may have followed the link at once.
        guard let user = try await invitedUser(link) else { throw AppError(.badLink) }
        let action = AuditedAction(name: "user.accept_invitation", user: user.id)
        return try await act(action, as: Caller(user: user.id, origin: "web \(address)")) { transaction, actor in
            guard try transaction.invitedUser(tokenHash: link.hash, at: now) != nil else { throw AppError(.badLink) }
            try transaction.setPasswordHash(hash, of: actor.id)
            return (.done, try transaction.beginSession(of: actor.id, at: now))
        }
    }
}

/// Changes one's own password, which ends all of one's sessions and begins a new one.
package struct ChangePassword: UseCase {
    package var current: String
    package var new: String

    package init(current: String, new: String) {
        self.current = current
        self.new = new
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> SecretToken {
        let action = AuditedAction(name: "user.change_password", user: caller.user)
        let now = mailkeep.clock()
        let hash = try await mailkeep.read(action, as: caller) { transaction, actor in
            try transaction.passwordHash(actor.id)
        }
        let keys = [SignInThrottle.Key.device(caller.user, device: "session")]
        if let seconds = await mailkeep.throttle.take(keys, at: now) {
            throw AppError(.tooManyAttempts, ["seconds": "\(seconds)"])
        }
        guard try await mailkeep.passwordHasher.verify(current, against: hash) else { throw AppError(.wrongPassword) }
        await mailkeep.throttle.giveBack(keys, at: now)
        let newHash = try await mailkeep.passwordHasher.hash(new)
        return try await mailkeep.act(action, as: caller) { transaction, actor in
            guard try transaction.passwordHash(actor.id) == hash else { throw AppError(.wrongPassword) }
            try transaction.setPasswordHash(newHash, of: actor.id)
            return (.done, try transaction.beginSession(of: actor.id, at: now))
        }
    }
}
