package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// A client in the API's form; its secrets are told once, when it is made.
package struct ClientShape: Encodable, Sendable, Equatable {
    package var client_id: String
    package var name: String
    /// As whom it acts.
    package var user: UserShape.Reference
    package var scopes: [String]
    package var created_time: String
    package var last_used_time: String?
}

/// What a new client is given, once.
package struct ClientSecrets: Encodable, Sendable, Equatable {
    package var client_id: String
    package var client_secret: String
    package var refresh_token: String
    package var name: String
    package var scopes: [String]
}

/// Makes a client of the API that acts as the caller: it can do nothing that they cannot.
package struct CreateClient: UseCase {
    package var name: String
    package var scopes: [String]

    /// - Parameter scopes: nothing stands for everything.
    package init(name: String, scopes: [String] = []) {
        self.name = name
        self.scopes = scopes
    }

    /// - Throws: `AppError` (`noName`, `badScope`).
    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> ClientSecrets {
        let now = mailkeep.clock()
        let name = try Name.checked(name)
        var scopes = try scopes.map { text in
            guard let scope = Scope(text) else { throw AppError(.badScope, ["scope": text.forMessages]) }
            return scope
        }
        if scopes.isEmpty { scopes = Scope.everything }
        let (secret, refreshToken) = (SecretToken(), SecretToken())
        let action = AuditedAction(
            name: "client.create",
            user: caller.user,
            details: ["scopes": scopes.map(\.description).joined(separator: ",")]
        )
        return try await mailkeep.act(action, as: caller) { [scopes] transaction, actor in
            let id = try transaction.insertClient(
                of: actor.id,
                name: name,
                scopes: scopes,
                secretHash: secret.hash,
                refreshTokenHash: refreshToken.hash,
                at: now
            )
            let secrets = ClientSecrets(
                client_id: id.description,
                client_secret: secret.text,
                refresh_token: refreshToken.text,
                name: name,
                scopes: scopes.map(\.description)
            )
            return (.done, secrets)
        }
    }
}

/// Lists the clients that act as the caller; for administrators everybody's.
package struct ListClients: UseCase {
    package init() {}

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> [ClientShape] {
        try await mailkeep.read(AuditedAction(name: "client.list"), as: caller) { transaction, actor in
            let clients = try transaction.clients(of: actor.isAdministrator ? nil : actor.id)
            let names = try transaction.userNames(clients.lazy.map(\.user))
            return clients.map { client in
                ClientShape(
                    client_id: client.id.description,
                    name: client.name,
                    user: UserShape.Reference(client.user, names),
                    scopes: client.scopes.map(\.description),
                    created_time: client.createdAt.iso8601,
                    last_used_time: client.usedAt?.iso8601
                )
            }
        }
    }
}

/// Revokes a client: its tokens end at once, and for good.
///
/// Users revoke their own, administrators anybody's (P1); of another's nobody else is told that it is there.
package struct RevokeClient: UseCase {
    package var client: ClientID

    package init(_ client: ClientID) {
        self.client = client
    }

    /// - Throws: `AppError` (`noClient`).
    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> ActionResult {
        let now = mailkeep.clock()
        let action = AuditedAction(name: "client.revoke", target: "client/\(client)")
        return try await mailkeep.act(action, as: caller) { transaction, actor in
            guard let found = try transaction.client(client), actor.isAdministrator || found.user == actor.id else {
                throw AppError(.noClient)
            }
            guard found.revokedAt == nil else { return (.unchanged, .unchanged) }
            try transaction.revokeClient(client, at: now)
            return (.done, .done)
        }
    }
}
