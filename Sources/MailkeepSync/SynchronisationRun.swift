import MailkeepMetrics
import MailkeepModel
import Synchronization

/// The state of one synchronisation over its attempts, and the judgement what a broken attempt means.
final class SynchronisationRun: Sendable {
    /// What is asked of the source at a moment; what it breaks off at again and again is to blame for that.
    enum Place: Hashable {
        case folder(String)
        case header(folder: String, uid: UInt32)
        case body(folder: String, entry: Int64)
        /// A mail that could not be read in an earlier run.
        case again(folder: String)

        var folder: String {
            switch self {
            case .folder(let name), .header(let name, _), .body(let name, _), .again(let name): name
            }
        }
    }

    private struct State {
        var progress = SyncProgress()
        var report: SyncReport
        var unreadFolders: Set<String> = []
        var pauses = 0
        var doubt: SyncFailure?
        var breaks: [Place: Int] = [:]
        var givenUpFolders: Set<String> = []
        /// Folders in which the source refused something for now.
        var busyFolders: Set<String> = []
        var attempts = 0
        var givenUpInARow = 0
        var hasComeFurther = false
        var rests = 0
        var width: Int
    }

    /// How often the source may break off in a row with nothing to blame and without having come further.
    private static let retries = 2
    /// How often it may at one place; before the last time, a mail is asked for alone.
    private static let breaksAtOnePlace = 3
    /// Places that are given up in a row, with nothing read in between, before the source itself is.
    private static let mostGivenUpInARow = 5
    private static let mostAttempts = 10_000
    /// How often the source may ask to wait in a row, without having come further.
    private static let mostRests = 5

    private let state: Mutex<State>
    private let onProgress: @Sendable (SyncProgress) async throws -> Void

    init(
        startedAt: Timestamp,
        width: Int,
        onProgress: @escaping @Sendable (SyncProgress) async throws -> Void
    ) {
        state = Mutex(State(report: SyncReport(coveredUntil: startedAt), width: max(1, width)))
        self.onProgress = onProgress
    }

    var progress: SyncProgress { state.withLock(\.progress) }
    var pauses: Int { state.withLock(\.pauses) }
    /// Folders that should be read and could not be, in this attempt.
    var unreadFolders: Set<String> { state.withLock(\.unreadFolders) }
    /// Why a mail was given up, while nothing was read since that would show that the connection is not to blame.
    var doubt: SyncFailure? { state.withLock(\.doubt) }
    /// How many connections the source is believed to allow.
    var width: Int { state.withLock(\.width) }

    /// The source allowed no further connection.
    func narrows() { state.withLock { $0.width = 1 } }

    /// Forgets what a broken attempt had counted but not stored.
    func beginAttempt() {
        state.withLock { state in
            state.attempts += 1
            state.hasComeFurther = false
            state.progress.foldersDone = 0
            state.progress.found = state.progress.stored
            state.report.onServer = [:]
            state.report.excluded = [:]
            state.unreadFolders = []
        }
    }

    /// Something was read that was not known before.
    func comesFurther() {
        state.withLock { state in
            state.hasComeFurther = true
            state.givenUpInARow = 0
            state.doubt = nil
        }
    }

    /// A folder that should be read could not be.
    func leavesUnread(_ folder: String) {
        state.withLock { state in
            state.report.excluded[folder] = .unreadable
            state.unreadFolders.insert(folder)
        }
    }

    /// A folder is not read.
    func excludes(_ folder: String, as exclusion: FolderExclusion) {
        state.withLock { $0.report.excluded[folder] = exclusion }
    }

    /// What the server says a folder holds.
    func counts(_ count: Int, in folder: String) {
        state.withLock { $0.report.onServer[folder] = count }
    }

    /// Whether a mail is to be asked for alone: the source broke off at it twice.
    func isSuspect(_ place: Place) -> Bool { state.withLock { $0.breaks[place] == Self.breaksAtOnePlace - 1 } }

    /// Whether to ask for something no more in this run.
    func isGivenUp(_ place: Place) -> Bool { state.withLock { Self.isGivenUp(place, $0) } }

    private static func isGivenUp(_ place: Place, _ state: State) -> Bool {
        state.givenUpFolders.contains(place.folder) || state.breaks[place, default: 0] >= limit(at: place)
    }

    private static func limit(at place: Place) -> Int {
        if case .again = place { 1 } else { breaksAtOnePlace }
    }

    /// Judges a broken attempt.
    ///
    /// The number of attempts is finite: each one comes further, or adds to the breaks at a place, of which only so many
    /// are given up in a row.
    ///
    /// - Throws: the failure, where trying again is of no use.
    func breaksOff(_ broken: BrokenOff) throws {
        let failure = broken.failure
        try state.withLock { state in
            state.pauses = state.hasComeFurther ? 1 : state.pauses + 1
            guard state.attempts < Self.mostAttempts else { throw failure }
            guard let place = broken.place else {
                guard failure.code.isTransient, state.pauses <= Self.retries else { throw failure }
                return
            }
            state.breaks[place, default: 0] += 1
            if failure.code == .throttled { state.busyFolders.insert(place.folder) }
            if case .again = place { return }
            guard Self.isGivenUp(place, state) else { return }
            state.givenUpInARow += 1
            if failure.code.isTransient { state.doubt = failure }
            guard state.givenUpInARow > Self.mostGivenUpInARow else { return }
            // A server that answers nonsense for a whole folder may have sense for others; a link that breaks has not.
            guard !failure.code.isTransient, state.givenUpFolders.insert(place.folder).inserted else { throw failure }
            state.givenUpInARow = 0
        }
    }

    /// Whether it is for now that one of these folders is not read.
    func isBusy(_ folders: [String]) -> Bool { state.withLock { !$0.busyFolders.isDisjoint(with: folders) } }

    /// The source asks to wait; what it refused for now is asked for anew afterwards.
    ///
    /// - Returns: how often in a row it did, from 1; nil where that is enough for this run.
    func rests() -> Int? {
        state.withLock { state in
            state.rests = state.hasComeFurther ? 1 : state.rests + 1
            let busy = state.busyFolders
            state.breaks = state.breaks.filter { !busy.contains($0.key.folder) }
            state.givenUpFolders.subtract(busy)
            state.busyFolders = []
            return state.rests <= Self.mostRests ? state.rests : nil
        }
    }

    /// Changes how far the run has come, and tells it.
    nonisolated(nonsending) func report(_ change: @Sendable (inout SyncProgress) -> Void) async throws {
        let (before, progress) = state.withLock { state in
            let before = state.progress
            change(&state.progress)
            return (before, state.progress)
        }
        Metric.headersRead.count(progress.considered - before.considered)
        Metric.mailsStored.count(progress.stored - before.stored)
        Metric.mailBytesRead.count(Int(clamping: progress.bytes - before.bytes))
        try await onProgress(progress)
    }

    /// What the run saw.
    ///
    /// - Parameters:
    ///   - coveredBefore: what an earlier run had covered, where this one is not complete.
    ///   - isLive: whether the mailbox was read as it stood when the run began.
    func finish(coveredBefore: Timestamp?, isLive: Bool) -> SyncReport {
        state.withLock { state in
            var report = state.report
            report.progress = state.progress
            report.isComplete = state.unreadFolders.isEmpty
            if !report.isComplete || !isLive { report.coveredUntil = coveredBefore }
            return report
        }
    }
}
