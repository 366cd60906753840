package import MailkeepModel
import MailkeepStore

/// Cancels a backup that is Waiting or In progress; an earlier one stands.
package struct CancelBackup: UseCase {
    package var backup: BackupID

    package init(backup: BackupID) {
        self.backup = backup
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> ActionResult {
        let now = mailkeep.clock()
        let user = try await mailkeep.store.read { try $0.backup(backup)?.user }
        let action = AuditedAction(name: "backup.cancel", user: user, target: "backup/\(backup)")
        let result: ActionResult = try await mailkeep.act(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            let details = try transaction.existingBackup(backup)
            if details.status == .cancelled { return (.unchanged, .unchanged) }
            try transaction.cancel(details, at: now)
            return (.done, .done)
        }
        try await mailkeep.removeDetachedUploads()
        return result
    }
}

extension WriteTransaction {
    /// Cancels a pending backup and its job; throws `AppError` (`backupNotPending`).
    func cancel(_ backup: BackupDetails, at now: Timestamp) throws {
        guard try endBackup(backup.id, as: .cancelled, at: now) else { throw AppError(.backupNotPending) }
        if let job = try job(of: backup.id) { try endJob(job, as: .cancelled, at: now) }
    }
}

extension ReadTransaction {
    /// A backup that an administrator names.
    func existingBackup(_ id: BackupID) throws -> BackupDetails {
        guard let backup = try backup(id) else { throw AppError(.noBackup) }
        return backup
    }
}
