import MailkeepModel
import MailkeepStore

extension Synchroniser {
    /// Mails by which a renamed folder is recognised.
    private static let samples = 20

    /// Takes a folder with a new name for one that is gone, where it is that one: what was read of it is not read again.
    ///
    /// It is, where the server says so (RFC 8474, 4), or where it has that one's UIDVALIDITY, which no other folder that
    /// is gone has, and the same mails under the same UIDs: of the same size and date, as a size alone proves nothing.
    nonisolated(nonsending) func adoptRenamed(
        _ folder: UnreadFolder,
        _ opened: OpenedFolder,
        _ worker: SyncWorker
    ) async throws {
        let fitting = folder.former.filter { $0.position.uidValidity == opened.uidValidity }
        let name = folder.source.name
        if let id = opened.objectID, let same = fitting.first(where: { $0.objectID == id }) {
            return try await store.write { try $0.renameFolder(same.position.id, to: name) }
        }
        guard let former = fitting.first, fitting.count == 1, former.objectID == nil || opened.objectID == nil,
            opened.uidNext.map({ $0 >= former.position.nextUID }) ?? true
        else { return }
        let samples = try await store.read { try $0.samples(of: former.position.id, limit: Self.samples) }
        guard !samples.isEmpty else { return }
        let known = Dictionary(samples.map { ($0.uid, $0) }, uniquingKeysWith: { first, _ in first })
        var (same, others) = (0, 0)
        worker.underway = .folder(name)
        _ = try await worker.session.headers(of: samples.map { $0.uid...$0.uid }) { header in
            guard let sample = known[header.uid] else { return }
            let seen = association.seen(header, in: MailboxID(rawValue: 0))
            let isDated = seen.sentAt != Timestamp(rawValue: 0)
            if seen.size != sample.size || isDated && seen.sentAt != sample.sentAt {
                others += 1
            } else if isDated {
                same += 1
            }
        }
        guard same > 0, others == 0 else { return }
        try await store.write { try $0.renameFolder(former.position.id, to: name) }
    }
}
