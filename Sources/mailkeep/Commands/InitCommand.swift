import ArgumentParser
import Logging
import MailkeepApp
import MailkeepModel

struct InitCommand: LocalCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make an organisation with its first administrator.",
        discussion: """
            Makes the data directory (only you can read it), its keys and its database. The password is read from \
            standard input, or asked for at the terminal. Where a master key is given (64 hexadecimal digits, as \
            openssl rand -hex 32 prints them), the data directory has no file of it, and every start of Mailkeep \
            needs it: if it is lost, so is all mail.
            """
    )

    @OptionGroup var location: DataOption

    @Option(help: ArgumentHelp("The organisation's name.", valueName: "name"))
    var organization: String

    @Option(help: ArgumentHelp("The first administrator's e-mail address.", valueName: "email"))
    var adminEmail: String

    @Option(help: ArgumentHelp("The first administrator's name.", valueName: "name"))
    var adminName: String

    @Option(help: "The administrator's language: ja or en; else the terminal's.")
    var locale: Locale?

    @Flag(help: "Read the password from the first line of standard input.")
    var passwordStdin = false

    func run(console: any Console, host: any Host) async throws {
        guard let path = location.data ?? host.settings.data else { throw UsageError.noData }
        let locale = locale ?? console.locale
        let wording = Wording(locale: locale)
        let password = try await console.newPassword(fromStandardInput: passwordStdin, wording: wording)
        let masterKey = try host.masterKey(location)
        let directory = try DataDirectory.create(at: path)
        let terminal = console.terminal
        let mailkeep = try await Mailkeep.prepare(
            directory,
            masterKey: masterKey,
            permissions: try Mailkeep.Permissions(),
            logger: Logger(label: "mailkeep")
        )
        try await mailkeep.setUp(
            NewOrganization(
                name: organization,
                administratorEmail: adminEmail,
                administratorName: adminName,
                locale: locale,
                password: password
            ),
            origin: "shell \(terminal.userName)(\(terminal.userID))"
        )
        try mailkeep.close()
        try await console.write(wording.text(.okInit, ["organization": organization, "data": path]) + "\n")
    }
}

extension Console {
    /// The first line of standard input, or what is typed twice at the terminal without echo.
    func newPassword(fromStandardInput: Bool, wording: Wording) async throws -> String {
        if fromStandardInput { return try await readStandardInputLine() }
        let first = try await readPassword(prompt: wording.text(.askPassword) + " ")
        guard try await readPassword(prompt: wording.text(.askPasswordAgain) + " ") == first else {
            throw UsageError.passwordsDiffer
        }
        return first
    }

    /// The first line of standard input, or what is typed at the terminal without echo.
    func password(fromStandardInput: Bool, wording: Wording) async throws -> String {
        fromStandardInput
            ? try await readStandardInputLine() : try await readPassword(prompt: wording.text(.askPassword) + " ")
    }
}
