import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import MailkeepModel
import MailkeepStore
import Testing

@testable import MailkeepApp
@testable import MailkeepWeb

/// An organisation in a data directory of its own, with the site that serves its pages; removed when the value goes.
///
/// Ada and Ben are its administrators. Hana owns the contacts Taro, which is shared with Kei and Nao, and Jiro, which
/// was shared with Kei until that was taken back; the contact Saburo is Ben's. Sota has nothing to do with any of them.
final class Firm: Sendable {
    static let taro = RecordKey(module: .contacts, id: Identifier(rawValue: 1))
    static let jiro = RecordKey(module: .contacts, id: Identifier(rawValue: 2))
    static let saburo = RecordKey(module: .contacts, id: Identifier(rawValue: 3))
    /// What pages and files tell of records, by name and by number, and of their mail, to who may open them (V1).
    static let textsOfRecords = ["Taro", "Jiro", "Saburo", "Contacts #", "Subject: Old"]
    static let password = "korrekt Pferd 74-Batterie"
    /// Longer than any password can be: it is refused without the time that hashing takes.
    static let wrongPassword = String(repeating: "x", count: 129)

    /// The hash of `password`: made once, as it takes its time.
    private static let passwordHash = Task { try await PasswordHasher().hash(password) }

    let mailkeep: Mailkeep
    let site: Site
    let clock = TestClock()
    let folder: String
    let ada: UserID
    let ben: UserID
    let hana: UserID
    let kei: UserID
    let nao: UserID
    let sota: UserID

    /// - Parameter hasPasswords: whether everybody can sign in, with `password`.
    init(_ configuration: WebConfiguration = WebConfiguration(), hasPasswords: Bool = false) async throws {
        (folder, mailkeep, site) = try await Self.prepare(configuration, clock: clock)
        let hash = hasPasswords ? try await Self.passwordHash.value : nil
        let now = clock.now
        try await mailkeep.store.write { try $0.createOrganization(name: "Sakura", at: now) }
        let add = { [mailkeep] (name: String, profile: Profile) in
            let email = "\(name.lowercased())@sakura.example"
            let user = NewUser(
                email: email,
                normalizedEmail: email,
                domain: "sakura.example",
                name: name,
                profile: profile,
                locale: .english,
                passwordHash: hash
            )
            return try await mailkeep.store.write {
                try $0.insertUser(user, addressHash: mailkeep.addressHash(email), at: now)
            }
        }
        ada = try await add("Ada", .administrator)
        ben = try await add("Ben", .administrator)
        hana = try await add("Hana", .standard)
        kei = try await add("Kei", .standard)
        nao = try await add("Nao", .standard)
        sota = try await add("Sota", .standard)
        try await record(Self.taro, "Taro", owner: hana, sharedWith: [kei, nao])
        try await record(Self.jiro, "Jiro", owner: hana, sharedWith: [kei])
        try await record(Self.jiro, "Jiro", owner: hana)
        try await record(Self.saburo, "Saburo", owner: ben)
    }

    /// A data directory in which nothing is yet.
    static func prepare(
        _ configuration: WebConfiguration = WebConfiguration(),
        clock: TestClock,
        setUpToken: SecretToken? = nil
    ) async throws -> (folder: String, mailkeep: Mailkeep, site: Site) {
        let folder = NSTemporaryDirectory() + "firm-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let mailkeep = try await Mailkeep.prepare(
            DataDirectory.create(at: folder + "/data"),
            permissions: Mailkeep.Permissions(paths: [folder]),
            providers: [.google: MailProviderSettings(clientID: "client")],
            clock: { clock.now },
            logger: quiet
        )
        let site = try Site(mailkeep: mailkeep, configuration: configuration, setUpToken: setUpToken, logger: quiet)
        return (folder, mailkeep, site)
    }

    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    deinit {
        try? mailkeep.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    // MARK: What happens in it

    @discardableResult
    func perform<Action: UseCase>(_ action: Action, as user: UserID) async throws -> Action.Output {
        defer { withExtendedLifetime(self) {} }
        return try await mailkeep.perform(action, as: Caller(user: user, origin: "test", isOfMachine: true))
    }

    /// Adds a standard user; `name@sakura.example` signs in.
    func add(_ name: String) async throws -> UserID {
        let shape = try await perform(AddUser(email: "\(name.lowercased())@sakura.example", name: name), as: ada)
        return try #require(UserID(shape.id))
    }

    func record(_ key: RecordKey, _ name: String, owner: UserID, sharedWith: [UserID] = []) async throws {
        let address = "contact\(key.id)@customer.example"
        let record = Record(
            key: key,
            owner: owner,
            name: name,
            addresses: [RecordAddress(address: address, hash: mailkeep.addressHash(address))],
            sharedWith: sharedWith
        )
        let now = clock.now
        try await mailkeep.store.write { try $0.upsertRecord(record, at: now) }
    }

    /// Saves a user's settings and reads these mails out of their mailbox, which is a file.
    func readMail(of user: UserID, _ sharing: SharingSetting, _ mails: [String]) async throws {
        let path = "\(folder)/\(user).mbox"
        let text = mails.map { "From - Thu Jan  1 00:00:00 2026\n\($0)\n\n" }.joined()
        try Data(text.utf8).write(to: URL(filePath: path))
        let address = try await perform(ShowUser(user: user), as: user).email
        var input = MailAddonInput(accountType: .mbox, address: address, sharing: sharing)
        input.path = path
        try await perform(SaveMailAddonSettings(user: user, input: input), as: user)
        let job = try await perform(SynchroniseMailbox(user: user), as: user)
        try await mailkeep.finish(job)
    }

    /// The messages of a user's own mailbox, newest first.
    func messages(of user: UserID) async throws -> [MessageID] {
        try await perform(ListOwnEmails(owner: user), as: user).items.compactMap { MessageID($0.message_id) }
    }

    /// A leaver: their mail is backed up once `isCompleted`, and is to be where not.
    func leaver(_ name: String, _ mails: [String], isCompleted: Bool) async throws -> (user: UserID, backup: BackupID) {
        let user = try await add(name)
        try await readMail(of: user, .all, mails)
        let output = try await perform(DeactivateUser(user: user, backUp: true), as: ada)
        let backup = try #require(output.backup)
        if isCompleted { try await mailkeep.finish(try #require(try await mailkeep.job(of: backup))) }
        return (user, backup)
    }

    /// Places a legal hold on a record.
    func hold(_ record: RecordKey) async throws -> HoldID {
        let shape = try await perform(PlaceHold(on: .record(record), reason: "A matter"), as: ben)
        return try #require(HoldID(shape.id))
    }

    // MARK: Browsers

    /// Begins a session without a password.
    func session(of user: UserID) async throws -> SecretToken {
        let now = clock.now
        return try await mailkeep.store.write { try $0.beginSession(of: user, at: now) }
    }

    /// Serves the pages to browsers.
    func serve<Result>(
        _ transport: TestingSetup = .router,
        _ body: @Sendable (any TestClientProtocol) async throws -> Result
    ) async throws -> Result {
        defer { withExtendedLifetime(self) {} }
        return try await site.serve(transport, body)
    }
}

extension Site {
    /// Serves the pages to browsers.
    func serve<Result>(
        _ transport: TestingSetup = .router,
        _ body: @Sendable (any TestClientProtocol) async throws -> Result
    ) async throws -> Result {
        try await Application(router: router(), logger: Firm.quiet).test(transport, body)
    }
}
