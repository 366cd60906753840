import Foundation
import MailkeepKeys
package import MailkeepModel
import MailkeepStore

/// Somebody who wants to sign in, and from where.
package struct SignInAttempt: Sendable {
    package var email: String
    package var password: String
    /// The network address.
    package var address: String
    /// What the browser kept of an earlier sign-in.
    package var deviceCookie: String?

    package init(email: String, password: String, address: String, deviceCookie: String?) {
        self.email = email
        self.password = password
        self.address = address
        self.deviceCookie = deviceCookie
    }
}

/// What a sign-in gives the browser.
package struct SignedIn: Sendable {
    package let token: SecretToken
    package let user: User
    /// Proves to later sign-ins that this browser has signed in to this account.
    package let deviceCookie: String
}

extension Mailkeep {
    /// Signs somebody in with their password, which begins a session.
    ///
    /// An unknown address and a wrong password are answered alike, in the same time. Failures are throttled and not
    /// logged one by one; that an account is inactive is told, and logged, only after the right password (U1).
    ///
    /// - Throws: `AppError` (`badSignIn`, `tooManyAttempts`, `busy`), `Refusal` (U1).
    package func signIn(_ attempt: SignInAttempt) async throws -> SignedIn {
        let now = clock()
        let known = try await knownUser(attempt.email)
        let provenDevice = known.flatMap { device(in: attempt.deviceCookie, of: $0.id) }
        var keys: [SignInThrottle.Key] = []
        if let known, let provenDevice {
            // Its own budget alone: others behind the same address cannot keep an owner out either.
            keys.append(.device(known.id, device: provenDevice))
        } else {
            keys.append(.address(Self.throttledNetwork(of: attempt.address)))
            // An address that nobody has runs out of attempts likewise, so that nobody learns who has an account.
            let normalized = (try? UserAddress(attempt.email))?.normalized ?? attempt.email
            keys.append(.account(addressHash(normalized)))
        }
        if let seconds = await throttle.take(keys, at: now) {
            throw AppError(.tooManyAttempts, ["seconds": "\(seconds)"])
        }
        let hash = try await store.read { transaction in try known.flatMap { try transaction.passwordHash($0.id) } }
        do {
            guard try await passwordHasher.verify(attempt.password, against: hash) else { throw AppError(.badSignIn) }
        } catch let error as AppError where error.code == .busy {
            // Nothing was tried.
            await throttle.giveBack(keys, at: now)
            throw error
        }
        guard let known else { throw AppError(.badSignIn) }
        await throttle.giveBack(keys, at: now)
        let caller = Caller(user: known.id, origin: "web \(attempt.address)")
        let token = try await act(AuditedAction(name: "session.begin", user: known.id), as: caller) {
            transaction,
            actor in
            // The password may have been changed while it was verified, which ended all sessions.
            guard try transaction.passwordHash(actor.id) == hash else { throw AppError(.badSignIn) }
            return (.done, try transaction.beginSession(of: actor.id, at: now))
        }
        return SignedIn(token: token, user: known, deviceCookie: try deviceCookie(of: known.id, device: provenDevice))
    }

    /// The user with an address; nil where nobody has it, or it is none.
    private func knownUser(_ email: String) async throws -> User? {
        do { return try await user(email: email) } catch is AppError { return nil }
    }

    private static let deviceContext = "device"

    private func deviceCookie(of user: UserID, device: String?) throws -> String {
        let name = device ?? SecretToken().text
        let sealed = try keys.sealer(for: .link).seal(Data("\(user) \(name)".utf8), context: Self.deviceContext)
        return sealed.urlSafeBase64
    }

    /// The device that a cookie proves to have signed in as a user before.
    private func device(in cookie: String?, of user: UserID) -> String? {
        guard let cookie, cookie.utf8.count < 400, let sealed = Data(urlSafeBase64: cookie),
            let opened = try? keys.sealer(for: .link).open(sealed, context: Self.deviceContext)
        else { return nil }
        let words = String(decoding: opened, as: UTF8.self).split(separator: " ")
        guard words.count == 2, words[0] == "\(user)" else { return nil }
        return String(words[1])
    }

    /// Of an IPv6 address its network of 64 bits, which is one subscriber's.
    static func throttledNetwork(of address: String) -> String {
        guard address.contains(":"), !address.contains(".") else { return address }
        let halves = address.components(separatedBy: "::")
        let head = halves[0].split(separator: ":").map(String.init)
        let tail = halves.count > 1 ? halves[1].split(separator: ":").count : 0
        let zeros = halves.count > 1 ? max(0, 8 - head.count - tail) : 0
        return (head + Array(repeating: "0", count: min(zeros, 8))).prefix(4).joined(separator: ":")
    }
}
