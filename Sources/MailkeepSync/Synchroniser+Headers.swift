import MailkeepModel
import MailkeepStore

extension Synchroniser {
    /// Headers per transaction.
    private static let headerBatch = 1000
    /// Addresses per transaction, as one header may hold any number; a last header may go beyond.
    private static let addressBatch = 20_000
    /// Mails of a folder whose header could not be read that are asked for again in one run.
    private static let headersAgain = 100
    /// UIDs that are compared at a time to find mails that were passed over.
    private static let compared = 10_000

    /// Reads a folder's new headers.
    ///
    /// - Returns: nil where the folder is not read, which the report tells.
    nonisolated(nonsending) func readHeaders(
        of folder: UnreadFolder,
        in mailbox: MailboxID,
        _ worker: SyncWorker
    ) async throws -> ConsideredFolder? {
        let (source, run) = (folder.source, worker.run)
        guard let opened = try await worker.open(source) else {
            try await run.report { $0.foldersDone += 1 }
            return nil
        }
        run.counts(opened.count, in: source.name)
        try await adoptRenamed(folder, opened, worker)
        let positions = try await store.read { try $0.positions(inFolder: source.name, of: mailbox) }
        let valid = positions.filter { worker.session.uidValidity(below: $0.nextUID) == $0.uidValidity }
        let validity = valid.max { $0.nextUID < $1.nextUID }?.uidValidity ?? worker.session.uidValidity(below: 1)
        let position = try await store.write { transaction in
            let position = try transaction.folder(named: source.name, in: mailbox, uidValidity: validity)
            if let id = opened.objectID { try transaction.nameFolder(position.id, objectID: id) }
            return position
        }
        var considered = ConsideredFolder(source: source, opened: opened, position: position)
        considered.source.before = nil
        do {
            try await readHeaders(of: &considered, mailbox, worker)
        } catch let failure as SyncFailure where failure.code == .server {
            run.leavesUnread(source.name)
        }
        try await run.report { $0.foldersDone += 1 }
        return considered
    }

    /// Reads a folder's new headers window by window; the position moves when all of a window are read or noted as
    /// unreadable, as servers may answer in any order, and leave out what they like.
    private nonisolated(nonsending) func readHeaders(
        of folder: inout ConsideredFolder,
        _ mailbox: MailboxID,
        _ worker: SyncWorker
    ) async throws {
        let session = worker.session
        try await readHeadersAgain(of: folder, mailbox, worker)
        let end = folder.opened.count > 0 ? folder.opened.uidNext ?? .max : 0
        if end == 0, let next = folder.opened.uidNext { try await pass(to: next, in: &folder, session) }
        while folder.position.nextUID < end {
            let next = folder.position.nextUID
            worker.underway = .folder(folder.name)
            let listed = try await session.uids(in: next...UInt32.max)
            guard let last = listed.last else {
                // What the listing left out may be there all the same.
                if try await readWindow(next...UInt32.max, [], of: &folder, mailbox, worker) { continue }
                guard end < .max else { break }
                try await pass(to: end, in: &folder, session)
                break
            }
            let windows = stride(from: 0, to: listed.count, by: session.headerWindow).map {
                listed[$0..<min($0 + session.headerWindow, listed.count)]
            }
            for window in windows {
                // Windows adjoin each other, so that nothing is passed over which the listing left out.
                let upper = window.last ?? last
                _ = try await readWindow(folder.position.nextUID...upper, window, of: &folder, mailbox, worker)
            }
        }
        if let vanished = folder.opened.vanished, !vanished.isEmpty {
            let id = folder.position.id
            try await store.write { try $0.markGone(in: id, vanished) }
        }
        try await reconcile(&folder, mailbox, worker)
        if let modSeq = folder.opened.modSeq {
            let id = folder.position.id
            try await store.write { try $0.noteState(of: id, modSeq: modSeq) }
        }
    }

    /// Moves the position beyond mails that there are no more.
    private nonisolated(nonsending) func pass(
        to uid: UInt32,
        in folder: inout ConsideredFolder,
        _ session: any MailSession
    ) async throws {
        guard uid > folder.position.nextUID else { return }
        folder.position.nextUID = uid
        let (id, validity) = (folder.position.id, session.uidValidity(below: uid))
        try await store.write { try $0.moveFolder(id, toUID: uid, uidValidity: validity) }
    }

    /// Where the server's count is another than ours, finds out why: reads mails that were passed over, as servers cut
    /// their lists short, and notes those that are gone.
    private nonisolated(nonsending) func reconcile(
        _ folder: inout ConsideredFolder,
        _ mailbox: MailboxID,
        _ worker: SyncWorker
    ) async throws {
        let (id, count) = (folder.position.id, folder.opened.count)
        let known = try await store.read { try $0.presentCount(in: id) }
        guard count != known, folder.position.nextUID > 1 else { return }
        worker.underway = .folder(folder.name)
        let end = folder.position.nextUID - 1
        let listed = count > 0 ? try await worker.session.uids(in: 1...end) : []
        // A list that says less than the count was cut short, and tells nothing of what is gone.
        let tellsGone = listed.count >= count
        var lower: UInt32 = 1
        for start in stride(from: 0, through: max(0, listed.count - 1), by: Self.compared) {
            let part = listed[start..<min(start + Self.compared, listed.count)]
            let upper = start + Self.compared >= listed.count ? end : part.last ?? end
            let stretch = lower...max(lower, upper)
            let known = try await store.read { try $0.seenUIDs(in: id, stretch) }
            try await readPassedOver(part.filter { !known.contains($0) }, in: &folder, mailbox, worker)
            if tellsGone {
                try await store.write { try $0.markGone(in: id, stretch, except: Set(part)) }
            }
            guard upper < end else { break }
            lower = upper + 1
        }
    }

    private nonisolated(nonsending) func readPassedOver(
        _ missing: [UInt32],
        in folder: inout ConsideredFolder,
        _ mailbox: MailboxID,
        _ worker: SyncWorker
    ) async throws {
        for start in stride(from: 0, to: missing.count, by: worker.session.headerWindow) {
            let window = missing[start..<min(start + worker.session.headerWindow, missing.count)]
            guard let first = window.first, let last = window.last else { continue }
            _ = try await readWindow(first...last, window, of: &folder, mailbox, worker)
        }
    }

    /// Reads the headers of a window, in which there are at least the mails that are listed.
    ///
    /// - Returns: whether there was any.
    private nonisolated(nonsending) func readWindow(
        _ window: ClosedRange<UInt32>,
        _ listed: ArraySlice<UInt32>,
        of folder: inout ConsideredFolder,
        _ mailbox: MailboxID,
        _ worker: SyncWorker
    ) async throws -> Bool {
        let (session, run) = (worker.session, worker.run)
        let id = folder.position.id
        // A broken attempt may have read some of them.
        let seen = try await store.read { try $0.seenUIDs(in: id, window) }
        let place = { [name = folder.name] in SynchronisationRun.Place.header(folder: name, uid: $0) }
        let new = listed.filter { !seen.contains($0) }
        let givenUp = new.filter { run.isGivenUp(place($0)) }
        let suspects = new.filter { run.isSuspect(place($0)) }
        let apart = seen.union(givenUp).union(suspects)

        let reading = HeaderReading(folder, mailbox, window, worker)
        for uid in suspects { try await ask(for: [uid...uid], expecting: [uid], reading, worker) }
        let together = new.filter { !apart.contains($0) }
        try await ask(for: window.gaps(at: apart), expecting: together, reading, worker)
        // Servers leave out mails that they list, and say nothing of it.
        let missing = reading.missing(of: together)
        if !missing.isEmpty {
            try await ask(for: missing.map { $0...$0 }, expecting: missing, reading, worker)
        }
        var unreadable = reading.refused.union(givenUp)
        let left = reading.missing(of: new).filter { !unreadable.contains($0) }
        unreadable.formUnion(try await stillThere(left, in: session))

        worker.underway = .folder(folder.name)
        let last = max(reading.highest, unreadable.max() ?? 0, seen.max() ?? 0)
        let upper = window.upperBound == .max ? last : window.upperBound
        guard upper >= window.lowerBound else { return false }
        let next = upper == .max ? upper : upper + 1
        let validity = session.uidValidity(below: next)
        let batch = reading.takeBatch()
        let count = try await store.write { [unreadable] transaction in
            let count = try transaction.recordHeaders(batch, in: id)
            try transaction.recordUnreadable(unreadable, in: id)
            try transaction.moveFolder(id, toUID: next, uidValidity: validity)
            return count
        }
        if next > folder.position.nextUID {
            (folder.position.nextUID, folder.position.uidValidity) = (next, validity)
        }
        try await note(count, run)
        return true
    }

    /// Asks for headers; what came is recorded also where the source breaks off.
    private nonisolated(nonsending) func ask(
        for uids: [ClosedRange<UInt32>],
        expecting expected: [UInt32],
        _ reading: HeaderReading,
        _ worker: SyncWorker
    ) async throws {
        let session = worker.session
        guard !uids.isEmpty else { return }
        reading.begin(expecting: expected)
        do {
            let refused = try await session.headers(of: uids) { header in
                guard reading.isNew(header.uid) else { return }
                reading.take(association.seen(header, in: reading.mailbox))
                guard reading.batchCount >= Self.headerBatch || reading.batchAddresses >= Self.addressBatch else {
                    return
                }
                try await record(reading, worker.run)
            }
            reading.refused.formUnion(refused)
        } catch  where SyncFailure.isOfTheMailbox(error) {
            // The position of files stands for what is recorded, so that both change together.
            if session.keepsPartOfWindow { try await record(reading, worker.run) }
            throw error
        }
    }

    private nonisolated(nonsending) func record(_ reading: HeaderReading, _ run: SynchronisationRun) async throws {
        let (folder, batch) = (reading.folder.position.id, reading.takeBatch())
        try await note(try await store.write { try $0.recordHeaders(batch, in: folder) }, run)
    }

    private nonisolated(nonsending) func note(_ count: Int, _ run: SynchronisationRun) async throws {
        guard count > 0 else { return }
        run.comesFurther()
        try await run.report { $0.considered += count }
    }

    /// Of mails that did not come, those that the source still lists.
    nonisolated(nonsending) func stillThere(_ uids: [UInt32], in session: any MailSession) async throws -> Set<UInt32> {
        guard let first = uids.min(), let last = uids.max() else { return [] }
        return Set(uids).intersection(try await session.uids(in: first...last))
    }

    /// Asks once more for headers that could not be read in earlier runs, one by one, as one may hide the others.
    private nonisolated(nonsending) func readHeadersAgain(
        of folder: ConsideredFolder,
        _ mailbox: MailboxID,
        _ worker: SyncWorker
    ) async throws {
        let (session, run) = (worker.session, worker.run)
        guard !run.isGivenUp(.again(folder: folder.name)) else { return }
        let id = folder.position.id
        let uids = try await store.read { try $0.unreadHeaders(in: id, limit: Self.headersAgain) }
        guard !uids.isEmpty else { return }
        worker.underway = .again(folder: folder.name)
        var left: [UInt32] = []
        for uid in uids {
            var headers: [SeenHeader] = []
            let refused = try await session.headers(of: [uid...uid]) { header in
                if header.uid == uid { headers.append(association.seen(header, in: mailbox)) }
            }
            if headers.isEmpty, refused.isEmpty { left.append(uid) }
            let came = headers
            try await note(try await store.write { try $0.recordHeaders(came, in: id) }, run)
        }
        let there = try await stillThere(left, in: session)
        let gone = left.filter { !there.contains($0) }
        if !gone.isEmpty { try await store.write { try $0.recordVanished(gone, in: id) } }
        worker.underway = nil
    }
}

/// The headers of a window while they come.
private final class HeaderReading {
    let folder: Synchroniser.ConsideredFolder
    let mailbox: MailboxID
    var refused: Set<UInt32> = []
    private(set) var highest: UInt32 = 0

    private let window: ClosedRange<UInt32>
    private let worker: SyncWorker
    private var batch: [SeenHeader] = []
    private(set) var batchAddresses = 0
    private var came: Set<UInt32> = []
    /// What is asked for, ascending, and how much of its beginning has come.
    private var expected: [UInt32] = []
    private var position = 0

    init(
        _ folder: Synchroniser.ConsideredFolder,
        _ mailbox: MailboxID,
        _ window: ClosedRange<UInt32>,
        _ worker: SyncWorker
    ) {
        (self.folder, self.mailbox, self.window, self.worker) = (folder, mailbox, window, worker)
    }

    var batchCount: Int { batch.count }

    func begin(expecting expected: [UInt32]) {
        (self.expected, position) = (expected, 0)
        pass()
    }

    /// Whether it was asked for, and has not come yet.
    func isNew(_ uid: UInt32) -> Bool { window.contains(uid) && !came.contains(uid) }

    func take(_ header: SeenHeader) {
        came.insert(header.uid)
        highest = max(highest, header.uid)
        batch.append(header)
        batchAddresses += header.addresses.count
        pass()
    }

    func takeBatch() -> [SeenHeader] {
        defer {
            batch.removeAll(keepingCapacity: true)
            batchAddresses = 0
        }
        return batch
    }

    func missing(of uids: [UInt32]) -> [UInt32] { uids.filter { !came.contains($0) && !refused.contains($0) } }

    /// The first mail that has not come is what the source works on.
    private func pass() {
        while position < expected.count, came.contains(expected[position]) { position += 1 }
        worker.underway =
            position < expected.count
            ? .header(folder: folder.name, uid: expected[position]) : .folder(folder.name)
    }
}

extension ClosedRange<UInt32> {
    /// What is left of the range without some numbers.
    fileprivate func gaps(at numbers: Set<UInt32>) -> [ClosedRange<UInt32>] {
        var gaps: [ClosedRange<UInt32>] = []
        var lower = lowerBound
        for number in numbers.sorted() where contains(number) {
            if lower < number { gaps.append(lower...(number - 1)) }
            if number == upperBound { return gaps }
            lower = number + 1
        }
        gaps.append(lower...upperBound)
        return gaps
    }
}
