package import Foundation
package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// Lists backups, of one user or of all, newest first; for administrators (P1, P4).
package struct ListBackups: UseCase {
    package var user: UserID?

    package init(user: UserID? = nil) {
        self.user = user
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> [BackupShape] {
        let now = mailkeep.clock()
        return try await mailkeep.read(AuditedAction(name: "backup.list", user: user), as: caller) {
            transaction,
            actor in
            try PagePolicy.use(actor: actor).enforce()
            return try transaction.backups(of: user).map { try transaction.shape(of: $0, reader: actor, now: now) }
        }
    }
}

/// One backup with its folders; for administrators (P4).
package struct ShowBackup: UseCase {
    package var backup: BackupID

    package init(backup: BackupID) {
        self.backup = backup
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> BackupShape {
        let now = mailkeep.clock()
        let action = AuditedAction(name: "backup.show", target: "backup/\(backup)")
        return try await mailkeep.read(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            let details = try transaction.existingBackup(backup)
            var shape = try transaction.shape(of: details, reader: actor, now: now)
            shape.folders = try transaction.folders(of: backup)
            shape.erased = try transaction.erasedCount(of: details)
            shape.holds = try transaction.shapes(of: transaction.standingHolds(on: .backup(backup)))
            return shape
        }
    }
}

/// Goes on with a user's backup that was interrupted; nil where none is pending, or the caller may not.
///
/// What was judged when it was asked for is not judged again (B4).
package struct ResumeBackup: UseCase {
    package var user: UserID

    package init(user: UserID) {
        self.user = user
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> BackupID? {
        let pending = try await mailkeep.store.read { transaction in
            let mayResume = try transaction.user(caller.user)?.isAdministrator == true
            return mayResume ? try transaction.pendingBackup(of: user)?.id : nil
        }
        guard let pending else { return nil }
        let action = AuditedAction(name: "backup.resume", user: user, target: "backup/\(pending)")
        return try await mailkeep.act(action, as: caller) { _, actor in
            try PagePolicy.use(actor: actor).enforce()
            return (.done, pending)
        }
    }
}

/// Proves a backup whole by reading all of it again (B9); for administrators.
package struct VerifyBackup: UseCase {
    package var backup: BackupID
    package var onProgress: @Sendable (Int) async throws -> Void

    package init(backup: BackupID, onProgress: @escaping @Sendable (Int) async throws -> Void = { _ in }) {
        self.backup = backup
        self.onProgress = onProgress
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> VerificationShape {
        let target = "backup/\(backup)"
        let details = try await mailkeep.completedBackup(backup, for: "backup.verify", as: caller)
        let verifier = BackupVerifier(store: mailkeep.store, vault: mailkeep.vault, keys: mailkeep.keys)
        let result = VerificationShape(try await verifier.verify(details, onProgress: onProgress))
        let action = AuditedAction(
            name: "backup.verify",
            user: details.user,
            target: target,
            details: [
                "messages": "\(result.messages)", "whole": "\(result.whole)", "erased": "\(result.erased)",
            ]
        )
        return try await mailkeep.act(action, as: caller) { _, _ in (.done, result) }
    }
}

/// What re-reading a backup found, in the API's form.
package struct VerificationShape: Encodable, Sendable, Equatable {
    package var messages: Int
    package var bytes: Int64
    /// SHA-256 of messages that the vault does not give back whole.
    package var damaged: [String]
    /// Messages that were erased by law, which is no damage (B9).
    package var erased: Int
    /// Why the manifest itself does not hold (`ManifestFault`).
    package var manifest_fault: String?
    package var whole: Bool

    /// What is wrong with a backup that is not whole.
    package var failure: AppError {
        AppError(.backupDamaged, ["count": "\(damaged.count)", "fault": manifest_fault ?? "-"])
    }

    init(_ verification: BackupVerification) {
        messages = verification.messages
        bytes = verification.bytes
        damaged = verification.damaged
        erased = verification.erased
        manifest_fault = verification.manifestFault?.rawValue
        whole = verification.isWhole
    }
}

/// A backup's manifest and its signature (B9); for administrators.
package struct ReadManifest: UseCase {
    package var backup: BackupID
    package var write: @Sendable (Data) async throws -> Void

    package init(backup: BackupID, write: @escaping @Sendable (Data) async throws -> Void) {
        self.backup = backup
        self.write = write
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws {
        let details = try await mailkeep.completedBackup(backup, for: "backup.manifest", as: caller)
        guard let manifest = details.manifest else { throw AppError(.backupNotCompleted) }
        try await mailkeep.vault.copy(manifest, to: write)
    }
}

extension Mailkeep {
    /// A completed backup, for an administrator.
    func completedBackup(_ id: BackupID, for action: String, as caller: Caller) async throws -> BackupDetails {
        try await read(AuditedAction(name: action, target: "backup/\(id)"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            let backup = try transaction.existingBackup(id)
            guard backup.status == .completed else { throw AppError(.backupNotCompleted) }
            return backup
        }
    }
}
