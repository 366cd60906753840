import Foundation
package import Logging
import MailMessage
package import MailVault
package import MailkeepModel
package import MailkeepStore

/// How far a synchronisation has come.
package struct SyncProgress: Sendable, Equatable {
    package var folder: String?
    /// Folders read, and to be read.
    package var foldersDone = 0
    package var foldersTotal = 0
    /// Headers read in this run.
    package var considered = 0
    /// Associated mails whose body is wanted in this run, as far as known.
    package var found = 0
    /// Of these, stored.
    package var stored = 0
    /// Raw bytes of these.
    package var bytes: Int64 = 0

    package init() {}
}

/// What a synchronisation saw.
package struct SyncReport: Sendable, Equatable {
    /// Mails on the server per folder name, for the folders that were read.
    package var onServer: [String: Int] = [:]
    /// Folders that were not read, and why.
    package var excluded: [String: FolderExclusion] = [:]
    /// The mailbox is completely stored as it stood at this moment.
    package var coveredUntil: Timestamp
    package var progress = SyncProgress()
}

/// Reads what is new in a mailbox and stores what of it is associated with records (B2).
///
/// Headers first, then only the bodies that are wanted; bytes are durable in the vault before a row names them (design
/// decision 2), and the position in each folder is kept with the rows, so that a run continues where the last one, or
/// a crash, left off.
package struct Synchroniser: Sendable {
    private let store: Store
    private let vault: any Vault
    private let association: Association
    private let now: @Sendable () -> Timestamp

    package init(
        store: Store,
        vault: any Vault,
        association: Association,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.store = store
        self.vault = vault
        self.association = association
        self.now = now
    }

    /// Headers per transaction; mails and bytes per transaction.
    private static let headerBatch = 250
    private static let bodyBatch = 100
    private static let bodyBatchBytes = 16 << 20
    /// Bodies asked for at a time.
    private static let wantedPage = 500
    /// Of a larger mail, only this much is read for the summary.
    private static let summaryBytes = 8 << 20
    /// A larger mail is skipped by policy and named in the certificate.
    package static let largestMail: UInt64 = 1 << 30
    /// How often a run that is broken off without having come further is tried again.
    private static let retries = 2

    /// Synchronises one mailbox.
    ///
    /// - Parameters:
    ///   - onProgress: called after every batch; throwing ends the run, and what was stored stays.
    /// - Throws: `SyncFailure`, `CancellationError`, or what `onProgress` throws.
    package nonisolated(nonsending) func run(
        _ source: any MailSource,
        mailbox: MailboxID,
        logger: Logger,
        onProgress: @escaping @Sendable (SyncProgress) async throws -> Void
    ) async throws -> SyncReport {
        let run = SynchronisationRun(startedAt: now(), onProgress: onProgress)
        var failuresInARow = 0
        while true {
            let before = run.progress.considered + run.progress.stored
            do {
                try await source.withSession { session in
                    run.beginAttempt()
                    let folders = try await session.folders()
                    run.progress.foldersTotal = folders.count
                    for folder in folders {
                        try await synchronise(folder, of: mailbox, in: session, run)
                        run.progress.foldersDone += 1
                        try await onProgress(run.progress)
                    }
                }
                let startedAt = run.report.coveredUntil
                try await store.write { try $0.markSynchronised(mailbox, at: startedAt) }
                return run.finishedReport
            } catch let failure as SyncFailure where failure.code.isTransient {
                failuresInARow = run.progress.considered + run.progress.stored > before ? 1 : failuresInARow + 1
                guard failuresInARow <= Self.retries else { throw failure }
                logger.info("synchronisation is tried again", metadata: ["failure": "\(failure.code.rawValue)"])
                try await Task.sleep(for: .seconds(failuresInARow))
            }
        }
    }

    private nonisolated(nonsending) func synchronise(
        _ folder: SourceFolder,
        of mailbox: MailboxID,
        in session: any MailSession,
        _ run: SynchronisationRun
    ) async throws {
        if let exclusion = folder.exclusion {
            run.report.excluded[folder.name] = exclusion
            return
        }
        run.progress.folder = folder.name
        let opened: OpenedFolder
        do {
            opened = try await session.open(folder)
        } catch let failure as SyncFailure where failure.code == .server {
            run.report.excluded[folder.name] = .unreadable
            return
        }
        run.report.onServer[folder.name] = opened.count
        let position = try await store.write {
            try $0.folder(named: folder.name, in: mailbox, uidValidity: opened.uidValidity)
        }
        if opened.count > 0, (opened.uidNext ?? .max) > position.nextUID {
            try await readHeaders(of: position, opened, in: session, run)
        }
        try await readBodies(of: position.id, in: session, run)
    }

    private nonisolated(nonsending) func readHeaders(
        of position: FolderPosition,
        _ opened: OpenedFolder,
        in session: any MailSession,
        _ run: SynchronisationRun
    ) async throws {
        var batch: [SeenHeader] = []
        let unreadable = try await session.headers(from: position.nextUID) { header in
            guard header.uid >= position.nextUID else { return }
            batch.append(association.seen(header))
            guard batch.count >= Self.headerBatch else { return }
            try await record(batch, of: position.id, run)
            batch.removeAll(keepingCapacity: true)
        }
        try await record(batch, of: position.id, run)
        try await store.write { try $0.recordUnreadable(unreadable, in: position.id) }
        if let uidNext = opened.uidNext {
            try await store.write { try $0.recordHeaders([], in: position.id, nextUID: uidNext) }
        }
    }

    private nonisolated(nonsending) func record(
        _ headers: [SeenHeader],
        of folder: Int64,
        _ run: SynchronisationRun
    ) async throws {
        guard let last = headers.map(\.uid).max() else { return }
        try await store.write {
            try $0.recordHeaders(headers, in: folder, nextUID: last == .max ? last : last + 1)
        }
        run.progress.considered += headers.count
        try await run.report(progress: run.progress)
    }

    private nonisolated(nonsending) func readBodies(
        of folder: Int64,
        in session: any MailSession,
        _ run: SynchronisationRun
    ) async throws {
        var after: UInt32 = 0
        while true {
            let lower = after
            let wanted = try await store.read {
                try $0.wantedEntries(in: folder, after: lower, limit: Self.wantedPage)
            }
            guard let last = wanted.last else { return }
            after = last.uid
            for entry in wanted where entry.size > Self.largestMail {
                try await store.write { try $0.skip(entry.id, because: .tooLarge) }
            }
            let fetched = wanted.filter { $0.size <= Self.largestMail }
            run.progress.found += fetched.count
            try await fetch(fetched, in: session, run)
        }
    }

    private nonisolated(nonsending) func fetch(
        _ wanted: [WantedEntry],
        in session: any MailSession,
        _ run: SynchronisationRun
    ) async throws {
        guard !wanted.isEmpty else { return }
        var missing = Dictionary(wanted.map { ($0.uid, $0.id) }, uniquingKeysWith: { first, _ in first })
        var batch: [FetchedMessage] = []
        var batchBytes = 0
        let unreadable = try await session.bodies(of: wanted.map(\.uid)) { body in
            guard let entry = missing[body.uid] else { return }
            let message = try await store(body, as: entry)
            missing[body.uid] = nil
            batch.append(message)
            batchBytes += Int(clamping: message.size)
            guard batch.count >= Self.bodyBatch || batchBytes >= Self.bodyBatchBytes else { return }
            try await record(batch, run)
            batch.removeAll(keepingCapacity: true)
            batchBytes = 0
        }
        try await record(batch, run)
        for (uid, entry) in missing {
            let reason: SkipReason = unreadable.contains(uid) ? .unreadable : .vanished
            try await store.write { try $0.skip(entry, because: reason) }
        }
    }

    /// Streams one mail into the vault.
    private nonisolated(nonsending) func store(_ body: SourceBody, as entry: Int64) async throws -> FetchedMessage {
        let writer = try vault.makeWriter()
        var head: [UInt8] = []
        try await body.forEachChunk { chunk in
            try writer.write(chunk)
            head.append(contentsOf: chunk.prefix(Self.summaryBytes - head.count))
        }
        let content = try writer.finish { id in
            try store.location(of: Data(id.bytes)).map(VaultLocation.init)
        }
        let message = Message(parsing: head)
        return FetchedMessage(
            entry: entry,
            content: ContentLocation(content),
            size: UInt64(clamping: content.size),
            summary: MessageSummary(message, sha256: Data(content.sha256))
        )
    }

    private nonisolated(nonsending) func record(_ messages: [FetchedMessage], _ run: SynchronisationRun) async throws {
        guard !messages.isEmpty else { return }
        try vault.sync()
        try await store.write { try $0.recordMessages(messages) }
        run.progress.stored += messages.count
        run.progress.bytes += messages.reduce(0) { $0 + Int64(clamping: $1.size) }
        try await run.report(progress: run.progress)
    }
}

/// The state of one synchronisation over its attempts.
///
/// Used by one task at a time.
private final class SynchronisationRun {
    var progress = SyncProgress()
    var report: SyncReport
    private let onProgress: @Sendable (SyncProgress) async throws -> Void

    init(startedAt: Timestamp, onProgress: @escaping @Sendable (SyncProgress) async throws -> Void) {
        report = SyncReport(coveredUntil: startedAt)
        self.onProgress = onProgress
    }

    /// Forgets what a broken attempt had counted but not stored.
    func beginAttempt() {
        progress.foldersDone = 0
        progress.found = progress.stored
        report.onServer = [:]
        report.excluded = [:]
    }

    nonisolated(nonsending) func report(progress: SyncProgress) async throws {
        try await onProgress(progress)
    }

    var finishedReport: SyncReport {
        var report = report
        report.progress = progress
        return report
    }
}
