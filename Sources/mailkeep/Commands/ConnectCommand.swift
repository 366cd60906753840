import ArgumentParser
import MailkeepApp
import MailkeepModel

struct ConnectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connect",
        abstract: "Keep users, roles, records and shares in step with a CRM that stays the master (administrators).",
        subcommands: [Zoho.self, Show.self, Remove.self]
    )

    struct Zoho: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read what has changed in a CRM that speaks Zoho CRM's API v8, or in another Mailkeep.",
            discussion: """
                The first time give --api-domain, --accounts-url, --client-id and --secrets-stdin; they are kept, the \
                secrets encrypted. From then on the command reads what has changed since, and a server does so by \
                itself (serve --connect-interval). Broken off, it goes on where it stopped. Who is deactivated there is \
                deactivated here; with --back-up-leavers their mail is backed up then.
                """
        )

        @OptionGroup var common: CommonOptions
        @Option(
            help: ArgumentHelp("The CRM's API: https://www.zohoapis.jp, or a Mailkeep's address.", valueName: "url")
        )
        var apiDomain: String?
        @Option(help: ArgumentHelp("Where it gives tokens; else --api-domain with /oauth/v2/token.", valueName: "url"))
        var accountsUrl: String?
        @Option(help: ArgumentHelp("The client that is registered there.", valueName: "id")) var clientId: String?
        @Flag(help: "Read the client secret and the refresh token from the first two lines of standard input.")
        var secretsStdin = false
        @Option(help: ArgumentHelp("Certificates (PEM) to trust for it.", valueName: "file")) var caFile: String?
        @Flag(help: "Ask for a backup of whoever is deactivated there.") var backUpLeavers = false

        func validate() throws {
            let given = [apiDomain != nil, clientId != nil, secretsStdin].count { $0 }
            guard given == 0 || given == 3 else {
                throw ValidationError("Give --api-domain, --client-id and --secrets-stdin together.")
            }
            guard given == 3 || (accountsUrl == nil && caFile == nil && !backUpLeavers) else {
                throw ValidationError("Settings are given with --api-domain, --client-id and --secrets-stdin.")
            }
        }

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                if let apiDomain, let clientId {
                    var action = SaveConnection(
                        apiDomain: apiDomain,
                        tokenEndpoint: accountsUrl ?? apiDomain + "/oauth/v2/token",
                        clientID: clientId,
                        clientSecret: try await session.console.readStandardInputLine(),
                        refreshToken: try await session.console.readStandardInputLine(),
                        backsUp: backUpLeavers
                    )
                    if let caFile {
                        action.certificates = String(
                            decoding: try await session.console.readFile(caFile, limit: 1 << 20),
                            as: UTF8.self
                        )
                    }
                    _ = try await session.perform(action)
                }
                let run = try await session.perform(
                    SynchroniseDirectory { try await session.note($0.line(session.wording)) }
                )
                let skipped = run.skipped.map { "\($0.what): \($0.message)" }
                try await session.print(
                    ConnectionDocument(connection: [run]),
                    text: ([run.line(session.wording)] + skipped).joined(separator: "\n")
                )
            }
        }
    }

    struct Show: ShellCommand {
        static let configuration = CommandConfiguration(abstract: "Show the connection; of secrets nothing is shown.")

        @OptionGroup var common: CommonOptions

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                guard let shape = try await session.perform(ShowConnection()) else {
                    return try await session.print(
                        ConnectionDocument(connection: [ConnectionShape]()),
                        text: session.wording.text(key: "err.no_connection")
                    )
                }
                let table = Table(pairs: [
                    ("api_domain", shape.api_domain), ("client_id", shape.client_id),
                    ("back_up_leavers", "\(shape.backs_up_leavers)"), ("read_until", shape.read_until ?? "-"),
                    ("last_run", shape.last_run_time ?? "-"), ("last_error", shape.last_error ?? "-"),
                ])
                try await session.print(ConnectionDocument(connection: [shape]), text: table.text)
            }
        }
    }

    struct Remove: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forget the connection and its secrets; what was read stays."
        )

        @OptionGroup var common: CommonOptions

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let result = try await session.perform(RemoveConnection())
                let message = session.wording.text(result == .done ? .okConnectionRemove : .okUnchanged)
                let action = ActionShape(id: "1", message: message)
                try await session.print(ActionList(.connection, [action]), text: message)
            }
        }
    }
}

/// The document `{"connection":[…]}`.
private struct ConnectionDocument<Item: Encodable>: Encodable {
    let connection: [Item]
}

extension DirectoryRun {
    fileprivate func line(_ wording: Wording) -> String {
        wording.text(
            .okConnection,
            [
                "roles": "\(roles)", "users": "\(users)", "records": "\(records.values.reduce(0, +))",
                "deleted": "\(deleted)", "backups": "\(backups)", "skipped": "\(skipped_count)",
            ]
        )
    }
}
