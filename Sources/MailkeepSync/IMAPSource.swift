import IMAPClient
import IMAPCore
import Logging
import MailConnection
import MailkeepModel
import MailkeepStore
package import NIOCore
import SASL

/// A mailbox on an IMAP server.
struct IMAPSource: MailSource {
    let server: MailServer
    let credentials: MailCredentials
    /// Gives access tokens where the credentials are a grant.
    var tokens: (any AccessTokenSource)?
    let policy: NetworkPolicy
    /// Connections to this mailbox at the same time.
    var width = 1
    var dailyBytes: Int64?
    let logger: Logger
    /// How long an answer may go without a byte.
    var responseTimeout = TimeAmount.seconds(60)

    nonisolated(nonsending) func withSession(
        _ body: nonisolated(nonsending) (any MailSession) async throws -> Void
    ) async throws {
        do {
            try await signIn { try await body(IMAPSession(connection: $0)) }
        } catch let error as IMAPError {
            throw SyncFailure(error)
        }
    }

    /// Waits for new mail in INBOX, and tells of each time that some came.
    ///
    /// - Throws: `SyncFailure`; also where the server does not tell news.
    nonisolated(nonsending) func watchInbox(_ onNews: nonisolated(nonsending) () async throws -> Void) async throws {
        do {
            try await signIn { connection in
                try await connection.examine(IMAPMailboxName(rawValue: "INBOX"))
                while true {
                    if try await connection.idle(atMost: Self.idleLimit) { try await onNews() }
                }
            }
        } catch let error as IMAPError {
            throw SyncFailure(error)
        }
    }

    private static let idleLimit = TimeAmount.minutes(9)

    /// Signs in and lends the connection.
    ///
    /// - Throws: `IMAPError`, `SyncFailure`, `CancellationError`, and what `body` throws.
    nonisolated(nonsending) func signIn(
        _ body: nonisolated(nonsending) (IMAPConnection) async throws -> Void
    ) async throws {
        guard credentials.grant != nil else {
            guard let password = credentials.password else {
                throw SyncFailure(.settings, "the settings name no sign-in")
            }
            let credentials = SASLCredentials.password(
                username: credentials.username,
                password: password,
                authorizeAs: credentials.authorizeAs
            )
            return try await withIMAPConnection(configuration, credentials: credentials, logger: logger, body)
        }
        guard let tokens else { throw SyncFailure(.settings, "nobody gives access tokens for this sign-in") }
        let token = try await tokens.token(refusing: nil)
        do {
            try await connect(with: token.text, body)
        } catch let error as IMAPError where error.code == .accessTokenRefused && !token.isFresh {
            // It was good for longer when it was given: revoked meanwhile, or the clocks differ.
            try await connect(with: try await tokens.token(refusing: token.text).text, body)
        }
    }

    private nonisolated(nonsending) func connect(
        with token: String,
        _ body: nonisolated(nonsending) (IMAPConnection) async throws -> Void
    ) async throws {
        let credentials = SASLCredentials.accessToken(username: credentials.username, token: token)
        try await withIMAPConnection(configuration, credentials: credentials, logger: logger, body)
    }

    private var configuration: IMAPConfiguration {
        Self.configuration(of: server, policy: policy, responseTimeout: responseTimeout)
    }

    /// How a server is connected to.
    static func configuration(
        of server: MailServer,
        policy: NetworkPolicy,
        responseTimeout: TimeAmount
    ) -> IMAPConfiguration {
        IMAPConfiguration(
            host: server.host,
            port: server.port,
            security: MailEndpoint.Security(server.security),
            trust: server.certificates.map { .certificates(pem: $0) } ?? .system,
            responseTimeout: responseTimeout
        ) { address in
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

    var listsAllFolders: Bool { connection.hasListedAll }

    nonisolated(nonsending) func folders() async throws -> [SourceFolder] {
        let mailboxes = try await connection.listMailboxes()
        let designated = Set(mailboxes.compactMap(\.specialUse))
        // Names in no known encoding may look the same; numbered by their bytes, each keeps its own whatever the order.
        let ordered = mailboxes.sorted { $0.encodedName.bytes.lexicographicallyPrecedes($1.encodedName.bytes) }
        let names = Dictionary(
            zip(ordered.map(\.encodedName), FolderNames.toldApart(ordered.map(\.displayName))),
            uniquingKeysWith: { first, _ in first }
        )
        return mailboxes.map { mailbox in
            SourceFolder(
                name: names[mailbox.encodedName] ?? mailbox.displayName,
                path: mailbox.encodedName.rawValue,
                exclusion: Self.exclusion(of: mailbox, designated: designated),
                status: mailbox.status.flatMap(OpenedFolder.init),
                delimiter: mailbox.delimiter
            )
        }
    }

    nonisolated(nonsending) func open(_ folder: SourceFolder) async throws -> OpenedFolder {
        let selected = try await refusing {
            try await connection.examine(
                IMAPMailboxName(rawValue: folder.path),
                since: folder.before.map(IMAPMailboxState.init)
            )
        }
        uidValidity = selected.uidValidity
        return OpenedFolder(
            uidValidity: selected.uidValidity,
            uidNext: selected.uidNext,
            count: selected.messageCount,
            objectID: selected.objectID,
            modSeq: selected.modSeq,
            vanished: selected.vanished?.ranges
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
                    bytes: Array(header.header.readableBytesView),
                    isWhole: !header.isTruncated,
                    emailID: header.emailID
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
                SourceBody(
                    uid: body.uid,
                    receivedAt: body.internalDate,
                    flags: body.flags.map(MailFlags.init(told:))
                ) { write in
                    for try await chunk in chunks { try chunk.withUnsafeReadableBytes(write) }
                }
            )
        }
    }

    /// Junk and drafts are not read (design decision 5): those that the server designates, or, where it designates
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

extension IMAPMailboxState {
    fileprivate init(_ state: FolderState) {
        self.init(uidValidity: state.uidValidity, modSeq: state.modSeq)
    }
}

extension OpenedFolder {
    /// Nil where the server leaves out what names the mails.
    fileprivate init?(_ status: IMAPMailboxStatus) {
        guard let uidValidity = status.uidValidity, let uidNext = status.uidNext, let count = status.messages else {
            return nil
        }
        self.init(uidValidity: uidValidity, uidNext: uidNext, count: Int(clamping: count), objectID: status.mailboxID)
    }
}

extension NetworkPolicy {
    /// Whether a server at an address may be connected to.
    package func allows(_ address: SocketAddress) -> Bool {
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
            case .connectionFailed, .connectionClosed, .timeout, .nameNotResolved: .connect
            case .throttled, .overQuota, .busy: .throttled
            case .certificateInvalid: .certificate
            case .tlsFailed, .startTLSNotOffered, .plaintextInjected, .loginDisabled: .security
            case .addressNotAllowed: .network
            case .commandRefused, .mailboxNotFound, .invalidResponse, .limitExceeded, .serverNotProven: .server
            case .invalidArgument: .settings
            }
    }
}
