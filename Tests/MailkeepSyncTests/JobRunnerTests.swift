import Foundation
import Logging
import MailVault
import MailkeepKeys
import MailkeepModel
import MailkeepStore
import Synchronization
import Testing

@testable import MailkeepSync

// One by one, as tests whose workers stand still at a gate keep a thread each.
@Suite("Workers at the same job or mailbox", .serialized)
struct JobRunnerTests {
    @Test("A worker whose lease ran out completes nothing any more; the one that took over does, once (B8)")
    func takeOver() async throws {
        let place = try await Place()
        let gate = Gate()
        let first = place.runner(SteppedVault(vault: place.vault) { gate.wait() })
        // Ten minutes later by its clock, so that no renewal by the other's can come in between.
        let second = place.runner(place.vault, later: 600_000)
        async let stalled = first.runNext(logger: place.logger)
        try await gate.isReached()
        #expect(try await second.runNext(logger: place.logger))
        let completed = try #require(try await place.store.read { try $0.backup(place.backup) })
        #expect(completed.status == .completed && completed.messages == 3 && completed.added == 3)
        gate.open()
        _ = try await stalled
        #expect(try await place.store.read { try $0.backup(place.backup) } == completed)
        let held = try await place.store.read { try $0.messages(of: completed, after: nil, limit: 10).count }
        #expect(held == 3)
        let ends = try await place.store.read { try $0.auditEntries().items.count { $0.action == "backup.end" } }
        #expect(ends == 1)
        #expect(try await place.store.read { try $0.hasJob(at: .init(rawValue: .max)) } == false)
    }

    @Test("A job waits until one that was cancelled has let go of the mailbox")
    func cancellation() async throws {
        let place = try await Place()
        let gate = Gate()
        let isFirst = Atomic(true)
        let runner = place.runner(
            SteppedVault(vault: place.vault) { if isFirst.exchange(false, ordering: .relaxed) { gate.wait() } }
        )
        async let cancelled = runner.runNext(logger: place.logger)
        try await gate.isReached()
        try await place.store.write { transaction in
            let now = Timestamp(rawValue: 1_750_000_000_000)
            _ = try transaction.endBackup(place.backup, as: .cancelled, at: now)
            let job = try #require(try transaction.job(of: place.backup))
            try transaction.endJob(job, as: .cancelled, at: now)
        }
        let next = try await place.request()
        async let second = runner.runNext(logger: place.logger)
        let status = { try await place.store.read { try $0.backup(next)?.status } }
        let isLeased = {
            let facts = try await place.store.read { try $0.operationFacts(at: Timestamp(rawValue: 1_750_000_000_000)) }
            return facts.jobs[.init(kind: .backup, standing: .running)] == 1
        }
        while try await !isLeased() { try await Task.sleep(for: .milliseconds(5)) }
        for _ in 0..<100 where try await status() == .waiting { try await Task.sleep(for: .milliseconds(5)) }
        #expect(try await status() == .waiting)
        gate.open()
        let ends = try await (cancelled, second)
        #expect(ends == (true, true))
        #expect(try await status() == .completed)
        #expect(try await place.store.read { try $0.backup(place.backup)?.status } == .cancelled)
    }

    @Test("A vault that fails ends the backup as Failed with its reason; the next one is whole")
    func failingVault() async throws {
        let place = try await Place()
        let full = SteppedVault(vault: place.vault) { throw VaultError(.diskFull, "no space left") }
        #expect(try await place.runner(full).runNext(logger: place.logger))
        let failed = try #require(try await place.store.read { try $0.backup(place.backup) })
        #expect(failed.status == .failed && failed.error == "disk" && failed.messages == 0)
        #expect(try await place.store.read { try $0.auditEntries().items.last?.outcome } == .failed)
        let again = try await place.request()
        #expect(try await place.runner(place.vault).runNext(logger: place.logger))
        let done = try #require(try await place.store.read { try $0.backup(again) })
        #expect(done.status == .completed && done.messages == 3)
        let (standing, attempt) = try await place.store.read { try $0.latestBackups(of: done.user) }
        #expect(standing == done && attempt == nil)
    }
}

/// A leaver whose Maildir holds three mails of a customer and one of nobody; a backup of it waits.
private final class Place: Sendable {
    let files: MailFiles
    let keys: KeyRing
    let store: Store
    let vault: SegmentVault
    let logger = Logger(label: "test")
    private let ids = Mutex<(user: UserID, backup: BackupID)?>(nil)

    var backup: BackupID { ids.withLock { $0?.backup ?? BackupID(rawValue: 0) } }

    init() async throws {
        files = try MailFiles()
        let data = URL(filePath: try files.folder("data"))
        keys = try KeyRing.create(in: data)
        store = try Store(path: data.appending(path: "mailkeep.sqlite").path, keys: keys)
        vault = try SegmentVault(in: data, keys: keys, store: store)
        try files.maildir("mail")
        for number in 1...4 {
            let sender = number == 4 ? "x@elsewhere.example" : "customer@example.com"
            try files.write("From: \(sender)\r\nSubject: \(number)\r\n\r\nText\r\n", to: "mail/new/\(number)")
        }
        let (hasher, path, now) = (keys.addressHasher, "\(files.path)/mail", Timestamp(rawValue: 1_750_000_000_000))
        let user = try await store.write { transaction in
            try transaction.createOrganization(name: "Example", at: now)
            func hash(_ address: String) -> Data { Data(hasher.hash(address)) }
            let leaver = NewUser(
                email: "leaver@example.jp",
                normalizedEmail: "leaver@example.jp",
                domain: "example.jp",
                name: "Leaver",
                profile: .standard,
                locale: .english
            )
            let user = try transaction.insertUser(leaver, addressHash: hash("leaver@example.jp"), at: now)
            let contact = Record(
                key: RecordKey(module: .contacts, id: Identifier(rawValue: 1)),
                owner: user,
                name: "Customer",
                addresses: [RecordAddress(address: "customer@example.com", hash: hash("customer@example.com"))]
            )
            try transaction.upsertRecord(contact, at: now)
            let settings = NewMailAddonSettings(
                address: "leaver@example.jp",
                normalizedAddress: "leaver@example.jp",
                domain: "example.jp",
                accountType: .maildir,
                server: nil,
                path: path,
                credentials: nil,
                sharing: .all
            )
            try transaction.saveMailAddon(settings, of: user, addressHash: hash("leaver@example.jp"), at: now)
            try transaction.deactivate(user, at: now)
            return user
        }
        ids.withLock { $0 = (user, BackupID(rawValue: 0)) }
        let backup = try await request()
        ids.withLock { $0 = (user, backup) }
    }

    deinit {
        try? store.close()
    }

    /// Asks for a backup.
    func request() async throws -> BackupID {
        guard let user = ids.withLock({ $0?.user }) else { return BackupID(rawValue: 0) }
        return try await store.write { transaction in
            guard let addon = try transaction.mailAddon(of: user) else { return BackupID(rawValue: 0) }
            return try transaction.insertBackup(
                of: user,
                kind: .first,
                addon: addon,
                requestedBy: user,
                permissions: JobPermissions(),
                at: Timestamp(rawValue: 1_750_000_000_000)
            )
        }
    }

    func runner(_ vault: any Vault, later milliseconds: Int64 = 0) -> JobRunner {
        JobRunner(
            store: store,
            vault: vault,
            keys: keys,
            sources: MailSources(
                store: store,
                keys: keys,
                uploads: UploadFolder(in: "\(files.path)/data", keys: keys),
                networks: [],
                paths: [files.path],
                logger: logger
            ),
            now: { Timestamp(rawValue: 1_750_000_000_000 + milliseconds) }
        )
    }
}

/// A gate at which whoever comes waits until it is opened.
private final class Gate: Sendable {
    private let state = Mutex((reached: false, open: false))

    func wait() {
        state.withLock { $0.reached = true }
        while !state.withLock({ $0.open }) { usleep(2000) }
    }

    func isReached() async throws {
        while !state.withLock({ $0.reached }) { try await Task.sleep(for: .milliseconds(5)) }
    }

    func open() { state.withLock { $0.open = true } }
}

/// A vault before whose `sync` something happens.
private struct SteppedVault: Vault {
    let vault: any Vault
    let beforeSync: @Sendable () throws -> Void

    func sync() throws {
        try beforeSync()
        try vault.sync()
    }

    func makeWriter(isAnew: Bool) throws -> any VaultWriter { try vault.makeWriter(isAnew: isAnew) }

    func read(
        _ id: VaultEntryID,
        at location: VaultLocation,
        _ onChunk: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try vault.read(id, at: location, onChunk)
    }

    func makeReader(_ id: VaultEntryID, at location: VaultLocation) throws -> any VaultReader {
        try vault.makeReader(id, at: location)
    }

    func scan(_ onEntry: (ScannedEntry) throws -> Void) throws { try vault.scan(onEntry) }
}
