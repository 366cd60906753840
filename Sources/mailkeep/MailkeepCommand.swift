import ArgumentParser

/// The program.
///
/// Each subcommand stands in a file of `Commands/`.
@main
struct MailkeepCommand: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "mailkeep",
        abstract: "Keeps the customer mail when people leave.",
        discussion: """
            Lock a user's mail add-on settings before they leave, back up their customer mail when they are \
            deactivated, and every colleague associated with a record reads on.

            A first organisation:
              mailkeep init --data DIR --organization 'Example Ltd' --admin-email admin@example.com \
            --admin-name 'Ada Admin' --password-stdin

            A leaver's mail, in three commands:
              mailkeep lock --user leaver@example.com --data DIR --as admin@example.com
              mailkeep user deactivate --user leaver@example.com --back-up --wait --data DIR --as admin@example.com
              mailkeep records emails --module Contacts --id 12 --data DIR --as colleague@example.com

            --data can also stand in MAILKEEP_DATA. Exit status: 0 done, 1 failed, 64 wrong usage, 65 bad input file, \
            69 the mail server can't be reached or refuses, 77 refused by a rule or by permission.
            """,
        version: version,
        subcommands: [
            InitCommand.self, ServeCommand.self, OrganizationCommand.self, UserCommand.self, MailboxCommand.self,
            LockCommand.self,
            UnlockCommand.self, BackupCommand.self, ImportCommand.self, RecordsCommand.self, HoldCommand.self,
            RetentionCommand.self, EraseCommand.self, AuditCommand.self, SnapshotCommand.self, RestoreCommand.self,
            DoctorCommand.self, CollectCommand.self, KeysCommand.self, TokenCommand.self,
            WebhookCommand.self, ConnectCommand.self, VerifyExportCommand.self,
        ]
    )

    static func main() async {
        await Program.run(Array(CommandLine.arguments.dropFirst()))
    }
}
