/// One connection at work on a synchronisation.
///
/// Used by one task at a time.
final class SyncWorker {
    let session: any MailSession
    let run: SynchronisationRun
    /// Bytes of mail that may be read on one day; nil where there is no limit.
    let dailyBytes: Int64?
    /// What is asked for now; nil while nothing of one folder is.
    var underway: SynchronisationRun.Place?
    /// The beginning of the mail that is read, in a buffer that stays from mail to mail.
    var head: [UInt8] = []
    /// The folder that is open.
    private(set) var opened: (path: String, folder: OpenedFolder)?

    init(session: any MailSession, run: SynchronisationRun, dailyBytes: Int64?) {
        self.session = session
        self.run = run
        self.dailyBytes = dailyBytes
    }

    /// Opens a folder, unless it cannot be, which the report tells.
    nonisolated(nonsending) func open(_ folder: SourceFolder) async throws -> OpenedFolder? {
        if let opened, opened.path == folder.path { return opened.folder }
        let place = SynchronisationRun.Place.folder(folder.name)
        do {
            if !run.isGivenUp(place) {
                underway = place
                opened = nil
                let found = try await session.open(folder)
                opened = (folder.path, found)
                return found
            }
        } catch let failure as SyncFailure where failure.code == .server {}
        run.leavesUnread(folder.name)
        return nil
    }
}

/// A connection broke off, or the source refused, at what it worked on.
struct BrokenOff: Error {
    let failure: SyncFailure
    /// What is to blame; nil where that is the source as a whole.
    let place: SynchronisationRun.Place?
}
