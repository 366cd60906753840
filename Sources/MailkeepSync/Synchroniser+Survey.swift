import MailkeepModel
import MailkeepStore

extension Synchroniser {
    /// What a look at a mailbox's folders found to do.
    struct Survey: Sendable {
        /// The names of all folders that there are.
        var names: Set<String> = []
        /// What stands between the levels of their names; nil where none has any.
        var delimiter: Character?
        /// The names of all folders that should be read.
        var due: [String] = []
        /// Folders in which there are headers to read, or may be; those with the most first.
        var unread: [UnreadFolder] = []
        /// Folders whose headers are known, with bodies to read.
        var wanting: [ConsideredFolder] = []

        /// About how many headers there are to read.
        var unreadCount: Int { unread.reduce(0) { $0 + $1.weight } }
    }

    /// A folder in which there is something new, or may be.
    struct UnreadFolder: Sendable {
        let source: SourceFolder
        /// Folders of former names that this one may be, renamed.
        let former: [KnownFolder]
        /// About how many headers are to be read.
        let weight: Int
    }

    /// Looks at all folders, and opens none: what the source says of them in passing tells in which there is nothing to
    /// do.
    nonisolated(nonsending) func survey(_ mailbox: MailboxID, _ worker: SyncWorker) async throws -> Survey {
        let run = worker.run
        let folders = try await worker.session.folders()
        let known = try await store.read { try $0.knownFolders(of: mailbox) }
        let byName = Dictionary(known.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let names = Set(folders.map(\.name))
        let gone = known.filter { !names.contains($0.name) }
        var survey = Survey(names: names)
        survey.delimiter = folders.lazy.compactMap(\.delimiter).first
        var untouched = 0
        for folder in folders {
            if let exclusion = folder.exclusion {
                run.excludes(folder.name, as: exclusion)
                untouched += 1
                continue
            }
            survey.due.append(folder.name)
            let before = byName[folder.name]
            guard let status = folder.status, let before, before.isUpToDate(status) else {
                survey.unread.append(UnreadFolder(folder, before, gone: gone))
                continue
            }
            run.counts(status.count, in: folder.name)
            untouched += 1
            if before.hasWanted {
                survey.wanting.append(ConsideredFolder(source: folder, opened: status, position: before.position))
            }
        }
        survey.unread.sort { $0.weight > $1.weight }
        let (done, total) = (untouched, folders.count)
        try await run.report { ($0.foldersDone, $0.foldersTotal) = (done, total) }
        return survey
    }
}

extension KnownFolder {
    /// Whether no header is to be read: no mail has come or gone, none that is there was passed over, and none is to be
    /// asked for again.
    fileprivate func isUpToDate(_ status: OpenedFolder) -> Bool {
        guard let next = status.uidNext, status.uidValidity == position.uidValidity else { return false }
        return next <= position.nextUID && status.count == count && !hasUnreadHeaders
    }
}

extension Synchroniser.UnreadFolder {
    /// What is assumed of a folder of which the source says nothing.
    private static let usualCount = 25

    fileprivate init(_ folder: SourceFolder, _ before: KnownFolder?, gone: [KnownFolder]) {
        var source = folder
        source.before = before.flatMap { known in
            known.modSeq.map { FolderState(uidValidity: known.position.uidValidity, modSeq: $0) }
        }
        self.source = source
        former = before == nil ? gone : []
        let count = folder.status?.count ?? Self.usualCount
        let new = folder.status?.uidNext.flatMap { next in
            before.map { Int(next) - Int($0.position.nextUID) }
        }
        weight = max(1, min(count, new ?? count))
    }
}
