import Foundation
import MailkeepKeys
package import MailkeepModel
import MailkeepStore
import MailkeepSync
import OAuthClient

/// What a run brought from the CRM.
package struct DirectoryRun: Encodable, Sendable, Equatable {
    /// Why something was passed over.
    package struct Skipped: Encodable, Sendable, Equatable {
        /// `users/12`, `Contacts/12`.
        package var what: String
        package var reason: String
        package var message: String
    }

    package var roles = 0
    package var users = 0
    /// By module.
    package var records: [String: Int] = [:]
    package var deleted = 0
    /// Backups of leavers that were asked for.
    package var backups = 0
    package var skipped_count = 0
    /// The first of them.
    package var skipped: [Skipped] = []
    /// From when on the CRM was read; nil where it was read from the beginning.
    package var read_since: String?

    /// The backups that were asked for, to be worked on by who has no server.
    package var backupIDs: [BackupID] = []

    private enum CodingKeys: String, CodingKey {
        case roles
        case users
        case records
        case deleted
        case backups
        case skipped_count
        case skipped
        case read_since
    }

    mutating func skip(_ what: String, _ reason: String, _ message: String) {
        skipped_count += 1
        if skipped.count < 100 { skipped.append(Skipped(what: what, reason: reason, message: message)) }
    }
}

/// Reads roles, users, records and shares from the CRM that is the master of the directory; for administrators (P1).
///
/// From the beginning at first, and then what has changed since; a run that was broken off goes on at the page where it
/// stopped. Whoever is deactivated there is deactivated here, within the rules; nobody is activated, as they may have
/// been deactivated here first (U1). The CRM's ids of records are kept. One run at a time.
package struct SynchroniseDirectory: UseCase {
    /// What backups of leavers may reach.
    package var permissions: JobPermissions
    /// Whether it is the schedule that reads, as the administrator who saved the connection: that they may not any more
    /// is a failure of the connection, and not of who asked.
    package var isScheduled: Bool
    package var onProgress: @Sendable (DirectoryRun) async throws -> Void

    package init(
        permissions: JobPermissions = JobPermissions(),
        isScheduled: Bool = false,
        onProgress: @escaping @Sendable (DirectoryRun) async throws -> Void = { _ in }
    ) {
        self.permissions = permissions
        self.isScheduled = isScheduled
        self.onProgress = onProgress
    }

    /// - Throws: `AppError` (`noConnection`, `connectionRefused`, `connectionBroken`), `Refusal` (P1).
    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> DirectoryRun {
        try await mailkeep.directoryRuns.withTurn { try await run(in: mailkeep, as: caller) }
    }

    private func run(in mailkeep: Mailkeep, as caller: Caller) async throws -> DirectoryRun {
        // What is known of the connection whose failure it would be.
        var savedAt = isScheduled ? try await mailkeep.store.read { try $0.connection() }?.savedAt : nil
        do {
            let connection = try await mailkeep.act(AuditedAction(name: "connection.run"), as: caller) {
                transaction,
                actor in
                try PagePolicy.use(actor: actor).enforce()
                guard let connection = try transaction.connection() else { throw AppError(.noConnection) }
                return (.done, connection)
            }
            savedAt = connection.savedAt
            return try await read(connection, in: mailkeep, as: caller)
        } catch let error where !(error is CancellationError) {
            guard let savedAt else { throw error }
            let isRefused = error is Refusal || (error as? AppError)?.code == .connectionRefused
            let words = ErrorReport(error, in: .english).document.message
            let now = mailkeep.clock()
            try await mailkeep.store.write { transaction in
                let isNoted = try transaction.failConnection(words, isRefused: isRefused, savedAt: savedAt, at: now)
                guard isNoted else { return }
                var entry = AuditEntry(AuditedAction(name: "connection.read"), by: caller, at: now)
                entry.outcome = .failed
                try transaction.appendAudit(entry)
            }
            throw error
        }
    }

    private func read(_ connection: Connection, in mailkeep: Mailkeep, as caller: Caller) async throws -> DirectoryRun {
        try await connection.settings.withClient { client in
            var reader = DirectoryReader(
                mailkeep: mailkeep,
                caller: caller,
                connection: connection,
                client: client,
                permissions: permissions,
                onProgress: onProgress
            )
            return try await reader.read()
        }
    }
}

extension ConnectionSettings {
    /// Asks the CRM whose the client is.
    ///
    /// - Throws: `AppError` (`connectionRefused`, `connectionBroken`).
    func check() async throws {
        let answer = try await withClient { try await $0.get("\(DirectoryReader.path)/users", ["type": "CurrentUser"]) }
        try DirectoryReader.checkStatus(answer.status, "users")
    }

    /// - Throws: `AppError` (`badConnection`, `connectionRefused`, `connectionBroken`), and what `body` throws.
    func withClient<Output: Sendable>(
        _ body: @Sendable (OAuthAPIClient) async throws -> Output
    ) async throws -> Output {
        guard let base = URL(string: apiDomain), let endpoint = URL(string: tokenEndpoint) else {
            throw AppError(.badConnection, ["name": "api-domain"])
        }
        let configuration = OAuthClientConfiguration(
            clientID: clientID,
            clientSecret: clientSecret,
            authorizationEndpoint: endpoint,
            tokenEndpoint: endpoint,
            scope: "",
            certificates: certificates
        )
        do {
            return try await OAuthAPIClient.with(
                configuration,
                refreshToken: refreshToken,
                base: base,
                scheme: "Zoho-oauthtoken",
                body
            )
        } catch let error as OAuthError {
            switch error.code {
            case .grantRefused, .clientRefused, .invalidAnswer:
                throw AppError(.connectionRefused, ["detail": error.message])
            case .certificateInvalid, .unavailable: throw AppError(.connectionBroken, ["detail": error.message])
            }
        }
    }
}
