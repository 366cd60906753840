import Foundation
package import Logging
import MailMessage
import MailVault
package import MailkeepKeys
package import MailkeepModel
import MailkeepStore
import MailkeepSync
import Synchronization

/// One organisation's Mailkeep: the data directory that this process owns, and everything that acts on it.
///
/// Pages, API and shell act through `perform` and the use cases alone, so that every rule holds in all of them.
package final class Mailkeep: Sendable {
    let directory: DataDirectory
    let store: Store
    let vault: SegmentVault
    let keys: KeyRing
    let sources: MailSources
    /// Where uploaded backup sources lie, and how many bytes each may have, packed or unpacked.
    let uploads: UploadFolder
    package let uploadLimit: Int64
    let providers: MailProviders
    /// Which receivers of webhooks may be connected to.
    let networks: NetworkPolicy
    let notifications: NotificationSettings
    let tokens: AccessTokens
    let passwordHasher = PasswordHasher()
    let throttle = SignInThrottle()
    /// What keeps segments from being deleted while they are copied.
    let retention = SegmentRetention()
    /// The master key, where it is given from outside; held while key files are read together or changed.
    private let masterKey: Mutex<MasterKey?>
    /// Lets one run at a time read a connected CRM.
    let directoryRuns = Turns(1)
    /// Large mails that are in memory to be shown.
    let largeMessages = Turns(2)
    let clock: @Sendable () -> Timestamp
    let logger: Logger
    /// Tells whether jobs are taken up.
    let workPulse = WorkPulse()
    /// Works on jobs.
    ///
    /// `serve` runs it beside everything else; without a server the command that asked for a job does.
    let jobs: JobRunner

    /// What this process may reach beyond the mail servers of the Internet.
    package struct Permissions: Sendable {
        let networks: [Network]
        let paths: [String]
        /// Connections to one mailbox at the same time.
        let connections: Int
        let uploadLimit: Int64

        /// Bytes of an uploaded backup source, unless told otherwise: 50 GB.
        package static let usualUploadLimit: Int64 = 50_000_000_000

        /// - Parameters:
        ///   - networks: CIDR blocks of mail servers on this machine or private networks.
        ///   - paths: folders of this machine from which mail files may be read.
        ///   - connections: to one mailbox at the same time, from 1 to 10: servers allow only so many.
        ///   - uploadLimit: bytes of an uploaded backup source.
        /// - Throws: `AppError` (`badNetwork`, `badMailConnections`).
        package init(
            networks: [String] = [],
            paths: [String] = [],
            connections: Int = 2,
            uploadLimit: Int64 = Permissions.usualUploadLimit
        ) throws {
            guard (1...10).contains(connections) else { throw AppError(.badMailConnections) }
            self.connections = connections
            self.networks = try networks.map { text in
                guard let network = Network(text) else { throw AppError(.badNetwork, ["network": text.forMessages]) }
                return network
            }
            self.paths = paths
            self.uploadLimit = uploadLimit
        }
    }

    private init(
        directory: DataDirectory,
        keys: KeyRing,
        masterKey: MasterKey?,
        permissions: Permissions,
        providers: MailProviders,
        notifications: NotificationSettings,
        clock: @escaping @Sendable () -> Timestamp,
        logger: Logger
    ) throws {
        self.directory = directory
        self.keys = keys
        self.masterKey = Mutex(masterKey)
        self.clock = clock
        self.logger = logger
        store = try Store(path: directory.database, keys: keys)
        vault = try SegmentVault(in: URL(filePath: directory.path), keys: keys, store: store)
        uploads = UploadFolder(in: directory.path, keys: keys)
        uploadLimit = permissions.uploadLimit
        self.providers = providers
        self.notifications = notifications
        networks = NetworkPolicy(allowed: permissions.networks)
        tokens = AccessTokens(store: store, providers: providers, now: clock)
        sources = MailSources(
            store: store,
            keys: keys,
            uploads: uploads,
            networks: permissions.networks,
            paths: permissions.paths,
            connections: permissions.connections,
            tokens: tokens,
            logger: logger
        )
        jobs = JobRunner(store: store, vault: vault, keys: keys, sources: sources, now: clock)
    }

    /// Opens an organisation's data directory, of which this process has just become the owner.
    ///
    /// Jobs that a process before it left unfinished wait again.
    ///
    /// - Parameter masterKey: where it is given from outside; nil where it is in a file of the directory.
    /// - Throws: `AppError` (`noOrganization`, `badProviderSettings`), `KeyError`, `StoreError`, `VaultError`.
    package static func open(
        _ directory: DataDirectory,
        masterKey: MasterKey? = nil,
        permissions: Permissions,
        providers: [MailProvider: MailProviderSettings] = [:],
        notifications: NotificationSettings = NotificationSettings(),
        clock: @escaping @Sendable () -> Timestamp = Timestamp.now,
        logger: Logger
    ) async throws -> Mailkeep {
        guard directory.hasDatabase else { throw AppError(.noOrganization) }
        let mailkeep = try await prepare(
            directory,
            masterKey: masterKey,
            permissions: permissions,
            providers: providers,
            notifications: notifications,
            clock: clock,
            logger: logger
        )
        guard try await mailkeep.hasOrganization() else { throw AppError(.noOrganization) }
        return mailkeep
    }

    /// Opens a data directory in which there may be no organisation yet: see `setUp`.
    ///
    /// - Throws: `AppError` (`badProviderSettings`), `KeyError`, `StoreError`, `VaultError`.
    package static func prepare(
        _ directory: DataDirectory,
        masterKey: MasterKey? = nil,
        permissions: Permissions,
        providers: [MailProvider: MailProviderSettings] = [:],
        notifications: NotificationSettings = NotificationSettings(),
        clock: @escaping @Sendable () -> Timestamp = Timestamp.now,
        logger: Logger
    ) async throws -> Mailkeep {
        let folder = URL(filePath: directory.path)
        try TemporaryFolder(in: directory.path).clear()
        // A set-up that was interrupted leaves keys, and maybe a database without an organisation.
        let hasKeys = directory.hasDatabase || FileManager.default.fileExists(atPath: "\(directory.keys)/keyring")
        let providers = try MailProviders(providers)
        let mailkeep = try Mailkeep(
            directory: directory,
            keys: hasKeys ? .open(in: folder, master: masterKey) : .create(in: folder, master: masterKey),
            masterKey: masterKey,
            permissions: permissions,
            providers: providers,
            notifications: notifications,
            clock: clock,
            logger: logger
        )
        try await mailkeep.store.write { try $0.releaseAllJobs() }
        try await mailkeep.noteTags()
        try await mailkeep.removeDetachedUploads()
        return mailkeep
    }

    /// Whether the organisation was set up.
    package func hasOrganization() async throws -> Bool {
        try await store.read { try $0.organizationName() != nil }
    }

    /// Makes the organisation, with its first administrator.
    ///
    /// - Parameter origin: the way in, and the operating system's user or the network address.
    /// - Throws: `AppError` (`organizationExists`, and those of the administrator's details).
    package func setUp(_ organization: NewOrganization, origin: String) async throws {
        let name = try Name.checked(organization.name)
        let (new, email) = try organization.administrator()
        var administrator = new
        administrator.passwordHash = try await passwordHasher.hash(organization.password)
        let (now, user) = (clock(), administrator)
        let hashes = addressHashes(email)
        try await store.write { transaction in
            guard try transaction.organizationName() == nil else { throw AppError(.organizationExists) }
            try transaction.createOrganization(name: name, at: now)
            let id = try transaction.insertUser(user, addressHash: hashes.exact, at: now)
            try transaction.noteTag(of: hashes)
            let action = AuditedAction(name: "organization.create", user: id)
            try transaction.appendAudit(AuditEntry(action, by: Caller(user: id, origin: origin), at: now))
        }
    }

    /// The user with an address, for who has reached the data directory itself.
    ///
    /// No rule is asked: every use case asks the rules about who acts and on whom.
    ///
    /// - Throws: `AppError` (`badEmail`, `noUser`).
    package func user(email: String) async throws -> User {
        let address = try UserAddress(email)
        guard let user = try await store.read({ try $0.user(normalizedEmail: address.normalized) }) else {
            throw AppError(.noUser, ["email": address.text.forMessages])
        }
        return user
    }

    /// The user whom a caller names.
    ///
    /// To who is no administrator a stranger's address names a user like any other: the rules refuse it likewise.
    ///
    /// - Throws: `AppError` (`badEmail`, `noUser`).
    package func user(named email: String, for caller: Caller) async throws -> UserID {
        do {
            return try await user(email: email).id
        } catch let error as AppError where error.code == .noUser {
            guard try await store.read({ try $0.user(caller.user)?.isAdministrator == true }) else {
                return UserID(rawValue: 0)
            }
            throw error
        }
    }

    /// The providers at whose pages users can sign in to their mailboxes.
    package var signInProviders: [MailProvider] { providers.registered }

    /// Does what a use case says, as somebody.
    package func perform<Action: UseCase>(_ action: Action, as caller: Caller) async throws -> Action.Output {
        try await action.perform(in: self, as: caller)
    }

    /// The keyed hash by which a normalised address is found.
    func addressHash(_ address: String) -> Data {
        Data(keys.addressHasher.hash(address))
    }

    /// The keyed hashes by which an address is found.
    func addressHashes(_ address: UserAddress) -> AddressHashes { AddressHashes(address, keys.addressHasher) }

    /// Notes the tags of addresses that an earlier version stored (V5).
    private func noteTags() async throws {
        let addresses = try await store.read { try $0.addressesWithUnknownTags() }
        guard !addresses.isEmpty else { return }
        let hasher = keys.addressHasher
        let hashes = addresses.compactMap { NormalizedAddress($0).map { AddressHashes($0, hasher) } }
        try await store.write { transaction in
            for hashes in hashes { try transaction.noteTag(of: hashes) }
        }
    }

    /// Removes uploaded files that are nobody's backup source any more (B2).
    func removeDetachedUploads() async throws {
        try await uploads.sweep { try await self.store.read { try $0.uploadedFiles() } }
    }

    /// Whether the master key is given from outside, and is in no file.
    package var hasGivenMasterKey: Bool { masterKey.withLock { $0 != nil } }

    /// Lends the data directory to whom its key files concern, with the master key where that is given from outside;
    /// nobody else changes them meanwhile.
    func withKeyFiles<Result: Sendable>(_ body: (URL, inout MasterKey?) throws -> Result) throws -> Result {
        try masterKey.withLock { try body(URL(filePath: directory.path), &$0) }
    }

    /// Ends the connections to the database and lets go of the data directory.
    package func close() throws {
        try store.close()
        directory.close()
    }
}

extension Timestamp {
    /// The system's clock.
    package static func now() -> Timestamp {
        Timestamp(rawValue: Int64(Date().timeIntervalSince1970 * 1000))
    }
}
