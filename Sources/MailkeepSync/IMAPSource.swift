import IMAPClient
import IMAPCore
import Logging
import MailkeepModel
import MailkeepStore
import NIOCore
import SASL

/// A mailbox on an IMAP server.
struct IMAPSource: MailSource {
    let server: MailServer
    let credentials: MailCredentials
    /// Gives access tokens where the credentials are a grant.
    var tokens: (any AccessTokenSource)?
    let policy: NetworkPolicy
    let logger: Logger

    nonisolated(nonsending) func withSession(
        _ body: nonisolated(nonsending) (any MailSession) async throws -> Void
    ) async throws {
        do {
            try await signIn(body)
        } catch let error as IMAPError {
            throw SyncFailure(error)
        }
    }

    private nonisolated(nonsending) func signIn(
        _ body: nonisolated(nonsending) (any MailSession) async throws -> Void
    ) async throws {
        guard credentials.grant != nil else {
            guard let password = credentials.password else {
                throw SyncFailure(.settings, "the settings name no sign-in")
            }
            return try await connect(
                .password(
                    username: credentials.username,
                    password: password,
                    authorizeAs: credentials.authorizeAs
                ),
                body
            )
        }
        guard let tokens else { throw SyncFailure(.settings, "nobody gives access tokens for this sign-in") }
        let token = try await tokens.token(refusing: nil)
        do {
            try await connect(.accessToken(username: credentials.username, token: token.text), body)
        } catch let error as IMAPError where error.code == .accessTokenRefused && !token.isFresh {
            // It was good for longer when it was given: revoked meanwhile, or the clocks differ.
            let fresh = try await tokens.token(refusing: token.text)
            try await connect(.accessToken(username: credentials.username, token: fresh.text), body)
        }
    }

    private nonisolated(nonsending) func connect(
        _ credentials: SASLCredentials,
        _ body: nonisolated(nonsending) (any MailSession) async throws -> Void
    ) async throws {
        try await withIMAPConnection(configuration, credentials: credentials, logger: logger) { connection in
            try await body(IMAPSession(connection: connection))
        }
    }

    private var configuration: IMAPConfiguration {
        IMAPConfiguration(
            host: server.host,
            port: server.port,
            security: IMAPConfiguration.Security(server.security),
            trust: server.certificates.map { .certificates(pem: $0) } ?? .system
        ) { [policy] address in
            policy.allows(address)
        }
    }
}

/// A signed-in connection, and the folder that is open in it.
///
/// Used by one task at a time.
private final class IMAPSession: MailSession {
    private let connection: IMAPConnection
    private var uidValidity: UInt32 = 0

    init(connection: IMAPConnection) {
        self.connection = connection
    }

    let headerWindow = 2000

    func uidValidity(below uid: UInt32) -> UInt32 { uidValidity }

    nonisolated(nonsending) func folders() async throws -> [SourceFolder] {
        let mailboxes = try await connection.listMailboxes()
        let designated = Set(mailboxes.compactMap(\.specialUse))
        return mailboxes.map { mailbox in
            SourceFolder(
                name: mailbox.displayName,
                path: mailbox.encodedName.rawValue,
                exclusion: Self.exclusion(of: mailbox, designated: designated)
            )
        }
    }

    nonisolated(nonsending) func open(_ folder: SourceFolder) async throws -> OpenedFolder {
        let selected = try await refusing { try await connection.examine(IMAPMailboxName(rawValue: folder.path)) }
        uidValidity = selected.uidValidity
        return OpenedFolder(
            uidValidity: selected.uidValidity,
            uidNext: selected.uidNext,
            count: selected.messageCount
        )
    }

    nonisolated(nonsending) func uids(in range: ClosedRange<UInt32>) async throws -> [UInt32] {
        try await refusing { try await connection.uids(in: range) }
    }

    /// Tells the refusal of a folder from what breaks the connection.
    private nonisolated(nonsending) func refusing<Value>(
        _ body: nonisolated(nonsending) () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch let error as IMAPError where connection.isIdle && SyncFailure.Code(error.code) == .server {
            throw SyncFailure(error)
        }
    }

    nonisolated(nonsending) func headers(
        of uids: [ClosedRange<UInt32>],
        _ onHeader: nonisolated(nonsending) (SourceHeader) async throws -> Void
    ) async throws -> [UInt32] {
        try await connection.fetchHeaders(uids, fields: Association.headerFields) { header in
            try await onHeader(
                SourceHeader(
                    uid: header.uid,
                    size: header.size,
                    receivedAt: header.internalDate,
                    bytes: Array(header.header.readableBytesView),
                    isWhole: !header.isTruncated
                )
            )
        }
    }

    nonisolated(nonsending) func bodies(
        of uids: [UInt32],
        _ onBody: nonisolated(nonsending) (SourceBody) async throws -> Void
    ) async throws -> [UInt32] {
        try await connection.fetchBodies(uids) { body in
            let chunks = body.chunks
            try await onBody(
                SourceBody(uid: body.uid) { write in
                    for try await chunk in chunks { try chunk.withUnsafeReadableBytes(write) }
                }
            )
        }
    }

    /// Junk and drafts are not read (design decision 6): those that the server designates, or, where it designates
    /// none for that use, those of a usual name.
    private static func exclusion(
        of mailbox: IMAPMailboxInfo,
        designated: Set<IMAPSpecialUse>
    ) -> FolderExclusion? {
        guard mailbox.isSelectable else { return .notSelectable }
        switch mailbox.specialUse {
        case .junk: return .junk
        case .drafts: return .drafts
        case .some: return nil
        case nil: break
        }
        let name = mailbox.displayName
        let named = FolderExclusion(
            folderNamed: mailbox.delimiter.flatMap { name.split(separator: $0).last } ?? name[...]
        )
        switch named {
        case .junk where designated.contains(.junk), .drafts where designated.contains(.drafts): return nil
        default: return named
        }
    }
}

extension IMAPConfiguration.Security {
    fileprivate init(_ security: ConnectionSecurity) {
        self =
            switch security {
            case .tls: .tls
            case .starttls: .startTLS
            case .none: .none
            }
    }
}

extension NetworkPolicy {
    /// Whether a server at an address may be connected to.
    func allows(_ address: SocketAddress) -> Bool {
        address.ipAddress.flatMap(Network.address).map(allows) ?? false
    }
}

extension SyncFailure.Code {
    /// What an error of the IMAP client means to a person.
    init(_ code: IMAPError.Code) {
        self =
            switch code {
            case .authenticationFailed, .authenticationMechanismUnavailable: .auth
            case .accessTokenRefused: .revoked
            case .connectionFailed, .connectionClosed, .timeout, .nameNotResolved, .throttled, .overQuota: .connect
            case .certificateInvalid: .certificate
            case .tlsFailed, .startTLSNotOffered, .plaintextInjected, .loginDisabled: .security
            case .addressNotAllowed: .network
            case .commandRefused, .mailboxNotFound, .invalidResponse, .limitExceeded, .serverNotProven: .server
            case .invalidArgument: .settings
            }
    }
}
