import ArgumentParser
import MailkeepApp
import MailkeepModel

struct ImportCommand: ShellCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Store roles, users or records from a CSV file (administrators).",
        discussion: """
            A header row names the columns.
              roles:    Name,Reports To
              users:    Email,Name,Role,Profile,Status
              records:  Id,Owner,Name,Email,Secondary Email,Account,Contact,Shared With

            Owner and Shared With are e-mail addresses (several separated by ;), Account and Contact are ids. Unknown \
            columns are kept as fields of the record. A file is stored whole or, if a row is bad, not at all.
            """
    )

    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case roles
        case users
        case records
    }

    @OptionGroup var common: CommonOptions
    @Argument(help: "roles, users or records.") var kind: Kind
    @Argument(help: "The CSV file.") var file: String
    @Option(help: "For records: Leads, Contacts, Accounts or Deals.") var module: Module?
    @Option(help: "The file's encoding, for example Shift_JIS.") var encoding: String?
    @Flag(help: "Store the good rows and list the bad ones.") var skipInvalid = false

    func validate() throws {
        guard kind != .records || module != nil else { throw ValidationError("records needs --module.") }
    }

    private static let largestFile = 256 << 20

    func run(in context: CommandContext) async throws {
        let kind: ImportKind
        switch (self.kind, module) {
        case (.roles, _): kind = .roles
        case (.users, _): kind = .users
        case (.records, let module?): kind = .records(module)
        case (.records, nil): throw UsageError.moduleNeeded
        }
        try await context.withSession(common) { session in
            let bytes = try await session.console.readFile(file, limit: Self.largestFile)
            let result = try await session.perform(
                ImportFile(kind: kind, bytes: bytes, encoding: encoding, skipInvalid: skipInvalid)
            )
            let skipped = result.skipped.map { ErrorReport.Document.Row($0, in: session.locale) }
            let message = session.wording.text(
                skipped.isEmpty ? .okImport : .okImportSkipped,
                ["stored": "\(result.stored)", "skipped": "\(skipped.count)"]
            )
            let lines = [message] + skipped.map { "  \($0.line): \($0.message)" }
            try await session.print(
                Imported(details: .init(stored: result.stored, skipped: skipped), message: message),
                text: lines.joined(separator: "\n")
            )
        }
    }

    private struct Imported: Encodable {
        struct Details: Encodable {
            var stored: Int
            var skipped: [ErrorReport.Document.Row]
        }

        var code = "SUCCESS"
        var details: Details
        var message: String
        var status = "success"
    }
}
