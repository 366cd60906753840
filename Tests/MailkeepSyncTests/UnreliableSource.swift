import IMAPClient
import MailkeepModel
import MailkeepStore
import Synchronization

@testable import MailkeepSync

/// A mailbox whose folders hold mails of the customer's, numbered from 1, on a server that fails as it is told to.
final class UnreliableSource: MailSource {
    struct Folder: Sendable {
        var mails = 0
        /// UIDs that exist no more.
        var gone: Set<UInt32> = []
        var refusesToOpen = false
        /// UIDs that are answered with a refusal, or with nothing.
        var refusedHeaders: Set<UInt32> = []
        var silentHeaders: Set<UInt32> = []
        var refusedBodies: Set<UInt32> = []
        var silentBodies: Set<UInt32> = []
        /// UIDs at which the session ends.
        var breakingHeaders: Set<UInt32> = []
        var breakingBodies: Set<UInt32> = []
        /// Whether a mail is the same as that of its UID in the other folders, and the server says so.
        var isShared = false
        /// How many further addresses a header holds, none of which is another's.
        var addresses = 0
        /// Bytes that a mail has more.
        var bodySize = 0
    }

    struct State: Sendable {
        var folders: [String: Folder] = [:]
        /// How the session ends at a mail that breaks it.
        var failure = IMAPError.Code.connectionClosed
        /// Headers or bodies after which every session ends.
        var headersPerSession = Int.max
        var bodiesPerSession = Int.max
        fileprivate(set) var sessions = 0
        /// What was asked for, in the order of asking.
        fileprivate(set) var askedHeaders: [UInt32] = []
        fileprivate(set) var givenBodies: [UInt32] = []
    }

    private let state: Mutex<State>
    let dailyBytes: Int64?

    init(_ folders: [String: Folder], failure: IMAPError.Code = .connectionClosed, dailyBytes: Int64? = nil) {
        self.dailyBytes = dailyBytes
        state = Mutex(State(folders: folders, failure: failure))
    }

    func change<Value: Sendable>(_ body: @Sendable (inout State) -> Value) -> Value {
        state.withLock { body(&$0) }
    }

    nonisolated(nonsending) func withSession(
        _ body: nonisolated(nonsending) (any MailSession) async throws -> Void
    ) async throws {
        change { $0.sessions += 1 }
        do {
            try await body(Session(source: self))
        } catch let error as IMAPError {
            throw SyncFailure(error)
        }
    }

    final class Session: MailSession {
        private let source: UnreliableSource
        private var name = ""
        private var headersLeft: Int
        private var bodiesLeft: Int

        init(source: UnreliableSource) {
            self.source = source
            (headersLeft, bodiesLeft) = source.change { ($0.headersPerSession, $0.bodiesPerSession) }
        }

        private var folder: Folder { source.change { [name] in $0.folders[name] ?? Folder() } }
        private var broken: IMAPError { IMAPError(source.change(\.failure), "broken off") }

        let headerWindow = 2000

        func uidValidity(below uid: UInt32) -> UInt32 { 7 }

        nonisolated(nonsending) func folders() async throws -> [SourceFolder] {
            source.change { $0.folders.keys.sorted() }.map { SourceFolder(name: $0, path: $0, exclusion: nil) }
        }

        nonisolated(nonsending) func open(_ folder: SourceFolder) async throws -> OpenedFolder {
            name = folder.name
            guard !self.folder.refusesToOpen else { throw SyncFailure(.server, "refused") }
            let count = self.folder.mails
            return OpenedFolder(
                uidValidity: 7,
                uidNext: UInt32(count + 1),
                count: count - self.folder.gone.count
            )
        }

        nonisolated(nonsending) func uids(in range: ClosedRange<UInt32>) async throws -> [UInt32] {
            (0..<UInt32(folder.mails)).map { $0 + 1 }.filter { range.contains($0) && !folder.gone.contains($0) }
        }

        nonisolated(nonsending) func headers(
            of uids: [ClosedRange<UInt32>],
            _ onHeader: nonisolated(nonsending) (SourceHeader) async throws -> Void
        ) async throws -> [UInt32] {
            let folder = folder
            var refused: [UInt32] = []
            for range in uids {
                for uid in try await self.uids(in: range) {
                    source.change { $0.askedHeaders.append(uid) }
                    guard headersLeft > 0, !folder.breakingHeaders.contains(uid) else { throw broken }
                    headersLeft -= 1
                    if folder.refusedHeaders.contains(uid) {
                        refused.append(uid)
                    } else if !folder.silentHeaders.contains(uid) {
                        var mail = SyncWorkplace.mail("\(uid)")
                        if folder.addresses > 0 {
                            let others = (1...folder.addresses).map { "m\(uid)n\($0)@else.example" }
                            mail = "To: \(others.joined(separator: ",\r\n "))\r\n\(mail)"
                        }
                        try await onHeader(
                            SourceHeader(
                                uid: uid,
                                size: UInt64(mail.utf8.count),
                                bytes: Array(mail.utf8),
                                emailID: folder.isShared ? "\(uid)" : nil
                            )
                        )
                    }
                }
            }
            return refused
        }

        nonisolated(nonsending) func bodies(
            of uids: [UInt32],
            _ onBody: nonisolated(nonsending) (SourceBody) async throws -> Void
        ) async throws -> [UInt32] {
            let folder = folder
            var refused: [UInt32] = []
            for uid in uids where !folder.gone.contains(uid) {
                guard bodiesLeft > 0, !folder.breakingBodies.contains(uid) else { throw broken }
                bodiesLeft -= 1
                if folder.refusedBodies.contains(uid) {
                    refused.append(uid)
                } else if !folder.silentBodies.contains(uid) {
                    source.change { $0.givenBodies.append(uid) }
                    try await onBody(
                        SourceBody(uid: uid) { [name] write in
                            let subject = folder.isShared ? "\(uid)" : "\(name) \(uid)"
                            let mail = SyncWorkplace.mail(subject, body: String(repeating: "x", count: folder.bodySize))
                            try Array(mail.utf8).withUnsafeBytes(write)
                        }
                    )
                }
            }
            return refused
        }
    }
}
