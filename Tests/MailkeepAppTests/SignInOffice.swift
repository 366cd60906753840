import Foundation
import Logging
import MailkeepModel
import MailkeepStore
import MailkeepSync
import Synchronization
import TestSupport

@testable import MailkeepApp

/// An organisation whose users can sign in to their mailboxes at a provider, removed when the value goes.
///
/// Ada is its administrator. Hana owns the contact Taro. Time stands still unless a test moves it.
final class SignInOffice: Sendable {
    static let address = "hana@sakura.example"
    static let customer = "taro@customer.example"
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    let provider: FakeProvider
    let mail: DovecotServer
    let ada: UserID
    let hana: UserID
    private let current: Mutex<Mailkeep?>
    private let moment: Clock
    private let folder: String

    private final class Clock: Sendable {
        let now = Mutex(Timestamp.now())
    }

    var mailkeep: Mailkeep {
        get throws {
            guard let mailkeep = current.withLock({ $0 }) else { throw AppError(.noOrganization) }
            return mailkeep
        }
    }
    var now: Timestamp { moment.now.withLock { $0 } }

    init(_ provider: FakeProvider, _ mail: DovecotServer) async throws {
        (self.provider, self.mail) = (provider, mail)
        moment = Clock()
        folder = NSTemporaryDirectory() + "office-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let directory = try DataDirectory.create(at: folder + "/data")
        let mailkeep = try await Self.open(directory, provider, mail, isRegistered: true, moment)
        let now = moment.now.withLock { $0 }
        (ada, hana) = try await mailkeep.store.write { transaction in
            try transaction.createOrganization(name: "Sakura", at: now)
            let add = { (email: String, profile: Profile) in
                let user = NewUser(
                    email: email,
                    normalizedEmail: email,
                    domain: "sakura.example",
                    name: email,
                    profile: profile,
                    locale: .english,
                    passwordHash: nil
                )
                return try transaction.insertUser(user, addressHash: mailkeep.addressHash(email), at: now)
            }
            let users = (try add("ada@sakura.example", .administrator), try add(Self.address, .standard))
            let address = RecordAddress(address: Self.customer, hash: mailkeep.addressHash(Self.customer))
            let key = RecordKey(module: .contacts, id: Identifier(rawValue: 1))
            let record = Record(key: key, owner: users.1, name: "Taro", addresses: [address], sharedWith: [])
            try transaction.upsertRecord(record, at: now)
            return users
        }
        current = Mutex(mailkeep)
    }

    private static func open(
        _ directory: DataDirectory,
        _ provider: FakeProvider,
        _ mail: DovecotServer,
        isRegistered: Bool,
        _ moment: Clock
    ) async throws -> Mailkeep {
        var settings = MailProviderSettings(clientID: "client")
        settings.clientSecret = "client-secret-canary"
        settings.authorizationEndpoint = provider.authorizationEndpoint
        settings.tokenEndpoint = provider.tokenEndpoint
        settings.mailHost = "localhost"
        settings.mailPort = mail.imapsPort
        settings.certificateFile = mail.certificatePath
        return try await Mailkeep.prepare(
            directory,
            permissions: Mailkeep.Permissions(networks: ["127.0.0.0/8", "::1/128"]),
            providers: isRegistered ? [.google: settings] : [:],
            clock: { moment.now.withLock { $0 } },
            logger: logger
        )
    }

    /// Ends the process, as it were, and begins another.
    func reopen(isRegistered: Bool = true) async throws {
        // Whoever holds it holds the vault.
        try current.withLock { $0.take() }?.close()
        let directory = try await DataDirectory.open(at: folder + "/data")
        let next = try await Self.open(directory, provider, mail, isRegistered: isRegistered, moment)
        current.withLock { $0 = next }
    }

    deinit {
        try? mailkeep.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    func advance(seconds: Int64) {
        moment.now.withLock { $0 = $0.advanced(byMilliseconds: seconds * 1000) }
    }

    @discardableResult
    func perform<Action: UseCase>(_ action: Action, as user: UserID) async throws -> Action.Output {
        defer { withExtendedLifetime(self) {} }
        return try await mailkeep.perform(action, as: Caller(user: user, origin: "test"))
    }

    /// A browser in which a user is signed in.
    func session(of user: UserID) async throws -> Session {
        let now = now
        let token = try await mailkeep.store.write { try $0.beginSession(of: user, at: now) }
        guard let session = try await mailkeep.session(token) else { throw Refusal(.u1) }
        return session
    }

    /// Begins a sign-in as Hana; the address of the provider's page.
    func begin(
        _ session: Session,
        address: String = SignInOffice.address,
        _ sharing: SharingSetting = .all
    ) async throws -> String {
        let action = BeginMailSignIn(
            session: session,
            provider: .google,
            address: address,
            sharing: sharing,
            redirectURI: "https://mailkeep.example/back"
        )
        return try await perform(action, as: session.user.id)
    }

    /// Comes back from the provider's page.
    @discardableResult
    func finish(
        _ session: Session,
        state: String?,
        code: String?,
        error: String? = nil,
        provider: MailProvider = .google
    ) async throws -> MailAddonShape {
        let answer = FinishMailSignIn.Answer(state: state, code: code, error: error)
        let action = FinishMailSignIn(session: session, provider: provider, answer: answer)
        return try await perform(action, as: session.user.id)
    }

    /// Hana signs in from beginning to end.
    @discardableResult
    func signIn(
        _ sharing: SharingSetting = .all,
        as email: String = SignInOffice.address
    ) async throws -> MailAddonShape {
        let session = try await session(of: hana)
        let back = provider.signIn(at: try await begin(session, sharing), as: email)
        return try await finish(session, state: back?.state, code: back?.code)
    }

    /// Reads what is new in Hana's mailbox; why that failed.
    @discardableResult
    func synchronise() async throws -> SyncFailure.Code? {
        let job = try await perform(SynchroniseMailbox(user: hana), as: hana)
        try await mailkeep.finish(job)
        return (try await mailkeep.failure(of: job) as? SyncFailure)?.code
    }

    func deliver(_ subject: String) throws {
        let message = "From: \(Self.customer)\r\nTo: \(Self.address)\r\nSubject: \(subject)\r\n\r\nHello\r\n"
        try mail.deliver([Array(message.utf8)], user: Self.address)
    }

    var subjects: [String] {
        get async throws {
            try await perform(ListOwnEmails(owner: hana), as: hana).items.compactMap(\.subject).sorted()
        }
    }

    /// What is shown of Hana's last synchronisation: to herself, and to the administrator.
    func shownErrors() async throws -> (own: String?, listed: String?) {
        let own = try await perform(ShowMailAddonSettings(user: hana), as: hana)?.last_sync_error
        let row = try await perform(ListMailAddonUsers(status: .active), as: ada).first {
            $0.user.email == Self.address
        }
        return (own?.code, row?.last_sync_error?.code)
    }

    /// The stored refresh token.
    var refreshToken: String? {
        get async throws {
            try await mailkeep.store.read { [hana] in try $0.credentials(of: hana) }?.grant?.refreshToken
        }
    }

    func lastEntry() async throws -> AuditEntry? {
        try await mailkeep.store.read { try $0.auditEntries(AuditQuery(page: PageRequest(size: 1))).items.first }
    }

    /// Whether a text stands anywhere in the data directory.
    func holds(_ text: String) throws -> Bool {
        let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return files.contains { file in
            FileManager.default.contents(atPath: "\(folder)/\(file)")?.range(of: Data(text.utf8)) != nil
        }
    }
}

/// Starts a provider, a mail server that it vouches to, and an organisation.
func withSignInOffice(_ body: @escaping @Sendable (SignInOffice) async throws -> Void) async throws {
    try await withFakeProvider { provider in
        let server = try await DovecotServer(
            users: [.init(SignInOffice.address, password: "secret")],
            signIn: .init(mechanisms: "plain xoauth2 oauthbearer", tokenInformation: provider.tokenInformation)
        )
        do {
            try await body(try await SignInOffice(provider, server))
            await server.stop()
        } catch {
            await server.stop()
            throw error
        }
    }
}
