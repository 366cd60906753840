import Foundation
import MailVault
import MailkeepModel
import MailkeepStore
import MailkeepSync

/// What was found of the stored content, and whole entries that may stand in for damaged ones.
struct StoredContents: Sendable {
    /// Contents that are named, and segments.
    var count = 0
    var segments = 0
    var segmentBytes: Int64 = 0
    var namedBytes: Int64 = 0
    /// Content whose place holds no entry of its own, or one that does not open, or that has no place.
    var damaged: Set<Data> = []
    /// Of a scan: bytes that are no entry.
    var unreadableBytes: Int64 = 0
    /// Of a scan: whole entries of damaged content that lie elsewhere.
    var whole: [Data: DurableContent] = [:]
    var isScanned = false

    /// Bytes that nothing names: what a crash leaves, beside a few of every segment's own.
    var orphanedBytes: Int64 { max(0, segmentBytes - namedBytes) }

    var finding: DoctorFinding {
        let values = [
            "count": "\(count)", "segments": "\(segments)", "orphaned": ByteCount(orphanedBytes).text,
            "damaged": "\(damaged.count)", "unreadable": ByteCount(unreadableBytes).text,
        ]
        if !damaged.isEmpty { return DoctorFinding(.vault, .failed, .vaultDamaged, values) }
        if unreadableBytes > 0 { return DoctorFinding(.vault, .failed, .vaultUnreadable, values) }
        return DoctorFinding(.vault, .ok, isScanned ? .vaultOkThorough : .vaultOk, values)
    }
}

extension Doctor {
    private static let page = 1000

    /// Looks at the place of every content, and, where it is to be thorough, at every byte.
    func examineVault(_ mailkeep: Mailkeep) async throws -> StoredContents {
        try await onProgress(Progress(check: .vault))
        var stored = StoredContents()
        var last: Data?
        while true {
            try Task.checkCancellation()
            let after = last
            let page = try await mailkeep.store.read { try $0.contents(after: after, limit: Self.page) }
            guard let end = page.last else { break }
            for content in page {
                stored.count += 1
                stored.namedBytes = stored.namedBytes.addingReportingOverflow(content.length).partialValue
                do {
                    _ = try mailkeep.vault.makeReader(content)
                } catch let error as VaultError where [.damaged, .missing].contains(error.code) {
                    stored.damaged.insert(content.key)
                }
            }
            last = end.key
        }
        stored.damaged.formUnion(try await mailkeep.store.read { try $0.unplacedContents() })
        let vault = mailkeep.directory.vault
        for name in try DataDirectory.entries(of: vault) where name.hasSuffix(".seg") {
            stored.segments += 1
            guard let file = try SnapshotFile("\(vault)/\(name)") else { continue }
            stored.segmentBytes += file.size
        }
        return isThorough ? try await scan(stored, mailkeep) : stored
    }

    /// Reads every byte of the vault, away from the cooperative pool.
    private func scan(_ stored: StoredContents, _ mailkeep: Mailkeep) async throws -> StoredContents {
        let cancelled = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                Thread.detachNewThread {
                    continuation.resume(with: Result { try Self.scan(stored, mailkeep, cancelled) })
                }
            }
        } onCancel: {
            cancelled.set()
        }
    }

    private static func scan(
        _ stored: StoredContents,
        _ mailkeep: Mailkeep,
        _ cancelled: CancellationFlag
    ) throws -> StoredContents {
        var stored = stored
        stored.isScanned = true
        stored.whole = [:]
        try mailkeep.vault.scan { entry in
            guard !cancelled.isSet else { throw CancellationError() }
            switch entry.finding {
            case .whole(let id, _, _):
                let key = Data(id.bytes)
                guard stored.damaged.contains(key) else { return }
                stored.whole[key] = try DurableContent(entry, id) { try mailkeep.store.location(of: $0) }
            case .damagedContent(let id):
                let key = Data(id.bytes)
                guard let content = try mailkeep.store.location(of: key) else { return }
                if VaultLocation(content) == entry.location { stored.damaged.insert(key) }
            case .unreadable:
                stored.unreadableBytes += entry.location.length
            }
        }
        return stored
    }

    /// Mends what is damaged: first from whole entries elsewhere in the vault, then from the mailboxes.
    func mend(_ stored: inout StoredContents, in mailkeep: Mailkeep) async throws -> [DoctorRepair] {
        var repairs: [DoctorRepair] = []
        let orphaned = try await mailkeep.store.read { try $0.uploadedFiles() }
        let uploads = try mailkeep.uploads.compare(with: orphaned).orphaned
        if uploads > 0 {
            try await mailkeep.removeDetachedUploads()
            repairs.append(DoctorRepair(sentence: .repairedUploads, count: uploads))
        }
        guard !stored.damaged.isEmpty else { return repairs }
        // Once more where it was scanned already: what it found damaged may lie whole before it.
        stored = try await scan(stored, mailkeep)
        let whole = Array(stored.whole.values)
        if !whole.isEmpty {
            try await mailkeep.store.write { transaction in
                for content in whole { try transaction.replaceContent(content) }
            }
            repairs.append(DoctorRepair(sentence: .repairedIndex, count: whole.count))
        }
        let damaged = stored.damaged.subtracting(stored.whole.keys)
        guard !damaged.isEmpty else { return repairs }
        let (lost, manifests) = try await mailkeep.store.read { transaction in
            let lost = try transaction.wholeContents(of: damaged)
            return (lost, try transaction.backups().filter { $0.manifest.map { lost.contains($0.key) } ?? false })
        }
        let reader = LostContent(
            store: mailkeep.store,
            vault: mailkeep.vault,
            sources: mailkeep.sources,
            logger: mailkeep.logger
        )
        let ofManifests = Set(manifests.compactMap { $0.manifest?.key })
        let outcomes = try await reader.fetch(
            lost.subtracting(ofManifests).sorted { $0.lexicographicallyPrecedes($1) },
            permissions: permissions
        )
        for (outcome, sentence) in Self.sentences {
            let count = outcomes.values.count { $0 == outcome }
            if count > 0 { repairs.append(DoctorRepair(sentence: sentence, count: count)) }
        }
        if !ofManifests.isEmpty {
            let values = ["backups": manifests.map { "\($0.id)" }.joined(separator: ", ")]
            repairs.append(DoctorRepair(sentence: .unrepairedManifests, count: ofManifests.count, values: values))
        }
        return repairs
    }

    private static let sentences: [(LostContent.Outcome, DoctorSentence)] = [
        (.fetched, .repairedFetched), (.gone, .unrepairedGone), (.unreachable, .unrepairedUnreachable),
    ]
}

extension DurableContent {
    /// What a scan found whole; parts that have no place are left to where they are found themselves.
    fileprivate init(
        _ entry: ScannedEntry,
        _ id: VaultEntryID,
        locate: (Data) throws -> ContentLocation?
    ) rethrows {
        self.init(
            Part(ContentLocation(id, at: entry.location), isNew: true),
            parts: try Set(entry.parts).compactMap { part in
                try locate(Data(part.bytes)).map { Part($0, isNew: false) }
            }
        )
    }
}
