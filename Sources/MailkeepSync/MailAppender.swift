import Foundation
import IMAPClient
import IMAPCore
import Logging
package import MailVault
import MailkeepKeys
package import MailkeepModel
import MailkeepStore

/// Puts stored mail into a mailbox by IMAP, and passes over what is there (RFC 9051, 6.3.12).
///
/// Nothing is kept of how far it came but where the mails are in the mailbox: that itself tells what is missing. Used by
/// one task at a time.
package final class MailAppender {
    package internal(set) var report = AppendReport()

    let vault: any Vault
    private let store: Store
    private let keys: KeyRing
    private let source: IMAPSource
    private let pause: Duration
    private let logger: Logger
    /// What is being sent.
    var underway: [AppendItem] = []
    /// How often the connection broke off at a mail.
    private var breaks: [MessageID: Int] = [:]
    /// Sent when the connection broke off: where they are found then, they were put there by us.
    private var doubtful: Set<MessageID> = []

    /// Mails of the page, by their numbers, of which it is known what became of them.
    private var decided: Set<Int> = []

    /// Attempts in a row without progress.
    private static let mostAttempts = 3

    init(
        into source: IMAPSource,
        store: Store,
        vault: any Vault,
        keys: KeyRing,
        pause: Duration = .seconds(1),
        logger: Logger
    ) {
        self.source = source
        self.store = store
        self.vault = vault
        self.keys = keys
        self.pause = pause
        self.logger = logger
    }

    /// Puts mail into the mailbox, a page at a time, until there is no further page, or nothing more can be put there.
    ///
    /// - Parameters:
    ///   - nextPage: gives mails, those of one folder one after another; nil at the end.
    ///   - onProgress: called after every few mails; throwing ends it.
    /// - Returns: what became of them, with why the rest was left.
    /// - Throws: `CancellationError`, what `nextPage` and `onProgress` throw, and what is not of the mailbox.
    package nonisolated(nonsending) func run(
        _ nextPage: nonisolated(nonsending) () async throws -> [AppendItem]?,
        onProgress: nonisolated(nonsending) (AppendReport) async throws -> Void
    ) async throws -> AppendReport {
        var queue: ArraySlice<AppendItem> = []
        var isAtEnd = false
        var attempts = 0
        var doneBefore = 0
        while true {
            do {
                try await source.signIn { connection in
                    let session = AppendSession(connection, self)
                    try await session.begin()
                    while true {
                        try Task.checkCancellation()
                        if queue.isEmpty, !isAtEnd {
                            guard let page = try await nextPage() else {
                                isAtEnd = true
                                continue
                            }
                            queue = numbered(page)[...]
                            continue
                        }
                        guard !queue.isEmpty else { break }
                        try await session.put(queue)
                        queue = queue.drop(while: isDecided)
                        try await onProgress(report)
                    }
                    try await session.confirm()
                }
                return report
            } catch is AppendSession.Full {
                report.stop = .full
                return report
            } catch  where SyncFailure.isOfTheMailbox(error) {
                let failure = SyncFailure(error)
                attempts = report.total == doneBefore ? attempts + 1 : 1
                doneBefore = report.total
                // What is left to do may be nothing but to look once more.
                if isAtEnd, queue.isEmpty { return report }
                guard failure.code == .connect, attempts < Self.mostAttempts else {
                    report.stop = .failure(failure)
                    return report
                }
                noteBreak()
                logger.info("mail is put into a mailbox anew", metadata: ["failure": "\(failure.code.rawValue)"])
                try await Task.sleep(for: pause * attempts)
            }
        }
    }

    // MARK: What the session asks and tells

    /// Whether the connection broke off while a mail was sent, so that it is to go alone.
    func isSuspect(_ item: AppendItem) -> Bool { breaks[item.message] != nil }

    /// Whether that happened twice.
    func isGivenUp(_ item: AppendItem) -> Bool { (breaks[item.message] ?? 0) >= 2 }

    func isDecided(_ item: AppendItem) -> Bool { decided.contains(item.number) }

    private func numbered(_ page: [AppendItem]) -> [AppendItem] {
        decided = []
        return page.enumerated().map { number, item in
            var item = item
            item.number = number
            return item
        }
    }

    func refuse(_ item: AppendItem, _ reason: AppendReport.Reason, in folder: String, _ words: String? = nil) {
        decided.insert(item.number)
        underway.removeAll { $0.number == item.number }
        report.refuse(item, reason, in: folder, words)
    }

    private func noteBreak() {
        for item in underway {
            breaks[item.message, default: 0] += 1
            doubtful.insert(item.message)
        }
        underway = []
    }

    func passOver(_ item: AppendItem) {
        decided.insert(item.number)
        if doubtful.remove(item.message) != nil { take(item) } else { report.present += 1 }
    }

    func take(_ item: AppendItem) {
        decided.insert(item.number)
        underway.removeAll { $0.number == item.number }
        doubtful.remove(item.message)
        breaks[item.message] = nil
        report.appended += 1
        report.bytes += item.size
    }

    func fingerprint(of item: AppendItem) throws -> MailFingerprint.Result {
        var ours = MailFingerprint()
        try vault.read(item.content) { ours.update($0) }
        return ours.finish()
    }

    /// Which messages were put into a folder, by where they are there.
    nonisolated(nonsending) func known(in folder: AppendFolder) async throws -> [UInt32: MessageID] {
        let (target, uidValidity) = (target(folder), folder.uidValidity)
        return try await store.read { try $0.appended(to: target, uidValidity: uidValidity) }
    }

    nonisolated(nonsending) func note(_ messages: [(MessageID, UInt32)], in folder: AppendFolder) async throws {
        for (message, _) in messages { folder.present.insert(message) }
        let (target, uidValidity) = (target(folder), folder.uidValidity)
        try await store.write { try $0.noteAppended(messages, to: target, uidValidity: uidValidity) }
    }

    /// A keyed hash of what names a folder of a mailbox; no address holds a NUL.
    private func target(_ folder: AppendFolder) -> Data {
        let server = source.server
        let words = [
            server.host.lowercased(), "\(server.port)", source.credentials.authorizeAs ?? source.credentials.username,
            folder.name.rawValue,
        ]
        return Data(keys.addressHasher.hash("append\0" + words.joined(separator: "\0")))
    }
}

extension MailSources {
    /// What puts mail into a mailbox on an IMAP server: an active user's, by their settings, or one whose sign-in is given.
    ///
    /// - Throws: `SyncFailure`.
    package func appender(
        to target: AppendTarget,
        permissions: JobPermissions,
        vault: any Vault
    ) async throws
        -> MailAppender
    {
        let source: any MailSource
        switch target {
        case .mailbox(let user): source = try await own(of: user, permissions: permissions).source
        case .server(let server, let credentials):
            source = try self.source(
                accountType: .imap,
                server: server,
                credentials: credentials,
                path: nil,
                mailbox: nil,
                permissions
            )
        }
        guard let source = source as? IMAPSource else {
            throw SyncFailure(.settings, "mail can be put into mailboxes on IMAP servers alone")
        }
        return MailAppender(into: source, store: store, vault: vault, keys: keys, logger: logger)
    }
}

/// A mailbox that mail is put into.
package enum AppendTarget: Sendable {
    /// An active user's, as their settings have it.
    case mailbox(of: UserID)
    case server(MailServer, MailCredentials)
}
