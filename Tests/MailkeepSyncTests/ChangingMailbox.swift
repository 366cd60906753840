import MailkeepModel
import Synchronization

@testable import MailkeepSync

/// A mailbox that is changed between readings, and may not be reached, or not wholly.
final class ChangingMailbox: MailSource {
    struct Folder: Sendable {
        var uidValidity: UInt32
        var uidNext: UInt32 = 1
        var mails: [UInt32: String] = [:]
        var exclusion: FolderExclusion?
        /// UIDs whose bodies are refused.
        var refused: Set<UInt32> = []
        var refusesToOpen = false

        mutating func append(_ mail: String) {
            mails[uidNext] = mail
            uidNext += 1
        }
    }

    struct State: Sendable {
        var folders: [String: Folder] = [:]
        var isReachable = true
    }

    private let state = Mutex(State())

    func change<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
        state.withLock { body(&$0) }
    }

    nonisolated(nonsending) func withSession(
        _ body: nonisolated(nonsending) (any MailSession) async throws -> Void
    ) async throws {
        let now = change { $0 }
        guard now.isReachable else { throw SyncFailure(.auth, "refused") }
        try await body(Session(folders: now.folders))
    }

    private final class Session: MailSession {
        private let all: [String: Folder]
        private var folder = Folder(uidValidity: 1)

        init(folders: [String: Folder]) { all = folders }

        let headerWindow = 3

        func uidValidity(below uid: UInt32) -> UInt32 { folder.uidValidity }

        nonisolated(nonsending) func folders() async throws -> [SourceFolder] {
            all.map { name, folder in
                SourceFolder(name: name, path: name, exclusion: folder.exclusion, status: OpenedFolder(folder))
            }
        }

        nonisolated(nonsending) func open(_ folder: SourceFolder) async throws -> OpenedFolder {
            guard let found = all[folder.path], !found.refusesToOpen else { throw SyncFailure(.server, "refused") }
            self.folder = found
            return OpenedFolder(found)
        }

        nonisolated(nonsending) func uids(in range: ClosedRange<UInt32>) async throws -> [UInt32] {
            folder.mails.keys.filter(range.contains).sorted()
        }

        nonisolated(nonsending) func headers(
            of uids: [ClosedRange<UInt32>],
            _ onHeader: nonisolated(nonsending) (SourceHeader) async throws -> Void
        ) async throws -> [UInt32] {
            for (uid, mail) in folder.mails.sorted(by: { $0.key < $1.key }) where uids.contains(where: { $0 ~= uid }) {
                let bytes = Array(mail.utf8)
                try await onHeader(SourceHeader(uid: uid, size: UInt64(bytes.count), bytes: bytes))
            }
            return []
        }

        nonisolated(nonsending) func bodies(
            of uids: [UInt32],
            _ onBody: nonisolated(nonsending) (SourceBody) async throws -> Void
        ) async throws -> [UInt32] {
            for uid in uids where !folder.refused.contains(uid) {
                guard let mail = folder.mails[uid] else { continue }
                try await onBody(SourceBody(uid: uid) { write in try Array(mail.utf8).withUnsafeBytes(write) })
            }
            return uids.filter(folder.refused.contains)
        }
    }
}

extension OpenedFolder {
    fileprivate init(_ folder: ChangingMailbox.Folder) {
        self.init(uidValidity: folder.uidValidity, uidNext: folder.uidNext, count: folder.mails.count)
    }
}
