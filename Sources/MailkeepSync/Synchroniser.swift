package import Logging
package import MailVault
package import MailkeepModel
package import MailkeepStore
import Synchronization

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

    /// Whether something was read that was not known before.
    var hasComeFurther: Bool { considered > 0 || stored > 0 }
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
    /// is not complete or read no live mailbox, or nil where none ever was.
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
    let now: @Sendable () -> Timestamp
    let writers: Turns
    private let pause: Duration

    /// - Parameter pause: how long to wait before a broken attempt is followed by the next, and longer each time.
    package init(
        store: Store,
        vault: any Vault,
        association: Association,
        writers: Turns = Turns(1000),
        pause: Duration = .seconds(1),
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.store = store
        self.vault = vault
        self.association = association
        self.writers = writers
        self.pause = pause
        self.now = now
    }

    /// A larger mail is skipped by policy and named in the certificate.
    package static let largestMail: UInt64 = 1 << 30
    /// Mails that are looked at in one transaction for addresses that are new on records.
    private static let linkedAtATime = 1000
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
        while try await linkChangedAddresses() {}
        let run = SynchronisationRun(startedAt: startedAt, width: source.width, onProgress: onProgress)
        while true {
            run.beginAttempt()
            do {
                try await attempt(source, mailbox, run, logger)
                break
            } catch let broken as BrokenOff where broken.failure.code == .throttled && broken.place == nil {
                try await rest(run, broken.failure, logger)
            } catch let broken as BrokenOff {
                guard [.connect, .server, .throttled].contains(broken.failure.code) else { throw broken.failure }
                try run.breaksOff(broken)
                broken.failure.count()
                logger.info("synchronisation is tried again", metadata: ["failure": "\(broken.failure.code.rawValue)"])
                try await Task.sleep(for: pause * min(run.pauses, 3))
            }
        }
        if let doubt = run.doubt { throw doubt }
        let coveredBefore = try await store.read { try $0.coveredUntil(mailbox) }
        let isLive = source.isLive
        let report = run.finish(coveredBefore: coveredBefore, isLive: isLive)
        try await store.write { transaction in
            try transaction.markSynchronised(mailbox, at: startedAt, isComplete: report.isComplete && isLive)
            if isLive { try transaction.setExcludedFolders(report.excluded, of: mailbox) }
        }
        return report
    }

    /// Looks through some of the older mail for addresses that have come to records since (design decision 7).
    ///
    /// - Returns: whether anything is left to look through.
    package func linkChangedAddresses() async throws -> Bool {
        guard try await store.read({ try $0.hasAddressChanges() }) else { return false }
        let moment = now()
        return try await store.write { try $0.linkChangedAddresses(limit: Self.linkedAtATime, at: moment) }
    }

    /// Waits as a server asks for, longer each time, while that is a matter of a minute.
    ///
    /// - Throws: the failure, where it is not.
    private nonisolated(nonsending) func rest(
        _ run: SynchronisationRun,
        _ failure: SyncFailure,
        _ logger: Logger
    ) async throws {
        guard failure.retryAt == nil, let rests = run.rests() else { throw failure }
        failure.count()
        logger.info("the mail server asks to wait", metadata: ["rests": "\(rests)"])
        try await Task.sleep(for: pause * (1 << rests))
    }

    /// One attempt at all that is new: a look at all folders, then all headers, then all bodies that are wanted.
    ///
    /// - Throws: `BrokenOff`, `CancellationError`, and what is not of the mailbox.
    private nonisolated(nonsending) func attempt(
        _ source: any MailSource,
        _ mailbox: MailboxID,
        _ run: SynchronisationRun,
        _ logger: Logger
    ) async throws {
        try await withWorker(on: source, run) { worker in
            let survey = try await survey(mailbox, worker)
            let team = Team(source: source, logger: logger)
            let read = Mutex(survey.wanting)
            try await share(survey.unread, by: worker, team, weight: survey.unreadCount) { folder, worker in
                guard let considered = try await readHeaders(of: folder, in: mailbox, worker) else { return }
                read.withLock { $0.append(considered) }
            }
            let folders = read.withLock { $0 }
            try await readBodies(of: folders, in: mailbox, by: worker, team)
            try await noteDelimiter(survey.delimiter, mailbox)
            // A list without a folder that could be read says nothing of those that are missing from it.
            try await judge(survey, folders, run)
            if source.isLive, worker.session.listsAllFolders { try await noteMissing(survey, mailbox, run) }
        }
    }

    /// Notes that the mails of folders are gone which the mailbox has no more, those that bear another name now excepted.
    private nonisolated(nonsending) func noteMissing(
        _ survey: Survey,
        _ mailbox: MailboxID,
        _ run: SynchronisationRun
    ) async throws {
        let (names, known) = try await store.read { transaction in
            (try transaction.folderNames(of: mailbox), try transaction.knownFolders(of: mailbox))
        }
        for name in names.subtracting(survey.names) { run.counts(0, in: name) }
        for folder in known where folder.count > 0 && !survey.names.contains(folder.name) {
            try await store.write { try $0.markGone(in: folder.position.id, [0...UInt32.max]) }
        }
    }

    /// Notes what stands between the levels of the folders' names.
    private nonisolated(nonsending) func noteDelimiter(_ delimiter: Character?, _ mailbox: MailboxID) async throws {
        guard let delimiter, try await store.read({ try $0.hasFoldersWithoutDelimiter(mailbox) }) else { return }
        try await store.write { try $0.noteDelimiter(delimiter, of: mailbox) }
    }

    /// Notes folders of which nothing can be read, and refuses a mailbox of which that is true of all, or of INBOX.
    private nonisolated(nonsending) func judge(
        _ survey: Survey,
        _ folders: [ConsideredFolder],
        _ run: SynchronisationRun
    ) async throws {
        for folder in folders {
            let isUnreadable = try await store.read {
                try $0.isUnreadable(folder.position.id, limit: Self.unreadableFolder)
            }
            if isUnreadable { run.leavesUnread(folder.name) }
        }
        let due = survey.due
        guard !due.isEmpty else { throw SyncFailure(.server, "the mailbox has no folder that could be read") }
        let unread = run.unreadFolders
        let missed = unread.isSuperset(of: due) ? due : due.filter { $0.lowercased() == "inbox" && unread.contains($0) }
        guard missed.isEmpty else {
            throw run.isBusy(missed)
                ? SyncFailure(.throttled, "the mailbox's folders cannot be read for now")
                : SyncFailure(.server, "the mailbox's folders cannot be read")
        }
    }

    /// A folder whose headers are all known.
    struct ConsideredFolder: Sendable {
        var source: SourceFolder
        var opened: OpenedFolder
        var position: FolderPosition

        var name: String { source.name }
    }
}
