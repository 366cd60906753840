import MailkeepModel

/// The state of one synchronisation over its attempts, and the judgement what a broken attempt means.
///
/// Used by one task at a time.
final class SynchronisationRun {
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

    /// How often the source may break off in a row with nothing to blame and without having come further.
    private static let retries = 2
    /// How often it may at one place; before the last time, a mail is asked for alone.
    private static let breaksAtOnePlace = 3
    /// Places that are given up in a row, with nothing read in between, before the source itself is.
    private static let mostGivenUpInARow = 5
    private static let mostAttempts = 10_000

    var progress = SyncProgress()
    var report: SyncReport
    /// What is asked for now; nil while nothing of one folder is.
    var underway: Place?
    /// Folders that should be read and could not be, in this attempt.
    private(set) var unreadFolders: Set<String> = []
    private(set) var pauses = 0
    /// Why a mail was given up, while nothing was read since that would show that the connection is not to blame.
    private(set) var doubt: SyncFailure?

    private let onProgress: @Sendable (SyncProgress) async throws -> Void
    private var breaks: [Place: Int] = [:]
    private var givenUpFolders: Set<String> = []
    private var attempts = 0
    private var givenUpInARow = 0
    private var hasComeFurther = false

    init(startedAt: Timestamp, onProgress: @escaping @Sendable (SyncProgress) async throws -> Void) {
        report = SyncReport(coveredUntil: startedAt)
        self.onProgress = onProgress
    }

    /// Forgets what a broken attempt had counted but not stored.
    func beginAttempt() {
        attempts += 1
        hasComeFurther = false
        underway = nil
        progress.foldersDone = 0
        progress.found = progress.stored
        report.onServer = [:]
        report.excluded = [:]
        unreadFolders = []
    }

    /// Something was read that was not known before.
    func comesFurther() {
        hasComeFurther = true
        givenUpInARow = 0
        doubt = nil
    }

    /// A folder that should be read could not be.
    func leavesUnread(_ folder: String) {
        report.excluded[folder] = .unreadable
        unreadFolders.insert(folder)
    }

    /// Whether a mail is to be asked for alone: the source broke off at it twice.
    func isSuspect(_ place: Place) -> Bool { breaks[place] == Self.breaksAtOnePlace - 1 }

    /// Whether to ask for something no more in this run.
    func isGivenUp(_ place: Place) -> Bool {
        givenUpFolders.contains(place.folder) || breaks[place, default: 0] >= Self.limit(at: place)
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
    func breaksOff(_ failure: SyncFailure) throws {
        pauses = hasComeFurther ? 1 : pauses + 1
        guard attempts < Self.mostAttempts else { throw failure }
        guard let place = underway else {
            guard failure.code.isTransient, pauses <= Self.retries else { throw failure }
            return
        }
        breaks[place, default: 0] += 1
        if case .again = place { return }
        guard isGivenUp(place) else { return }
        givenUpInARow += 1
        if failure.code.isTransient { doubt = failure }
        guard givenUpInARow > Self.mostGivenUpInARow else { return }
        // A server that answers nonsense for a whole folder may have sense for others; a link that breaks has not.
        guard !failure.code.isTransient, givenUpFolders.insert(place.folder).inserted else { throw failure }
        givenUpInARow = 0
    }

    nonisolated(nonsending) func reportProgress() async throws {
        try await onProgress(progress)
    }

    var finishedReport: SyncReport {
        var report = report
        report.progress = progress
        return report
    }
}
