import ArgumentParser
import MailkeepApp
import MailkeepModel

struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Clients of the REST API: programs that act as a user.",
        discussion: """
            A client can do nothing that its user cannot. It trades its refresh token at /oauth/v2/token for access \
            tokens, which last an hour. A user's clients end when the user is deactivated.
            """,
        subcommands: [Create.self, List.self, Revoke.self]
    )

    struct Create: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a client that acts as you, and show its secrets, once.",
            discussion: """
                A scope is an area and what may be done there: ZohoCRM.modules.contacts.READ, ZohoCRM.users.ALL, \
                Mailkeep.backups.READ. Without --scope the client may do whatever you may.
                """
        )

        @OptionGroup var common: CommonOptions
        @Option(help: ArgumentHelp("What the client is called in lists.", valueName: "name")) var name = "Shell"
        @Option(help: ArgumentHelp("What the client may do (repeatable).", valueName: "scope")) var scope: [String] = []

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let scopes = scope.flatMap { $0.split(separator: ",").map(String.init) }
                let secrets = try await session.perform(CreateClient(name: name, scopes: scopes))
                let table = Table(pairs: [
                    ("client_id", secrets.client_id), ("client_secret", secrets.client_secret),
                    ("refresh_token", secrets.refresh_token), ("scope", secrets.scopes.joined(separator: " ")),
                ])
                try await session.print(secrets, text: table.text + "\n\n" + session.wording.text(.okClient))
            }
        }
    }

    struct List: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "List your clients, or, for administrators, everybody's."
        )

        @OptionGroup var common: CommonOptions

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let clients = try await session.perform(ListClients())
                let text =
                    clients.isEmpty ? session.wording.text(.emptyClients) : Table(clients, session.wording).text
                try await session.print(ListDocument(of: .tokens, clients), text: text)
            }
        }
    }

    struct Revoke: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke a client: its tokens end at once, and for good."
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The client's id.") var id: String

        func run(in context: CommandContext) async throws {
            guard let client = ClientID(id) else { throw UsageError.badID }
            try await context.withSession(common) { session in
                let result = try await session.perform(RevokeClient(client))
                let message = session.wording.text(result == .done ? .okClientRevoke : .okUnchanged)
                try await session.print(ActionList(.tokens, [ActionShape(id: id, message: message)]), text: message)
            }
        }
    }
}

extension Table {
    fileprivate init(_ clients: [ClientShape], _ wording: Wording) {
        self.init(
            header: [
                "Id", wording.text(.colClient), wording.text(.colUser), wording.text(.colScopes),
                wording.text(.colCreated), wording.text(.colUsed),
            ],
            rows: clients.map { client in
                [
                    client.client_id, client.name, client.user.name, client.scopes.joined(separator: " "),
                    client.created_time, client.last_used_time ?? "-",
                ]
            }
        )
    }
}
