import Foundation
import MailMessage
import MailVault
import MailkeepStore

extension Synchroniser {
    /// Mails and bytes per transaction.
    private static let bodyBatch = 100
    private static let bodyBatchBytes = 16 << 20
    /// Bodies asked for at a time.
    private static let wantedPage = 500
    /// Of a larger mail, only this much is read for the summary.
    private static let summaryBytes = 8 << 20

    /// Reads the bodies that are wanted, once all headers are known: how many there are is then known too.
    nonisolated(nonsending) func readBodies(
        of folders: [ConsideredFolder],
        in session: any MailSession,
        _ run: SynchronisationRun
    ) async throws {
        var wanting: [ConsideredFolder] = []
        for folder in folders {
            let count = try await store.read { try $0.wantedCount(in: folder.position.id) }
            guard count > 0 else { continue }
            run.progress.found += count
            wanting.append(folder)
        }
        for folder in wanting {
            guard try await open(folder.source, in: session, run) != nil else { continue }
            guard session.uidValidity(below: folder.position.nextUID) == folder.position.uidValidity else {
                throw SyncFailure(.connect, "a folder was numbered anew while it was read")
            }
            try await readBodies(of: folder, in: session, run)
        }
    }

    private nonisolated(nonsending) func readBodies(
        of folder: ConsideredFolder,
        in session: any MailSession,
        _ run: SynchronisationRun
    ) async throws {
        let place = { (entry: WantedEntry) in SynchronisationRun.Place.body(folder: folder.name, entry: entry.id) }
        var after: UInt32 = 0
        while true {
            let lower = after
            let page = try await store.read {
                try $0.wantedEntries(in: folder.position.id, after: lower, limit: Self.wantedPage)
            }
            guard let last = page.last else { return }
            after = last.uid
            try await skip(page.filter { $0.size > Self.largestMail }, because: .tooLarge)
            let wanted = page.filter { $0.size <= Self.largestMail }
            let new = wanted.filter { !$0.isAgain }
            try await skip(new.filter { run.isGivenUp(place($0)) }, because: .unreadable)
            let asked = new.filter { !run.isGivenUp(place($0)) }
            for entry in asked.filter({ run.isSuspect(place($0)) }) {
                try await fetch([entry], in: session, run, at: place)
            }
            try await fetch(asked.filter { !run.isSuspect(place($0)) }, in: session, run, at: place)
            // One by one, in another order each time, as one may hide the others.
            let again = SynchronisationRun.Place.again(folder: folder.name)
            for entry in wanted.filter(\.isAgain).shuffled() where !run.isGivenUp(again) {
                try await fetch([entry], in: session, run) { _ in again }
            }
            run.underway = .folder(folder.name)
        }
    }

    private func skip(_ entries: [WantedEntry], because reason: SkipReason) async throws {
        guard !entries.isEmpty else { return }
        try await store.write { transaction in
            for entry in entries { try transaction.skip(entry.id, because: reason) }
        }
    }

    private nonisolated(nonsending) func fetch(
        _ wanted: [WantedEntry],
        in session: any MailSession,
        _ run: SynchronisationRun,
        at place: (WantedEntry) -> SynchronisationRun.Place
    ) async throws {
        guard !wanted.isEmpty else { return }
        var missing = Dictionary(wanted.map { ($0.uid, $0) }, uniquingKeysWith: { first, _ in first })
        var position = 0
        var batch: [FetchedMessage] = []
        var batchBytes = 0
        // The first mail that has not come is what the source works on.
        func pass() {
            while position < wanted.count, missing[wanted[position].uid] == nil { position += 1 }
            if position < wanted.count { run.underway = place(wanted[position]) }
        }
        pass()
        do {
            let unreadable = try await session.bodies(of: wanted.map(\.uid)) { body in
                guard let entry = missing[body.uid] else { return }
                run.underway = place(entry)
                let message = try await store(body, as: entry.id)
                missing[body.uid] = nil
                pass()
                batch.append(message)
                batchBytes += Int(clamping: message.size)
                guard batch.count >= Self.bodyBatch || batchBytes >= Self.bodyBatchBytes else { return }
                try await record(batch, run)
                batch.removeAll(keepingCapacity: true)
                batchBytes = 0
            }
            try await record(batch, run)
            batch.removeAll()
            // Servers leave out mails without a word; only what they list no more is gone.
            let silent = missing.keys.filter { !unreadable.contains($0) }
            let there = try await stillThere(silent, in: session).union(unreadable)
            try await skip(missing.values.filter { !there.contains($0.uid) }, because: .vanished)
            try await skip(missing.values.filter { there.contains($0.uid) }, because: .unreadable)
        } catch  where SyncFailure.isOfTheMailbox(error) {
            // Those that came are not fetched again.
            try await record(batch, run)
            throw error
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
        run.comesFurther()
        run.progress.stored += messages.count
        run.progress.bytes += messages.reduce(0) { $0 + Int64(clamping: $1.size) }
        try await run.reportProgress()
    }
}
