import Foundation
import MailMessage
import MailVault
import MailkeepModel
import MailkeepStore
import Synchronization

extension Synchroniser {
    /// Mails and bytes per transaction.
    private static let bodyBatch = 250
    private static let bodyBatchBytes = 16 << 20
    /// In milliseconds.
    private static let day: Int64 = 86_400_000
    /// Bodies asked for at a time.
    private static let wantedPage = 500
    /// Of a larger mail, only this much is read for the summary.
    private static let summaryBytes = 8 << 20

    /// A stretch of a folder's wanted mails.
    private struct Stretch: Sendable {
        let folder: ConsideredFolder
        let uids: ClosedRange<UInt32>
        /// How many of them are wanted.
        var count: Int
        /// The entries that are meant; nil for all.
        var only: Set<Int64>?
    }

    /// Who reads which of the mails that the server knows as the same in several folders, while stretches are worked off.
    private final class Copies: Sendable {
        private struct State {
            /// What is forgotten is stored by then, or is read again.
            var claimed = RecentValues<Data, Void>(capacity: 10_000)
            var left: [Stretch] = []

            mutating func claim(_ emailID: Data) -> Bool {
                guard claimed[emailID] == nil else { return false }
                claimed.insert(emailID, ())
                return true
            }
        }

        private let state = Mutex(State())

        /// What is left to whom another copy belongs that is being read.
        var left: [Stretch] { state.withLock(\.left) }

        /// Of some mails those to read now: of the same mail one copy alone.
        func claim(_ entries: [WantedEntry], of stretch: Stretch) -> [WantedEntry] {
            state.withLock { state in
                let mine = entries.filter { $0.emailID.map { state.claim($0) } ?? true }
                let others = Set(entries.map(\.id)).subtracting(mine.map(\.id))
                if !others.isEmpty {
                    let (folder, uids) = (stretch.folder, stretch.uids)
                    state.left.append(Stretch(folder: folder, uids: uids, count: others.count, only: others))
                }
                return mine
            }
        }
    }

    /// Reads the bodies that are wanted, once all headers are known: how many there are is then known too.
    nonisolated(nonsending) func readBodies(
        of folders: [ConsideredFolder],
        in mailbox: MailboxID,
        by worker: SyncWorker,
        _ team: Team
    ) async throws {
        var stretches: [Stretch] = []
        for folder in folders {
            let pages = try await store.read { try $0.wantedPages(in: folder.position.id, size: Self.wantedPage) }
            stretches += pages.map { Stretch(folder: folder, uids: $0.uids, count: $0.count) }
        }
        let found = stretches.reduce(0) { $0 + $1.count }
        try await worker.run.report { $0.found += found }
        var hasCopies = false
        while !stretches.isEmpty {
            let copies = Copies()
            try await share(
                stretches,
                by: worker,
                team,
                weight: stretches.reduce(0) { $0 + $1.count },
                preferring: { stretch, worker in stretch.folder.source.path == worker.opened?.path },
                { stretch, worker in
                    try await checkDailyLimit(worker, mailbox)
                    try await readBodies(of: stretch, in: mailbox, copies, worker)
                }
            )
            let left = copies.left
            hasCopies = hasCopies || !left.isEmpty
            // Most are the same as what was read meanwhile; where that did not come, they are read themselves.
            stretches = []
            for var stretch in left {
                let entries = try await take(stretch, worker.run)
                (stretch.count, stretch.only) = (entries.count, Set(entries.map(\.id)))
                if !entries.isEmpty { stretches.append(stretch) }
            }
        }
        if hasCopies { try await linkCopies(in: folders, worker.run) }
    }

    /// Takes copies for stored that did not come themselves, where another one did.
    private nonisolated(nonsending) func linkCopies(
        in folders: [ConsideredFolder],
        _ run: SynchronisationRun
    ) async throws {
        for folder in folders {
            let linked = try await store.write { try $0.linkStoredCopies(in: folder.position.id, 1...UInt32.max) }
            if !linked.isEmpty { try await run.report { $0.stored += linked.count } }
        }
    }

    /// Stops before a server does that locks accounts out which read too much on a day.
    private nonisolated(nonsending) func checkDailyLimit(_ worker: SyncWorker, _ mailbox: MailboxID) async throws {
        guard let limit = worker.dailyBytes else { return }
        let day = now().rawValue / Self.day
        guard try await store.read({ try $0.bytesRead(of: mailbox, day: day) }) >= limit else { return }
        throw SyncFailure(
            .throttled,
            "the day's limit of the mail server is reached",
            retryAt: Timestamp(rawValue: (day + 1) * Self.day)
        )
    }

    private nonisolated(nonsending) func readBodies(
        of stretch: Stretch,
        in mailbox: MailboxID,
        _ copies: Copies,
        _ worker: SyncWorker
    ) async throws {
        let (folder, run) = (stretch.folder, worker.run)
        guard try await worker.open(folder.source) != nil else { return }
        guard worker.session.uidValidity(below: folder.position.nextUID) == folder.position.uidValidity else {
            throw SyncFailure(.connect, "a folder was numbered anew while it was read")
        }
        let place = { (entry: WantedEntry) in SynchronisationRun.Place.body(folder: folder.name, entry: entry.id) }
        let page = try await take(stretch, run)
        try await skip(page.filter { $0.size > Self.largestMail }, because: .tooLarge)
        let wanted = copies.claim(page.filter { $0.size <= Self.largestMail }, of: stretch)
        let new = wanted.filter { !$0.isAgain }
        try await skip(new.filter { run.isGivenUp(place($0)) }, because: .unreadable)
        let asked = new.filter { !run.isGivenUp(place($0)) }
        for entry in asked.filter({ run.isSuspect(place($0)) }) {
            try await fetch([entry], in: mailbox, worker, at: place)
        }
        try await fetch(asked.filter { !run.isSuspect(place($0)) }, in: mailbox, worker, at: place)
        // One by one, in another order each time, as one may hide the others.
        let again = SynchronisationRun.Place.again(folder: folder.name)
        for entry in wanted.filter(\.isAgain).shuffled() where !run.isGivenUp(again) {
            try await fetch([entry], in: mailbox, worker) { _ in again }
        }
        worker.underway = .folder(folder.name)
    }

    /// What of a stretch is to be read, once those are linked of which another copy is stored, and those passed over that
    /// are past retention.
    private nonisolated(nonsending) func take(
        _ stretch: Stretch,
        _ run: SynchronisationRun
    ) async throws -> [WantedEntry] {
        let (id, uids, only) = (stretch.folder.position.id, stretch.uids, stretch.only)
        let moment = now()
        let (linked, page, wantedNoMore) = try await store.write { transaction in
            let linked = try transaction.linkStoredCopies(in: id, uids)
            if let retention = try transaction.retention() {
                try transaction.passOverExpired(in: id, uids, sentBefore: retention.cutoff(at: moment))
            }
            let page = try transaction.wantedEntries(in: id, uids).filter { only?.contains($0.id) ?? true }
            let known = linked.count { only?.contains($0) ?? true } + page.count
            if known < stretch.count { try transaction.pruneWanted(in: id, uids) }
            return (linked.count, page, stretch.count - known)
        }
        try await run.report { progress in
            progress.found -= wantedNoMore
            progress.stored += linked
        }
        return page
    }

    private func skip(_ entries: [WantedEntry], because reason: SkipReason) async throws {
        guard !entries.isEmpty else { return }
        try await store.write { transaction in
            for entry in entries { try transaction.skip(entry.id, because: reason) }
        }
    }

    private nonisolated(nonsending) func fetch(
        _ wanted: [WantedEntry],
        in mailbox: MailboxID,
        _ worker: SyncWorker,
        at place: (WantedEntry) -> SynchronisationRun.Place
    ) async throws {
        guard !wanted.isEmpty else { return }
        try await writers.withTurn { try await read(wanted, in: mailbox, worker, at: place) }
    }

    private nonisolated(nonsending) func read(
        _ wanted: [WantedEntry],
        in mailbox: MailboxID,
        _ worker: SyncWorker,
        at place: (WantedEntry) -> SynchronisationRun.Place
    ) async throws {
        let session = worker.session
        var missing = Dictionary(wanted.map { ($0.uid, $0) }, uniquingKeysWith: { first, _ in first })
        var position = 0
        var batch: [SealedMessage] = []
        var batchBytes = 0
        // The first mail that has not come is what the source works on.
        func pass() {
            while position < wanted.count, missing[wanted[position].uid] == nil { position += 1 }
            if position < wanted.count { worker.underway = place(wanted[position]) }
        }
        pass()
        do {
            let unreadable = try await session.bodies(of: wanted.map(\.uid)) { body in
                guard let entry = missing[body.uid] else { return }
                worker.underway = place(entry)
                let message = try await store(body, as: entry.id, worker)
                missing[body.uid] = nil
                pass()
                batch.append(message)
                batchBytes += Int(clamping: message.size)
                guard batch.count >= Self.bodyBatch || batchBytes >= Self.bodyBatchBytes else { return }
                try await record(batch, in: mailbox, worker.run)
                batch.removeAll(keepingCapacity: true)
                batchBytes = 0
                try await checkDailyLimit(worker, mailbox)
            }
            try await record(batch, in: mailbox, worker.run)
            batch.removeAll()
            // Servers leave out mails without a word; only what they list no more is gone.
            let silent = missing.keys.filter { !unreadable.contains($0) }
            let there = try await stillThere(silent, in: session).union(unreadable)
            try await skip(missing.values.filter { !there.contains($0.uid) }, because: .vanished)
            try await skip(missing.values.filter { there.contains($0.uid) }, because: .unreadable)
        } catch  where SyncFailure.isOfTheMailbox(error) {
            // Those that came are not fetched again.
            try await record(batch, in: mailbox, worker.run)
            throw error
        }
    }

    /// Streams one mail into the vault.
    private nonisolated(nonsending) func store(
        _ body: SourceBody,
        as entry: Int64,
        _ worker: SyncWorker
    ) async throws -> SealedMessage {
        let writer = try vault.makeWriter()
        worker.head.removeAll(keepingCapacity: true)
        try await body.forEachChunk { chunk in
            try writer.write(chunk)
            worker.head.append(contentsOf: chunk.prefix(Self.summaryBytes - worker.head.count))
        }
        let content = try writer.finish()
        let message = Message(parsing: worker.head, extent: .beginning)
        let received = body.receivedAt ?? ReceivedDate.newest(in: worker.head)
        let date = message.header.date ?? received
        let candidate = DeletionCandidate(
            sentAt: message.header.date.map(Timestamp.init(rawValue:)),
            // Where a server knows no better it tells the beginning of 1970.
            receivedAt: received.flatMap { $0 > 0 ? Timestamp(rawValue: $0) : nil },
            storedAt: now()
        )
        let retained = RetentionPolicy.date(of: candidate)
        let fetched = FetchedMessage(
            entry: entry,
            content: DurableContent(content),
            size: UInt64(clamping: content.size),
            date: date.map(Timestamp.init(rawValue:)),
            receivedAt: retained == candidate.sentAt ? nil : retained,
            flags: body.flags,
            cameAt: body.receivedAt.flatMap { $0 > 0 ? Timestamp(rawValue: $0) : nil },
            summary: MessageSummary(message, sha256: Data(content.sha256))
        )
        return try store.seal(fetched)
    }

    private nonisolated(nonsending) func record(
        _ messages: [SealedMessage],
        in mailbox: MailboxID,
        _ run: SynchronisationRun
    ) async throws {
        guard !messages.isEmpty else { return }
        try vault.sync()
        let bytes = messages.reduce(0) { $0 + Int64(clamping: $1.size) }
        let day = now().rawValue / Self.day
        try await store.write { transaction in
            try transaction.recordMessages(messages)
            try transaction.noteBytes(bytes, of: mailbox, day: day)
        }
        run.comesFurther()
        try await run.report { progress in
            progress.stored += messages.count
            progress.bytes += bytes
        }
    }
}
