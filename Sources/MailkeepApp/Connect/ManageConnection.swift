import Foundation
import MailkeepKeys
import MailkeepModel
import MailkeepStore
import MailkeepSync
import OAuthClient

/// The connection to the CRM that is the master of the directory, in the API's form; of secrets nothing is read back.
package struct ConnectionShape: Encodable, Sendable, Equatable {
    package var api_domain: String
    package var token_endpoint: String
    package var client_id: String
    package var backs_up_leavers: Bool
    package var saved_by: UserShape.Reference
    /// Up to which moment the CRM was read, by its clock.
    package var read_until: String?
    package var last_run_time: String?
    package var last_error: String?
    /// Why a person has to mend something: `refused`, or `failing` where it broke off several times in a row.
    package var attention: String?
    /// Whether a run was broken off, which goes on where it stopped.
    package var is_unfinished: Bool
}

/// Saves where the CRM is that is the master of the directory, once it has let the client in; for administrators (P1).
package struct SaveConnection: Redacted, UseCase {
    /// The API's own address, and where it gives tokens.
    package var apiDomain: String
    package var tokenEndpoint: String
    package var clientID: String
    package var clientSecret: String
    package var refreshToken: String
    /// Certificates (PEM) to trust in place of the system's.
    package var certificates: String?
    /// Whether a user who is deactivated there is backed up here.
    package var backsUp: Bool

    package init(
        apiDomain: String,
        tokenEndpoint: String,
        clientID: String,
        clientSecret: String,
        refreshToken: String,
        backsUp: Bool
    ) {
        self.apiDomain = apiDomain
        self.tokenEndpoint = tokenEndpoint
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.refreshToken = refreshToken
        self.backsUp = backsUp
    }

    /// - Throws: `AppError` (`badConnection`, `connectionRefused`, `connectionBroken`).
    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws {
        let settings = ConnectionSettings(
            apiDomain: apiDomain,
            tokenEndpoint: tokenEndpoint,
            clientID: clientID,
            clientSecret: clientSecret,
            refreshToken: refreshToken,
            certificates: certificates
        )
        for (name, text) in [("api-domain", settings.apiDomain), ("accounts-url", settings.tokenEndpoint)] {
            guard let url = URL(string: text), OAuthClientConfiguration.isUsable(url) else {
                throw AppError(.badConnection, ["name": name])
            }
        }
        for (name, text) in [
            ("client-id", settings.clientID), ("client_secret", settings.clientSecret),
            ("refresh_token", settings.refreshToken),
        ] {
            guard OAuthTokens.isToken(text) else { throw AppError(.badConnection, ["name": name]) }
        }
        let now = mailkeep.clock()
        let action = AuditedAction(
            name: "connection.save",
            details: ["api_domain": apiDomain, "backs_up": "\(backsUp)"]
        )
        _ = try await mailkeep.read(action, as: caller) { _, actor in try PagePolicy.use(actor: actor).enforce() }
        try await settings.check()
        try await mailkeep.act(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            try transaction.saveConnection(settings, backsUp: backsUp, by: actor.id, at: now)
            return (.done, ())
        }
    }
}

/// Shows the connection; for administrators (P1).
package struct ShowConnection: UseCase {
    package init() {}

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> ConnectionShape? {
        try await mailkeep.read(AuditedAction(name: "connection.show"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            return try transaction.connection().map { connection in
                ConnectionShape(
                    api_domain: connection.settings.apiDomain,
                    token_endpoint: connection.settings.tokenEndpoint,
                    client_id: connection.settings.clientID,
                    backs_up_leavers: connection.backsUp,
                    saved_by: UserShape.Reference(
                        connection.savedBy,
                        try transaction.userNames([connection.savedBy])
                    ),
                    read_until: connection.completedAt?.iso8601,
                    last_run_time: connection.endedAt?.iso8601,
                    last_error: connection.error,
                    attention: connection.attention?.rawValue,
                    is_unfinished: connection.position != nil
                )
            }
        }
    }
}

/// Forgets the connection and its secrets, for administrators (P1); what was read stays.
package struct RemoveConnection: UseCase {
    package init() {}

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> ActionResult {
        try await mailkeep.act(AuditedAction(name: "connection.remove"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            let result: ActionResult = try transaction.removeConnection() ? .done : .unchanged
            return (result, result)
        }
    }
}
