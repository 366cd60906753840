import IMAPClient
import IMAPCore
import Logging
import MailkeepModel
import MailkeepStore
import NIOCore

/// A mailbox on an IMAP server.
struct IMAPSource: MailSource {
    let server: MailServer
    let credentials: MailCredentials
    let policy: NetworkPolicy
    let logger: Logger

    nonisolated(nonsending) func withSession(
        _ body: nonisolated(nonsending) (any MailSession) async throws -> Void
    ) async throws {
        do {
            try await withIMAPConnection(
                configuration,
                credentials: .password(
                    username: credentials.username,
                    password: credentials.password,
                    authorizeAs: credentials.authorizeAs
                ),
                logger: logger
            ) { connection in
                try await body(IMAPSession(connection: connection))
            }
        } catch let error as IMAPError {
            throw SyncFailure(error)
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
private struct IMAPSession: MailSession {
    let connection: IMAPConnection

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
        do {
            let selected = try await connection.examine(IMAPMailboxName(rawValue: folder.path))
            return OpenedFolder(
                uidValidity: selected.uidValidity,
                uidNext: selected.uidNext,
                count: selected.messageCount
            )
        } catch let error as IMAPError where error.code == .commandRefused || error.code == .mailboxNotFound {
            throw SyncFailure(error)
        }
    }

    nonisolated(nonsending) func uids(from uid: UInt32) async throws -> [UInt32] {
        try await connection.uids(in: uid...UInt32.max)
    }

    nonisolated(nonsending) func headers(
        of uids: ClosedRange<UInt32>,
        _ onHeader: nonisolated(nonsending) (SourceHeader) async throws -> Void
    ) async throws -> [UInt32] {
        try await connection.fetchHeaders([uids], fields: Association.headerFields) { header in
            try await onHeader(
                SourceHeader(
                    uid: header.uid,
                    size: header.size,
                    receivedAt: header.internalDate,
                    bytes: Array(header.header.readableBytesView)
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
            case .connectionFailed, .connectionClosed, .timeout, .nameNotResolved, .throttled, .overQuota: .connect
            case .certificateInvalid: .certificate
            case .tlsFailed, .startTLSNotOffered, .plaintextInjected, .loginDisabled: .security
            case .addressNotAllowed: .network
            case .commandRefused, .mailboxNotFound, .invalidResponse, .limitExceeded: .server
            case .invalidArgument: .settings
            }
    }
}
