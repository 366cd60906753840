import Foundation
import Logging
import MailVault
import MailkeepKeys
import MailkeepModel
import MailkeepStore
import Synchronization
import TestSupport

@testable import MailkeepSync

/// An organisation with one user, their mailbox and one contact, removed when the value goes.
final class SyncWorkplace: Sendable {
    static let customer = "customer@customer.example"
    static let contact = RecordKey(module: .contacts, id: Identifier(rawValue: 1))

    let store: Store
    private let directory: URL
    let keys: KeyRing
    let vault: SegmentVault
    let owner: UserID
    let mailbox: MailboxID
    private let clock = Atomic<Int64>(1_750_000_000_000)

    init() async throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "mailkeep-sync-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let keys = try KeyRing.create(in: directory)
        self.keys = keys
        store = try Store(path: directory.appending(path: "mailkeep.sqlite").path, keys: keys)
        vault = try SegmentVault(in: directory, keys: keys, store: store)
        let hash: @Sendable (String) -> Data = { Data(keys.addressHasher.hash($0)) }
        (owner, mailbox) = try await store.write { transaction in
            let now = Timestamp(rawValue: 1_740_000_000_000)
            let email = "owner@example.jp"
            try transaction.createOrganization(name: "Example", at: now)
            let user = NewUser(
                email: email,
                normalizedEmail: email,
                domain: "example.jp",
                name: "Owner",
                profile: .standard,
                status: .active,
                role: nil,
                locale: .english
            )
            let owner = try transaction.insertUser(user, addressHash: hash(email), at: now)
            let settings = NewMailAddonSettings(
                address: email,
                normalizedAddress: email,
                domain: "example.jp",
                accountType: .imap,
                server: MailServer(host: "mail.example.jp", port: 993, security: .tls),
                path: nil,
                credentials: nil,
                sharing: .all
            )
            try transaction.saveMailAddon(settings, of: owner, addressHash: hash(email), at: now)
            let record = Record(
                key: Self.contact,
                owner: owner,
                name: "Customer",
                addresses: [RecordAddress(address: Self.customer, hash: hash(Self.customer))],
                account: nil,
                contact: nil,
                sharedWith: []
            )
            try transaction.upsertRecord(record, at: now)
            guard let saved = try transaction.mailAddon(of: owner) else { throw CocoaError(.coderValueNotFound) }
            return (owner, saved.mailbox)
        }
    }

    deinit {
        try? store.close()
        try? FileManager.default.removeItem(at: directory)
    }

    /// When the last run began.
    var lastRun: Timestamp { Timestamp(rawValue: clock.load(ordering: .relaxed)) }

    @discardableResult
    func synchronise(
        _ source: any MailSource,
        _ onProgress: @escaping @Sendable (SyncProgress) async throws -> Void = { _ in }
    ) async throws -> SyncReport {
        clock.add(1000, ordering: .relaxed)
        let logger = Logger(label: "test")
        return try await synchroniser.run(source, mailbox: mailbox, logger: logger, onProgress: onProgress)
    }

    private var synchroniser: Synchroniser {
        let now = lastRun
        return Synchroniser(
            store: store,
            vault: vault,
            association: Association(hasher: keys.addressHasher),
            pause: .milliseconds(1),
            now: { now }
        )
    }

    /// Takes a backup, as its job does.
    func backUp(_ source: any MailSource, isAttached: Bool = false) async throws -> BackupDetails {
        clock.add(1000, ordering: .relaxed)
        let now = lastRun
        let id = try await store.write { try self.requestBackup($0) }
        let job = BackupJob(store: store, vault: vault, keys: keys, synchroniser: synchroniser, now: { now })
        var failure: (any Error)?
        do {
            try await job.run(
                id,
                source: .success((source, isAttached)),
                logger: Logger(label: "test"),
                keepLease: { _ in },
                judge: { $0 },
                holdsLease: { _ in true },
                onCompleted: { _, _ in }
            )
        } catch {
            failure = error
        }
        return try await store.write { [failure] transaction in
            if failure != nil { _ = try transaction.endBackup(id, as: .failed, at: now) }
            if let job = try transaction.job(of: id) { try transaction.endJob(job, as: .done, at: now) }
            if let failure { throw failure }
            guard let backup = try transaction.backup(id) else { throw CocoaError(.coderValueNotFound) }
            return backup
        }
    }

    private func requestBackup(_ transaction: WriteTransaction) throws -> BackupID {
        guard let addon = try transaction.mailAddon(of: owner) else { throw CocoaError(.coderValueNotFound) }
        return try transaction.insertBackup(
            of: owner,
            kind: .first,
            addon: addon,
            requestedBy: owner,
            permissions: JobPermissions(),
            at: lastRun
        )
    }

    /// Has a contact stand for some addresses, and no others.
    func setCustomers(_ addresses: [String]) async throws {
        let record = Record(
            key: Self.contact,
            owner: owner,
            name: "Customer",
            addresses: addresses.map { RecordAddress(address: $0, hash: Data(keys.addressHasher.hash($0))) }
        )
        try await store.write { [lastRun] in try $0.upsertRecord(record, at: lastRun) }
    }

    /// The workplace's mailbox on an IMAP server of this machine.
    func imap(port: Int) -> IMAPSource {
        IMAPSource(
            server: MailServer(host: "127.0.0.1", port: port, security: .none),
            credentials: MailCredentials(username: "alice", password: "secret"),
            policy: NetworkPolicy(allowed: [Network("127.0.0.0/8")].compactMap { $0 }),
            logger: Logger(label: "test")
        )
    }

    /// Saves the owner's settings, so that jobs read from an IMAP server of this machine.
    func settle(port: Int) async throws {
        let hash = Data(keys.addressHasher.hash("owner@example.jp"))
        let now = lastRun
        try await store.write { [owner] transaction in
            let settings = NewMailAddonSettings(
                address: "owner@example.jp",
                normalizedAddress: "owner@example.jp",
                domain: "example.jp",
                accountType: .imap,
                server: MailServer(host: "127.0.0.1", port: port, security: .none),
                path: nil,
                credentials: MailCredentials(username: "alice", password: "secret"),
                sharing: .all
            )
            try transaction.saveMailAddon(settings, of: owner, addressHash: hash, at: now)
        }
    }

    /// Works on jobs, at the time that it is here.
    func runner() -> JobRunner {
        JobRunner(
            store: store,
            vault: vault,
            keys: keys,
            sources: MailSources(
                store: store,
                keys: keys,
                uploads: UploadFolder(in: directory.path, keys: keys),
                networks: [Network("127.0.0.0/8")].compactMap { $0 },
                paths: [],
                connections: 1,
                logger: Logger(label: "test")
            ),
            pause: .milliseconds(1),
            now: { [self] in lastRun }
        )
    }

    func advance(minutes: Int64) {
        clock.add(minutes * 60_000, ordering: .relaxed)
    }

    /// The workplace's mailbox on a POP3 server of this machine.
    func pop3(port: Int, username: String = "alice", password: String = "secret") -> POP3Source {
        POP3Source(
            server: MailServer(host: "127.0.0.1", port: port, security: .none),
            credentials: MailCredentials(username: username, password: password),
            mailbox: mailbox,
            policy: NetworkPolicy(allowed: [Network("127.0.0.0/8")].compactMap { $0 }),
            store: store,
            keys: keys,
            logger: Logger(label: "test")
        )
    }

    var coveredUntil: Timestamp? {
        get async throws { try await store.read { [mailbox] in try $0.coveredUntil(mailbox) } }
    }

    /// What the certificate of a backup says of a folder that is taken of what is stored; it is let go again.
    func counts(of folder: String = "INBOX") async throws -> FolderCounts? {
        try await store.write { [self] transaction in
            let id = try requestBackup(transaction)
            try transaction.beginBackup(id, at: lastRun)
            guard let backup = try transaction.backup(id) else { throw CocoaError(.coderValueNotFound) }
            for folder in try transaction.foldersToFreeze(of: backup) {
                var last: UInt32? = 0
                while let after = last {
                    let page = try transaction.messagesToFreeze(into: backup, folder: folder, after: after, limit: 5000)
                    _ = try transaction.freeze(page.messages, into: backup)
                    last = page.last
                }
            }
            let counts = try transaction.folderCounts(of: owner, in: mailbox)
            _ = try transaction.endBackup(id, as: .cancelled, at: lastRun)
            if let job = try transaction.job(of: id) { try transaction.endJob(job, as: .cancelled, at: lastRun) }
            return counts.first { $0.name == folder }
        }
    }

    /// How far a folder is read.
    func position(in folder: String) async throws -> UInt32? {
        try await store.read { [mailbox] in try $0.knownFolders(of: mailbox) }.first { $0.name == folder }?
            .position.nextUID
    }

    /// The subjects of what is stored.
    var subjects: [String] {
        get async throws {
            try await store.read { [owner] in try $0.visibleMessages(on: Self.contact, to: owner) }
                .map(\.summary.subject).sorted()
        }
    }

    /// When what is stored was sent, by subject.
    var dates: [String: Timestamp] {
        get async throws {
            let messages = try await store.read { [owner] in try $0.visibleMessages(on: Self.contact, to: owner) }
            return Dictionary(messages.map { ($0.summary.subject, $0.sentAt) }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// The exact bytes of what is visible.
    var storedMails: [[UInt8]] {
        get async throws {
            try await store.read { [owner] in try $0.visibleMessages(on: Self.contact, to: owner) }
                .map { Array(try vault.readAll($0.content, limit: 1 << 30)) }
        }
    }

    /// A mail of the customer's.
    static func mail(_ subject: String, body: String = "Hello", end: String = "\r\n") -> String {
        ["From: \(customer)", "Subject: \(subject)", "", body, ""].joined(separator: end)
    }
}
