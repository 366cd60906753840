package import Logging
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
    /// Whether every folder was read that should have been.
    package var isComplete = true
    /// The mailbox is completely stored as it stood at this moment: this run's beginning, an earlier one where this run
    /// is not complete, or nil where none ever was.
    package var coveredUntil: Timestamp?
    package var progress = SyncProgress()
}

/// Reads what is new in a mailbox and stores what of it is associated with records (B2).
///
/// Headers first, then only the bodies that are wanted; bytes are durable in the vault before a row names them (design
/// decision 2), and the position in each folder is kept with the rows, so that a run continues where the last one, or
/// a crash, left off.
package struct Synchroniser: Sendable {
    let store: Store
    let vault: any Vault
    let association: Association
    private let now: @Sendable () -> Timestamp
    private let pause: Duration

    /// - Parameter pause: how long to wait before a broken attempt is followed by the next, and longer each time.
    package init(
        store: Store,
        vault: any Vault,
        association: Association,
        pause: Duration = .seconds(1),
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.store = store
        self.vault = vault
        self.association = association
        self.pause = pause
        self.now = now
    }

    /// A larger mail is skipped by policy and named in the certificate.
    package static let largestMail: UInt64 = 1 << 30
    /// Mails of a folder that the source must refuse, with none that it does not, to have the folder counted as not read.
    private static let unreadableFolder = 20

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
        let startedAt = now()
        let run = SynchronisationRun(startedAt: startedAt, onProgress: onProgress)
        while true {
            run.beginAttempt()
            do {
                try await source.withSession { try await read(mailbox, in: $0, run) }
                break
            } catch let failure as SyncFailure where failure.code == .connect || failure.code == .server {
                try run.breaksOff(failure)
                logger.info("synchronisation is tried again", metadata: ["failure": "\(failure.code.rawValue)"])
                try await Task.sleep(for: pause * min(run.pauses, 3))
            }
        }
        if let doubt = run.doubt { throw doubt }
        let isComplete = run.unreadFolders.isEmpty
        let coveredBefore = try await store.read { try $0.coveredUntil(mailbox) }
        try await store.write { try $0.markSynchronised(mailbox, at: startedAt, isComplete: isComplete) }
        run.report.isComplete = isComplete
        if !isComplete { run.report.coveredUntil = coveredBefore }
        return run.finishedReport
    }

    /// One attempt at all that is new.
    private nonisolated(nonsending) func read(
        _ mailbox: MailboxID,
        in session: any MailSession,
        _ run: SynchronisationRun
    ) async throws {
        let folders = try await session.folders()
        run.progress.foldersTotal = folders.count
        var considered: [ConsideredFolder] = []
        for folder in folders {
            if let folder = try await consider(folder, of: mailbox, in: session, run) { considered.append(folder) }
            run.progress.foldersDone += 1
            try await run.reportProgress()
        }
        try await readBodies(of: considered, in: session, run)
        run.underway = nil
        for folder in considered {
            let isUnreadable = try await store.read {
                try $0.isUnreadable(folder.position.id, limit: Self.unreadableFolder)
            }
            if isUnreadable { run.leavesUnread(folder.name) }
        }
        let due = folders.filter { $0.exclusion == nil }.map(\.name)
        guard !due.isEmpty else { throw SyncFailure(.server, "the mailbox has no folder that could be read") }
        guard !run.unreadFolders.isSuperset(of: due),
            !due.contains(where: { $0.lowercased() == "inbox" && run.unreadFolders.contains($0) })
        else { throw SyncFailure(.server, "the mailbox's folders cannot be read") }
    }

    /// A folder whose headers are all known.
    struct ConsideredFolder {
        var source: SourceFolder
        var opened: OpenedFolder
        var position: FolderPosition

        var name: String { source.name }
    }

    /// Opens a folder, unless it cannot be, which the report tells.
    nonisolated(nonsending) func open(
        _ folder: SourceFolder,
        in session: any MailSession,
        _ run: SynchronisationRun
    ) async throws -> OpenedFolder? {
        let place = SynchronisationRun.Place.folder(folder.name)
        do {
            if !run.isGivenUp(place) {
                run.underway = place
                return try await session.open(folder)
            }
        } catch let failure as SyncFailure where failure.code == .server {}
        run.leavesUnread(folder.name)
        return nil
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
        guard let opened = try await open(folder, in: session, run) else { return nil }
        run.report.onServer[folder.name] = opened.count
        let positions = try await store.read { try $0.positions(inFolder: folder.name, of: mailbox) }
        let valid = positions.filter { session.uidValidity(below: $0.nextUID) == $0.uidValidity }
        let validity = valid.max { $0.nextUID < $1.nextUID }?.uidValidity ?? session.uidValidity(below: 1)
        let position = try await store.write {
            try $0.folder(named: folder.name, in: mailbox, uidValidity: validity)
        }
        var considered = ConsideredFolder(source: folder, opened: opened, position: position)
        do {
            try await readHeaders(of: &considered, in: session, run)
        } catch let failure as SyncFailure where failure.code == .server {
            run.leavesUnread(folder.name)
        }
        return considered
    }
}
