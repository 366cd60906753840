import Foundation
import Logging
package import MailkeepModel
import MailkeepStore

/// One thing that a person can ask of Mailkeep.
package protocol UseCase: Sendable {
    associatedtype Output: Sendable

    /// - Throws: `Refusal` where a rule says no, `AppError` for bad input, `SyncFailure` where mail cannot be read.
    func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Output
}

/// Who asks, and from where.
package struct Caller: Sendable {
    package let user: UserID
    /// The way in, and the operating system's user or the network address: `shell root(0)`.
    package let origin: String
    /// Found again in the log and the audit log.
    package let request: String
    /// Whether they reach the data directory, and with it the files of this machine, whoever they act as.
    package let isOfMachine: Bool

    package init(
        user: UserID,
        origin: String,
        request: String = UUID().uuidString.lowercased(),
        isOfMachine: Bool = false
    ) {
        self.user = user
        self.origin = origin
        self.request = request
        self.isOfMachine = isOfMachine
    }
}

/// Whether an action changed anything.
package enum ActionResult: Sendable, Equatable {
    case done
    /// What was asked for stood already.
    case unchanged
}

/// What an action is called in the audit log, and on whom and what it acts.
struct AuditedAction: Sendable {
    let name: String
    var user: UserID?
    var target: String?
    var details: [String: String] = [:]
}

extension AuditEntry {
    /// An action that a caller has done.
    init(_ action: AuditedAction, by caller: Caller, at now: Timestamp) {
        self.init(
            at: now,
            actor: caller.user,
            origin: caller.origin,
            request: caller.request,
            action: action.name,
            user: action.user,
            target: action.target,
            outcome: .done,
            details: action.details
        )
    }

    /// An action of who reached the data directory itself, as nobody of the organisation.
    init(_ action: AuditedAction, origin: String, at now: Timestamp) {
        self.init(
            at: now,
            actor: nil,
            origin: origin,
            request: UUID().uuidString.lowercased(),
            action: action.name,
            user: action.user,
            target: action.target,
            outcome: .done,
            details: action.details
        )
    }

    /// The action was not done: a rule said no.
    mutating func refuse(by refusal: Refusal) {
        outcome = .refused
        rule = refusal.rule.rawValue
        reason = refusal.reason?.rawValue
    }
}

extension Mailkeep {
    /// Acts in one transaction: asks the rules, changes the facts, and writes the audit entry (U4).
    ///
    /// A refusal changes nothing but the audit log. A caller who is not active is refused by U1 before anything else.
    ///
    /// - Parameters:
    ///   - target: on what it acted, where that is known only then.
    ///   - body: throws `Refusal` where a rule says no.
    func act<Output: Sendable>(
        _ action: AuditedAction,
        as caller: Caller,
        target: (@Sendable (Output) -> String)? = nil,
        _ body: @escaping @Sendable (WriteTransaction, User) throws -> (result: ActionResult, output: Output)
    ) async throws -> Output {
        let now = clock()
        let (outcome, entry): (Result<Output, Refusal>, AuditEntry) = try await store.write { transaction in
            var entry = AuditEntry(action, by: caller, at: now)
            // Whom a caller names need not be there.
            entry.user = try action.user.flatMap { try transaction.user($0)?.id }
            do {
                let (result, output) = try transaction.savepoint {
                    try body(transaction, try transaction.activeUser(caller.user))
                }
                entry.outcome = result == .done ? .done : .unchanged
                if let target { entry.target = target(output) }
                try transaction.appendAudit(entry)
                return (.success(output), entry)
            } catch let refusal as Refusal {
                entry.refuse(by: refusal)
                try transaction.appendAudit(entry)
                return (.failure(refusal), entry)
            }
        }
        log(entry)
        return try outcome.get()
    }

    /// One line per action, without personal data: users are told by their ids.
    private func log(_ entry: AuditEntry) {
        var metadata: Logger.Metadata = [
            "request": "\(entry.request)", "action": "\(entry.action)", "outcome": "\(entry.outcome.rawValue)",
            "actor": "\(entry.actor?.description ?? "-")",
        ]
        if let user = entry.user { metadata["user"] = "\(user)" }
        if let rule = entry.rule { metadata["rule"] = "\(rule)" }
        logger.info("action", metadata: metadata)
    }

    /// Reads as somebody; a refusal is written to the audit log.
    func read<Output: Sendable>(
        _ action: AuditedAction,
        as caller: Caller,
        _ body: @escaping @Sendable (ReadTransaction, User) throws -> Output
    ) async throws -> Output {
        do {
            return try await store.read { try body($0, try $0.activeUser(caller.user)) }
        } catch let refusal as Refusal {
            return try await act(action, as: caller) { _, _ in throw refusal }
        }
    }
}

extension ReadTransaction {
    /// The user who acts; U1 refuses one who is not active.
    func activeUser(_ id: UserID) throws -> User {
        guard let user = try user(id) else { throw Refusal(.u1) }
        try UserPolicy.signIn(user).enforce()
        return user
    }

    /// A user whom an administrator names.
    func existingUser(_ id: UserID) throws -> User {
        guard let user = try user(id) else { throw AppError(.noUser, ["email": id.description]) }
        return user
    }

    /// What the rules need to know of a user whose mail is to be backed up.
    func backupTarget(_ user: User) throws -> BackupTarget {
        BackupTarget(
            user: user,
            addon: try mailAddon(of: user.id)?.state,
            backups: try backupState(of: user.id),
            reactivatedAt: try reactivatedAt(user.id)
        )
    }
}

extension Decision {
    /// Throws the refusal, if it is one.
    ///
    /// - Returns: whether there is anything to do.
    @discardableResult
    func enforce() throws -> Bool {
        switch self {
        case .allowed: true
        case .unchanged: false
        case .refused(let refusal): throw refusal
        }
    }
}
