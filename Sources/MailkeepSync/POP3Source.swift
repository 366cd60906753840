import Crypto
import Logging
import MailConnection
import MailMessage
import MailkeepKeys
import MailkeepModel
import MailkeepStore
import NIOCore
import POP3Client

/// A mailbox on a POP3 server: one folder, INBOX, from which nothing is ever deleted.
struct POP3Source: MailSource {
    let server: MailServer
    let credentials: MailCredentials
    /// Whose UIDs are kept; nil for settings that are only tried.
    let mailbox: MailboxID?
    let policy: NetworkPolicy
    let store: Store
    let keys: KeyRing
    let logger: Logger

    nonisolated(nonsending) func withSession(
        _ body: nonisolated(nonsending) (any MailSession) async throws -> Void
    ) async throws {
        guard let password = credentials.password else { throw SyncFailure(.settings, "the settings name no password") }
        do {
            try await withPOP3Connection(
                POP3Configuration(endpoint),
                credentials: POP3Credentials(
                    username: credentials.username,
                    password: password,
                    authorizeAs: credentials.authorizeAs
                ),
                logger: logger
            ) { connection in
                try await body(
                    POP3Session(connection: connection, numbers: POP3Numbers(self), uidValidity: uidValidity)
                )
            }
        } catch let error as POP3Error {
            throw SyncFailure(error)
        }
    }

    private var endpoint: MailEndpoint { Self.endpoint(of: server, policy: policy) }

    /// How a server is connected to.
    static func endpoint(of server: MailServer, policy: NetworkPolicy) -> MailEndpoint {
        MailEndpoint(
            host: server.host,
            port: server.port,
            security: MailEndpoint.Security(server.security),
            trust: server.certificates.map { .certificates(pem: $0) } ?? .system
        ) { address in
            policy.allows(address)
        }
    }

    /// What a server's names of mails are valid under: the account, as another account may use the same names.
    ///
    /// Above the moments that IMAP servers take for UIDVALIDITY.
    private var uidValidity: UInt32 {
        let account = "pop3\0\(server.host.lowercased())\0\(credentials.authorizeAs ?? credentials.username)"
        return SHA256.hash(data: Array(account.utf8)).prefix(4).reduce(0) { $0 << 8 | UInt32($1) } | 0x8000_0000
    }
}

/// A signed-in connection; what it lists stays as it is for as long as it lasts (RFC 1939, 5).
///
/// Used by one task at a time.
private final class POP3Session: MailSession {
    private let connection: POP3Connection
    private let numbers: POP3Numbers
    private let uidValidity: UInt32
    private var listing: POP3Listing?

    init(connection: POP3Connection, numbers: POP3Numbers, uidValidity: UInt32) {
        self.connection = connection
        self.numbers = numbers
        self.uidValidity = uidValidity
    }

    let headerWindow = 1000
    /// What else the mailbox holds, POP3 does not tell.
    let listsAllFolders = false

    func uidValidity(below uid: UInt32) -> UInt32 { uidValidity }

    nonisolated(nonsending) func folders() async throws -> [SourceFolder] {
        [SourceFolder(name: "INBOX", path: "INBOX", exclusion: nil)]
    }

    nonisolated(nonsending) func open(_ folder: SourceFolder) async throws -> OpenedFolder {
        let listing = try await list()
        return OpenedFolder(uidValidity: uidValidity, uidNext: listing.uidNext, count: listing.count)
    }

    private nonisolated(nonsending) func list() async throws -> POP3Listing {
        if let listing { return listing }
        do {
            let listing = try await numbers.list(connection, uidValidity: uidValidity)
            self.listing = listing
            return listing
        } catch let error as POP3Error where connection.isIdle && SyncFailure.Code(error.code) == .server {
            throw SyncFailure(error)
        }
    }

    nonisolated(nonsending) func uids(in range: ClosedRange<UInt32>) async throws -> [UInt32] {
        try await list().messages(in: range).map(\.uid)
    }

    nonisolated(nonsending) func headers(
        of uids: [ClosedRange<UInt32>],
        _ onHeader: nonisolated(nonsending) (SourceHeader) async throws -> Void
    ) async throws -> [UInt32] {
        let listing = try await list()
        let asked = uids.flatMap { listing.messages(in: $0) }
        return try await reading(asked) { numbers, byNumber in
            try await connection.headers(of: numbers) { header in
                guard let message = byNumber[header.number] else { return }
                try await onHeader(
                    SourceHeader(
                        uid: message.uid,
                        size: header.size ?? message.size,
                        bytes: Array(header.bytes.readableBytesView),
                        isWhole: header.isWhole
                    )
                )
            }
        }
    }

    nonisolated(nonsending) func bodies(
        of uids: [UInt32],
        _ onBody: nonisolated(nonsending) (SourceBody) async throws -> Void
    ) async throws -> [UInt32] {
        let listing = try await list()
        let asked = uids.flatMap { listing.messages(in: $0...$0) }
        return try await reading(asked) { numbers, byNumber in
            try await connection.retrieve(numbers) { message in
                guard let uid = byNumber[message.number]?.uid else { return }
                let chunks = message.chunks
                try await onBody(
                    SourceBody(uid: uid) { write in
                        for try await chunk in chunks { try chunk.withUnsafeReadableBytes(write) }
                    }
                )
            }
        }
    }

    /// Tells of messages by their numbers, and of those that are refused by their UIDs.
    private nonisolated(nonsending) func reading(
        _ messages: [POP3Listing.Message],
        _ read: nonisolated(nonsending) ([UInt32], [UInt32: POP3Listing.Message]) async throws -> [UInt32]
    ) async throws -> [UInt32] {
        let byNumber = Dictionary(messages.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        return try await read(messages.map(\.number), byNumber).compactMap { byNumber[$0]?.uid }
    }
}

extension MailEndpoint.Security {
    init(_ security: ConnectionSecurity) {
        self =
            switch security {
            case .tls: .tls
            case .starttls: .startTLS
            case .none: .none
            }
    }
}

extension SyncFailure {
    init(_ error: POP3Error) {
        self.init(Code(error.code), error.message, cause: error)
    }
}

extension SyncFailure.Code {
    /// What an error of the POP3 client means to a person.
    init(_ code: POP3Error.Code) {
        self =
            switch code {
            case .authenticationFailed, .authenticationMechanismUnavailable: .auth
            case .throttled, .busy: .throttled
            case .startTLSNotOffered, .loginDisabled: .security
            case .commandRefused, .invalidResponse: .server
            case .connection(let code):
                switch code {
                case .connectionFailed, .connectionClosed, .timeout, .nameNotResolved: .connect
                case .certificateInvalid: .certificate
                case .tlsFailed, .plaintextInjected: .security
                case .addressNotAllowed: .network
                case .limitExceeded: .server
                case .invalidArgument: .settings
                }
            }
    }
}
