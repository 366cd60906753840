import Crypto
import Foundation
import Logging
import MailVault
import MailkeepKeys
import MailkeepModel
import MailkeepStore

/// Takes a backup: synchronises what is new, then freezes the set (design decision 10).
package struct BackupJob: Sendable {
    let store: Store
    let vault: any Vault
    let keys: KeyRing
    let synchroniser: Synchroniser
    let now: @Sendable () -> Timestamp

    /// Messages taken into the frozen set per transaction, and read per page for the manifest.
    private static let freezeBatch = 2000

    /// Works on a backup until it is Completed.
    ///
    /// - Parameters:
    ///   - source: where the mail is to be read, and whether it was attached by an administrator; or why it cannot be.
    ///   - keepLease: called between steps, with whether anything was read; throws when the work was taken away.
    ///   - judge: what a failure to read means to the backup.
    ///   - holdsLease: within a transaction, whether the work is still this job's.
    ///   - onCompleted: belongs to the transaction in which the backup becomes visible, and so happens exactly once.
    /// - Throws: `SyncFailure`, `CancellationError`.
    func run(
        _ id: BackupID,
        source: Result<(source: any MailSource, isAttached: Bool), SyncFailure>,
        logger: Logger,
        keepLease: @escaping @Sendable (_ hasComeFurther: Bool) async throws -> Void,
        judge: @Sendable (SyncFailure) async throws -> SyncFailure,
        holdsLease: @escaping @Sendable (WriteTransaction) throws -> Bool,
        onCompleted: @escaping @Sendable (WriteTransaction, BackupDetails) throws -> Void
    ) async throws {
        let startedAt = now()
        let backup = try await store.write { transaction in
            guard try holdsLease(transaction) else { throw SyncFailure(.lost, "another worker has the job") }
            try transaction.beginBackup(id, at: startedAt)
            guard let backup = try transaction.backup(id), backup.status == .inProgress else {
                throw SyncFailure(.lost, "the backup is no longer waiting")
            }
            return backup
        }
        let reading = try await read(backup, source, logger: logger, keepLease, judge)
        try await freeze(backup) { try await keepLease(false) }
        let folders = try await folders(of: backup, reading)
        try await synchroniser.writers.withTurn {
            let seal = try await writeManifest(of: backup, reading, folders)
            try await keepLease(false)
            let endedAt = now()
            try await store.write { transaction in
                guard try holdsLease(transaction) else { throw SyncFailure(.lost, "another worker has the job") }
                try transaction.setFolders(folders, of: id)
                guard try transaction.completeBackup(id, seal, at: endedAt), let done = try transaction.backup(id)
                else {
                    throw SyncFailure(.lost, "the backup was cancelled")
                }
                try onCompleted(transaction, done)
            }
        }
    }

    /// What reading the mailbox came to.
    private struct Reading {
        var report: SyncReport
        var origin: BackupOrigin
        /// Why only synchronised mail is in the backup (B10), or not all folders.
        var failure: SyncFailure?
    }

    /// Reads what is new; where the mailbox cannot be read, what had been synchronised before stands (B10).
    private func read(
        _ backup: BackupDetails,
        _ source: Result<(source: any MailSource, isAttached: Bool), SyncFailure>,
        logger: Logger,
        _ keepLease: @escaping @Sendable (_ hasComeFurther: Bool) async throws -> Void,
        _ judge: @Sendable (SyncFailure) async throws -> SyncFailure
    ) async throws -> Reading {
        let coveredBefore = try await store.read { try $0.coveredUntil(backup.mailbox) }
        do {
            let (source, isAttached) = try source.get()
            let report = try await synchroniser.run(source, mailbox: backup.mailbox, logger: logger) { progress in
                try await keepLease(progress.hasComeFurther)
                try await store.write {
                    try $0.updateProgress(backup.id, BackupProgress(progress))
                }
            }
            return Reading(
                report: report,
                origin: isAttached ? .backupSource : .mailbox,
                failure: report.isComplete ? nil : SyncFailure(.partial, "some folders could not be read")
            )
        } catch let failure as SyncFailure {
            let failure = try await judge(failure)
            guard failure.code.letsSynchronisedStand, let coveredBefore else { throw failure }
            failure.count()
            logger.info("only synchronised mail is backed up", metadata: ["failure": "\(failure.code.rawValue)"])
            return Reading(
                report: SyncReport(coveredUntil: coveredBefore),
                origin: .synchronised,
                failure: failure
            )
        }
    }

    /// Takes all that is associated and in no earlier backup, batch by batch.
    private func freeze(_ backup: BackupDetails, _ keepLease: @Sendable () async throws -> Void) async throws {
        for folder in try await store.read({ try $0.foldersToFreeze(of: backup) }) {
            var last: UInt32 = 0
            while true {
                let after = last
                let page = try await store.read {
                    try $0.messagesToFreeze(into: backup, folder: folder, after: after, limit: Self.freezeBatch)
                }
                if !page.messages.isEmpty {
                    _ = try await store.write { try $0.freeze(page.messages, into: backup) }
                    try await keepLease()
                }
                guard let end = page.last else { break }
                last = end
            }
        }
    }

    /// The lines of the certificate: folders that were seen now or before, of which the backup holds something, or which
    /// were left out.
    private func folders(of backup: BackupDetails, _ reading: Reading) async throws -> [FolderCounts] {
        let (stored, leftOut) = try await store.read {
            (
                try $0.folderCounts(of: backup.user, in: backup.mailbox),
                reading.origin == .synchronised ? try $0.excludedFolders(of: backup.mailbox) : reading.report.excluded
            )
        }
        var folders = Dictionary(stored.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for (name, count) in reading.report.onServer {
            folders[name, default: FolderCounts(name: name)].onServer = count
        }
        for (name, exclusion) in leftOut {
            folders[name, default: FolderCounts(name: name)].excluded = exclusion
        }
        return folders.values.sorted { $0.name < $1.name }
    }

    private func writeManifest(
        of backup: BackupDetails,
        _ reading: Reading,
        _ folders: [FolderCounts]
    ) async throws -> BackupSeal {
        let auditHead = try await store.read { try $0.auditHead() }
        let header = try await store.read { transaction in
            guard let user = try transaction.user(backup.user), let asker = try transaction.user(backup.requestedBy)
            else { throw SyncFailure(.storage, "the backup names a user who does not exist") }
            return ManifestHeader(
                organization: try transaction.organizationName() ?? "",
                backup_id: backup.id.description,
                kind: backup.kind.rawValue,
                user: .init(user),
                mailbox: backup.address,
                requested_by: .init(asker),
                requested_time: backup.requestedAt.iso8601,
                covered_until: reading.report.coveredUntil?.iso8601,
                source: reading.origin.rawValue,
                audit_head: auditHead.hex,
                folders: folders
            )
        }
        let document = try vault.makeWriter()
        var manifest = try ManifestWriter(header) { try document.write($0) }
        var added = 0
        var last: Data?
        while true {
            let after = last
            let page = try await store.read { try $0.messages(of: backup, after: after, limit: Self.freezeBatch) }
            guard let end = page.last else { break }
            for message in page {
                try manifest.append(sha256: message.sha256, size: message.size, folders: message.folders)
                added += message.isNew ? 1 : 0
            }
            last = end.content.key
        }
        let (totals, root) = try manifest.finish()
        let content = try document.finish()
        try vault.sync()
        return BackupSeal(
            messages: totals.messages,
            added: added,
            messageBytes: totals.bytes,
            root: root,
            signature: Data(try keys.signer.sign(content.sha256)),
            manifest: DurableContent(content),
            auditHead: auditHead,
            coveredUntil: reading.report.coveredUntil,
            origin: reading.origin,
            error: reading.failure?.code.rawValue,
            errorDetail: reading.failure?.message
        )
    }
}

extension BackupProgress {
    fileprivate init(_ progress: SyncProgress) {
        self.init(
            foldersDone: progress.foldersDone,
            folders: progress.foldersTotal,
            found: progress.found,
            stored: progress.stored,
            bytes: progress.bytes
        )
    }
}
