import IMAPClient
package import Logging
import MailConnection
package import MailkeepKeys
package import MailkeepModel
package import MailkeepStore
import NIOCore
import POP3Client

/// Finds where a user's mail is to be read from, within what this process and the person who asked may reach.
package struct MailSources: Sendable {
    let store: Store
    let keys: KeyRing
    private let uploads: UploadFolder
    private let networks: [Network]
    private let paths: [String]
    private let connections: Int
    private let tokens: AccessTokens?
    let logger: Logger

    /// - Parameters:
    ///   - networks: networks of mail servers on this machine or private ones that are allowed.
    ///   - paths: folders of this machine from which mail files may be read.
    ///   - connections: to one mailbox at the same time.
    ///   - tokens: for mailboxes that are signed in to at their provider.
    package init(
        store: Store,
        keys: KeyRing,
        uploads: UploadFolder,
        networks: [Network],
        paths: [String],
        connections: Int = 2,
        tokens: AccessTokens? = nil,
        logger: Logger
    ) {
        self.store = store
        self.keys = keys
        self.uploads = uploads
        self.networks = networks
        self.paths = paths
        self.connections = connections
        self.tokens = tokens
        self.logger = logger
    }

    /// A user's own mailbox, by their settings.
    ///
    /// - Throws: `SyncFailure`.
    func own(
        of user: UserID,
        permissions: JobPermissions
    ) async throws -> (source: any MailSource, mailbox: MailboxID) {
        let (addon, credentials) = try await store.read {
            (try $0.mailAddon(of: user), try $0.credentials(of: user))
        }
        guard let addon else { throw SyncFailure(.settings, "no mail add-on settings are saved") }
        let tokens = tokens.map { UserTokens(user: user, tokens: $0) }
        return (try source(of: addon, credentials, tokens, path: addon.path, permissions), addon.mailbox)
    }

    /// What a leaver's backup reads: the attached source if there is one (L9), else their own mailbox.
    func forBackup(
        of user: UserID,
        permissions: JobPermissions
    ) async throws -> (source: any MailSource, isAttached: Bool) {
        let (addon, attached) = try await store.read { (try $0.mailAddon(of: user), try $0.backupSource(of: user)) }
        guard let addon else { throw SyncFailure(.settings, "no mail add-on settings are saved") }
        guard let attached else { return (try await own(of: user, permissions: permissions).source, false) }
        if let upload = attached.upload { return (try uploads.source(upload), true) }
        if let path = attached.path {
            return (try FileSource(path: path, allowed: paths + permissions.mailPaths, isLive: false), true)
        }
        let source = try source(
            accountType: addon.accountType,
            server: attached.server,
            credentials: attached.credentials,
            path: nil,
            mailbox: addon.mailbox,
            permissions
        )
        return (source, true)
    }

    /// Refuses a place to read mail from that could not be reached with these permissions, before it is stored.
    ///
    /// A name that does not resolve now passes: the address is checked again at the moment of connecting.
    ///
    /// - Throws: `SyncFailure` (`network`, `path`).
    package func check(server: MailServer?, path: String?, permissions: JobPermissions) async throws {
        if let path { _ = try FileSource(path: path, allowed: paths + permissions.mailPaths) }
        guard let server else { return }
        let policy = policy(permissions)
        let endpoint = MailEndpoint(host: server.host, port: server.port) { policy.allows($0) }
        guard let addresses = try? await endpoint.addresses(), !addresses.contains(where: policy.allows) else { return }
        throw SyncFailure(.network, "the network of the mail server is not allowed")
    }

    /// Connects to a mail server, with TLS where its settings say so, and signs in to nothing.
    ///
    /// - Throws: `SyncFailure`, `CancellationError`.
    package func reach(_ inUse: MailServerInUse, permissions: JobPermissions) async throws {
        let server = inUse.server
        let policy = policy(permissions)
        do {
            guard inUse.accountType.speaksIMAP else {
                var endpoint = POP3Source.endpoint(of: server, policy: policy)
                endpoint.responseTimeout = Self.patience
                return try await reachPOP3Server(POP3Configuration(endpoint), logger: logger)
            }
            let configuration = IMAPSource.configuration(of: server, policy: policy, responseTimeout: Self.patience)
            try await reachIMAPServer(configuration, logger: logger)
        } catch let error as IMAPError {
            throw SyncFailure(error)
        } catch let error as POP3Error {
            throw SyncFailure(error)
        }
    }

    private static let patience = TimeAmount.seconds(20)

    private func policy(_ permissions: JobPermissions) -> NetworkPolicy {
        NetworkPolicy(allowed: networks + permissions.mailNetworks.compactMap(Network.init))
    }

    /// Waits for new mail in a user's INBOX, and tells of each time that some came; only where their server tells news.
    ///
    /// - Throws: `SyncFailure`, `CancellationError`.
    package func watchInbox(
        of user: UserID,
        _ onNews: nonisolated(nonsending) () async throws -> Void
    ) async throws {
        guard let source = try await own(of: user, permissions: JobPermissions()).source as? IMAPSource else {
            throw SyncFailure(.settings, "the mailbox tells no news")
        }
        try await source.watchInbox(onNews)
    }

    /// Signs in with settings that may not be saved yet, and tells how many folders are there.
    ///
    /// - Parameter tokens: gives access tokens where the credentials are a grant.
    /// - Throws: `SyncFailure`.
    package func test(
        accountType: AccountType,
        server: MailServer?,
        credentials: MailCredentials?,
        path: String?,
        tokens: (any AccessTokenSource)? = nil,
        permissions: JobPermissions
    ) async throws -> Int {
        let source = try source(
            accountType: accountType,
            server: server,
            credentials: credentials,
            tokens: tokens,
            path: path,
            mailbox: nil,
            permissions
        )
        let count = Counter()
        try await source.withSession { count.value = try await $0.folders().count }
        return count.value
    }

    private func source(
        of addon: MailAddonSettings,
        _ credentials: MailCredentials?,
        _ tokens: (any AccessTokenSource)?,
        path: String?,
        _ permissions: JobPermissions
    ) throws -> any MailSource {
        try source(
            accountType: addon.accountType,
            server: addon.server,
            credentials: credentials,
            tokens: tokens,
            path: path,
            mailbox: addon.mailbox,
            permissions
        )
    }

    func source(
        accountType: AccountType,
        server: MailServer?,
        credentials: MailCredentials?,
        tokens: (any AccessTokenSource)? = nil,
        path: String?,
        mailbox: MailboxID?,
        _ permissions: JobPermissions
    ) throws -> any MailSource {
        if let path { return try FileSource(path: path, allowed: paths + permissions.mailPaths) }
        guard accountType.hasServer, let server, let credentials else {
            throw SyncFailure(.settings, "the settings name no server and sign-in")
        }
        guard accountType.speaksIMAP else {
            return POP3Source(
                server: server,
                credentials: credentials,
                mailbox: mailbox,
                policy: policy(permissions),
                store: store,
                keys: keys,
                logger: logger
            )
        }
        return IMAPSource(
            server: server,
            credentials: credentials,
            tokens: tokens,
            policy: policy(permissions),
            width: connections,
            dailyBytes: accountType.dailyBytes,
            logger: logger
        )
    }

    /// A number that a session's closure leaves behind.
    private final class Counter {
        var value = 0
    }
}

extension AccountType {
    /// Whether a mailbox of this type is read by IMAP.
    package var speaksIMAP: Bool { self == .imap || preset != nil }

    /// Bytes of mail that its server lets a mailbox's programs read on a day, with something left for the owner's own;
    /// nil where no limit is known. (Gmail: 2500 MB by IMAP, and a day's lock-out above.)
    var dailyBytes: Int64? { self == .gmail ? 2_000_000_000 : nil }

    /// Whether a mailbox of this type is read from a mail server, with a sign-in.
    package var hasServer: Bool { speaksIMAP || self == .pop3 }

    /// The port at which its servers usually listen (RFC 8314, 3).
    package func usualPort(_ security: ConnectionSecurity) -> Int {
        if self == .pop3 { security == .tls ? 995 : 110 } else { security == .tls ? 993 : 143 }
    }

    /// Where a preset's server is, and how it is secured.
    package var preset: MailServer? {
        switch self {
        case .gmail: MailServer(host: "imap.gmail.com", port: 993, security: .tls)
        case .microsoft365: MailServer(host: "outlook.office365.com", port: 993, security: .tls)
        case .zoho: MailServer(host: "imappro.zoho.com", port: 993, security: .tls)
        case .yahoo: MailServer(host: "imap.mail.yahoo.com", port: 993, security: .tls)
        case .imap, .pop3, .maildir, .mbox: nil
        }
    }
}
