import Foundation
import Logging
package import MailkeepModel
import MailkeepStore

/// A browser that is signed in.
package struct Session: Sendable {
    package let user: User
    /// The organisation's name.
    package let organization: String
    /// Proves that a form comes from one of our own pages.
    package let formToken: String
    /// What the next page is to tell, as JSON of whoever shows it.
    package let notice: String?
    let tokenHash: Data

    /// Hours without use after which a session ends, and days after which it ends in any case.
    package static let idleHours: Int64 = 8
    package static let days: Int64 = 7

    fileprivate static let idle = idleHours * 3_600_000
    fileprivate static let longest = days * 86_400_000
    /// Milliseconds after which a use is noted again.
    fileprivate static let noted: Int64 = 60_000
}

extension Mailkeep {
    /// The session of a token; nil where it has ended, or its user is not active (U1).
    ///
    /// - Parameter isUse: whether somebody does something: the hours without use count from there.
    package func session(_ token: SecretToken, isUse: Bool = true) async throws -> Session? {
        let now = clock()
        let (found, organization) = try await store.read { transaction in
            let found = try transaction.session(
                tokenHash: token.hash,
                begunAfter: now.advanced(byMilliseconds: -Session.longest),
                usedAfter: now.advanced(byMilliseconds: -Session.idle)
            )
            return (found, try transaction.organizationName() ?? "")
        }
        guard let found else { return nil }
        if isUse, found.usedAt.advanced(byMilliseconds: Session.noted) < now {
            try await noteUse(of: "session") { try $0.touchSession(found.tokenHash, at: now) }
        }
        return Session(
            user: found.user,
            organization: organization,
            formToken: token.derived(for: "form"),
            notice: found.notice,
            tokenHash: found.tokenHash
        )
    }

    /// Notes that something is used; on a disk that takes nothing, what can be read is shown all the same.
    ///
    /// - Parameter what: for the log.
    func noteUse(of what: String, _ write: @escaping @Sendable (WriteTransaction) throws -> Void) async throws {
        do {
            try await store.write(write)
        } catch let error as StoreError where [.diskFull, .inputOutput].contains(error.code) {
            logger.warning("a use is not noted", metadata: ["of": "\(what)", "error": "\(error)"])
        }
    }

    /// Ends a session, as its user asks.
    package func signOut(_ session: Session, as caller: Caller) async throws {
        try await act(AuditedAction(name: "session.end"), as: caller) { transaction, _ in
            try transaction.endSession(session.tokenHash)
            return (.done, ())
        }
    }

    /// Keeps what the next page is to tell; nil once it is told.
    package func setNotice(_ notice: String?, of session: Session) async throws {
        try await store.write { try $0.setNotice(notice, ofSession: session.tokenHash) }
    }
}

extension WriteTransaction {
    /// Begins a session; whatever session the browser had before is not it.
    func beginSession(of user: UserID, at now: Timestamp) throws -> SecretToken {
        let token = SecretToken()
        try beginSession(
            tokenHash: token.hash,
            of: user,
            forgettingUnusedSince: now.advanced(byMilliseconds: -Session.idle),
            at: now
        )
        return token
    }
}
