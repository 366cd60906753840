import Foundation
package import Logging
import MailMessage
package import MailVault
package import MailkeepModel
package import MailkeepStore

/// How far a synchronisation has come.
package struct SyncProgress: Sendable, Equatable {
    /// Folders whose headers are read, and all folders.
    package var foldersDone = 0
    package var foldersTotal = 0
    /// Headers read in this run.
    package var considered = 0
    /// Associated mails whose body is wanted in this run; known once all headers are read.
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

    /// Headers after which the position in a folder moves.
    private static let headerWindow = 2000
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
                    var considered: [ConsideredFolder] = []
                    for folder in folders {
                        if let folder = try await consider(folder, of: mailbox, in: session, run) {
                            considered.append(folder)
                        }
                        run.progress.foldersDone += 1
                        try await onProgress(run.progress)
                    }
                    try await readBodies(of: considered, in: session, run)
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

    /// A folder whose headers are all known.
    private struct ConsideredFolder {
        var folder: SourceFolder
        var opened: OpenedFolder
        /// The folder's row.
        var id: Int64
    }

    /// Reads a folder's new headers.
    ///
    /// - Returns: nil where the folder is not read, which the report tells.
    private nonisolated(nonsending) func consider(
        _ folder: SourceFolder,
        of mailbox: MailboxID,
        in session: any MailSession,
        _ run: SynchronisationRun
    ) async throws -> ConsideredFolder? {
        if let exclusion = folder.exclusion {
            run.report.excluded[folder.name] = exclusion
            return nil
        }
        let opened: OpenedFolder
        do {
            opened = try await session.open(folder)
        } catch let failure as SyncFailure where failure.code == .server {
            run.report.excluded[folder.name] = .unreadable
            return nil
        }
        run.report.onServer[folder.name] = opened.count
        let position = try await store.write {
            try $0.folder(named: folder.name, in: mailbox, uidValidity: opened.uidValidity)
        }
        if opened.count > 0, (opened.uidNext ?? .max) > position.nextUID {
            try await readHeaders(of: position, opened, in: session, run)
        }
        return ConsideredFolder(folder: folder, opened: opened, id: position.id)
    }

    /// Reads headers window by window; the position moves when a window is complete, as servers may answer in any
    /// order.
    private nonisolated(nonsending) func readHeaders(
        of position: FolderPosition,
        _ opened: OpenedFolder,
        in session: any MailSession,
        _ run: SynchronisationRun
    ) async throws {
        let uids = opened.count > Self.headerWindow ? try await session.uids(from: position.nextUID) : []
        var lower = position.nextUID
        // Windows adjoin each other, so that nothing is passed over which the listing left out.
        for index in stride(from: Self.headerWindow, to: uids.count, by: Self.headerWindow) where uids[index] > lower {
            try await readHeaders(lower...(uids[index] - 1), of: position.id, in: session, run)
            lower = uids[index]
            let reached = lower
            try await store.write { try $0.moveFolder(position.id, toUID: reached) }
        }
        let highest = try await readHeaders(lower...UInt32.max, of: position.id, in: session, run)
        let next = max(opened.uidNext ?? 1, highest == .max ? highest : highest + 1)
        try await store.write { try $0.moveFolder(position.id, toUID: next) }
    }

    /// Reads one window of headers.
    ///
    /// - Returns: the highest UID that was there; 0 where there was none.
    @discardableResult
    private nonisolated(nonsending) func readHeaders(
        _ uids: ClosedRange<UInt32>,
        of folder: Int64,
        in session: any MailSession,
        _ run: SynchronisationRun
    ) async throws -> UInt32 {
        var batch: [SeenHeader] = []
        var highest: UInt32 = 0
        let unreadable = try await session.headers(of: uids) { header in
            guard uids.contains(header.uid) else { return }
            highest = max(highest, header.uid)
            batch.append(association.seen(header))
            guard batch.count >= Self.headerBatch else { return }
            try await record(batch, of: folder, run)
            batch.removeAll(keepingCapacity: true)
        }
        try await record(batch, of: folder, run)
        if !unreadable.isEmpty { try await store.write { try $0.recordUnreadable(unreadable, in: folder) } }
        return max(highest, unreadable.max() ?? 0)
    }

    private nonisolated(nonsending) func record(
        _ headers: [SeenHeader],
        of folder: Int64,
        _ run: SynchronisationRun
    ) async throws {
        guard !headers.isEmpty else { return }
        try await store.write { try $0.recordHeaders(headers, in: folder) }
        run.progress.considered += headers.count
        try await run.report(progress: run.progress)
    }

    /// Reads the bodies that are wanted, once all headers are known: how many there are is then known too.
    private nonisolated(nonsending) func readBodies(
        of folders: [ConsideredFolder],
        in session: any MailSession,
        _ run: SynchronisationRun
    ) async throws {
        var wanting: [ConsideredFolder] = []
        for folder in folders {
            let count = try await store.read { try $0.wantedCount(in: folder.id) }
            guard count > 0 else { continue }
            run.progress.found += count
            wanting.append(folder)
        }
        for folder in wanting {
            guard try await session.open(folder.folder).uidValidity == folder.opened.uidValidity else {
                throw SyncFailure(.connect, "a folder was numbered anew while it was read")
            }
            try await readBodies(of: folder.id, in: session, run)
        }
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
            try await fetch(wanted.filter { $0.size <= Self.largestMail }, in: session, run)
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
