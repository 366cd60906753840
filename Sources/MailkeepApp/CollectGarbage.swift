import Foundation
import MailVault
import MailkeepModel
import MailkeepStore
import MailkeepSync

/// Gives back the space of stored bytes that nothing needs any more: of erased mail, and of what a crash left.
///
/// It stops at any doubt, as where a row does not find its bytes: nothing is removed then. Where others write for too
/// long, it ends with what it has done.
package struct CollectGarbage: UseCase {
    package var isDryRun: Bool
    /// How long those are waited for who write mail; nobody else begins meanwhile.
    var patience = Duration.seconds(60)

    package init(isDryRun: Bool) {
        self.isDryRun = isDryRun
    }

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> GarbageShape {
        let begun = AuditedAction(name: "gc", details: ["dry_run": "\(isDryRun)"])
        try await mailkeep.act(begun, as: caller) { _, actor in
            try PagePolicy.use(actor: actor).enforce()
            return (.done, ())
        }
        let found = try await stoppingAtDoubt {
            guard !isDryRun else { return try await garbage(in: mailkeep) }
            return try await mailkeep.retention.deleting { try await collect(in: mailkeep) }
        }
        let shape = GarbageShape(found, isDryRun: isDryRun)
        guard !isDryRun else { return shape }
        let done = AuditedAction(
            name: "gc.done",
            details: ["segments": "\(shape.segments)", "entries": "\(shape.entries)", "bytes": "\(shape.bytes)"]
        )
        return try await mailkeep.act(done, as: caller) { _, _ in (.done, shape) }
    }

    private func stoppingAtDoubt<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as VaultError where [.damaged, .missing].contains(error.code) {
            throw AppError(.collectionDoubt)
        } catch is TurnsTaken {
            throw AppError(.vaultBusy)
        }
    }

    private func garbage(in mailkeep: Mailkeep) async throws -> [SegmentGarbage] {
        guard try await mailkeep.store.read({ try $0.integrityFaults().isEmpty && $0.contentsAddUp() }) else {
            throw AppError(.collectionDoubt)
        }
        var found: [SegmentGarbage] = []
        for segment in try mailkeep.vault.segments() {
            try Task.checkCancellation()
            let named = try await named(in: segment, of: mailkeep)
            if let garbage = try mailkeep.vault.garbage(in: segment, named: named) { found.append(garbage) }
        }
        return found
    }

    private func collect(in mailkeep: Mailkeep) async throws -> [SegmentGarbage] {
        let found = try await mailkeep.jobs.writers.alone(atMost: patience) {
            let found = try await garbage(in: mailkeep)
            try await mailkeep.store.write { try $0.dropUnneededContents() }
            try mailkeep.vault.leave(found)
            return found
        }
        var done: [SegmentGarbage] = []
        for garbage in found {
            do {
                try await mailkeep.jobs.writers.alone(atMost: patience) { try await rewrite(garbage, in: mailkeep) }
            } catch is TurnsTaken where !done.isEmpty {
                break
            }
            done.append(garbage)
        }
        return done
    }

    private func rewrite(_ garbage: SegmentGarbage, in mailkeep: Mailkeep) async throws {
        let named = try await named(in: garbage.segment, of: mailkeep)
        try await mailkeep.vault.rewrite(garbage.segment, named: named) { moved in
            try await mailkeep.store.write { transaction in
                for (id, location) in moved {
                    let place = ContentLocation(id, at: location)
                    try transaction.moveContent(place.key, from: garbage.segment, to: place)
                }
            }
        }
    }

    private func named(in segment: Int64, of mailkeep: Mailkeep) async throws -> [VaultEntryID: VaultLocation] {
        var named: [VaultEntryID: VaultLocation] = [:]
        for content in try await mailkeep.store.read({ try $0.neededContents(inSegment: segment) }) {
            guard let id = VaultEntryID(bytes: content.key) else { throw AppError(.collectionDoubt) }
            named[id] = VaultLocation(content)
        }
        return named
    }
}

/// What was, or would be, given back.
package struct GarbageShape: Encodable, Sendable, Equatable {
    package var dry_run: Bool
    /// Segments that are written anew, or removed.
    package var segments: Int
    package var entries: Int
    package var bytes: Int64

    init(_ found: [SegmentGarbage], isDryRun: Bool) {
        dry_run = isDryRun
        segments = found.count
        entries = found.reduce(0) { $0 + $1.entries }
        bytes = found.reduce(0) { $0 + $1.bytes }
    }
}
