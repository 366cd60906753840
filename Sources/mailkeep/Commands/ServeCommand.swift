import ArgumentParser
import Logging
import MailkeepApp
import MailkeepModel
import ServiceLifecycle
import UnixSignals

struct ServeCommand: LocalCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Own the data directory: synchronise on a schedule, take backups, and serve the shell's commands.",
        discussion: """
            While it runs, every other command goes through it. It ends on SIGTERM or Ctrl-C; jobs that are under way \
            go on where they stopped when it starts again.
            """
    )

    @OptionGroup var location: DataOption
    @OptionGroup var reach: ReachOptions

    @Option(help: ArgumentHelp("Seconds between two synchronisations of an active user's mailbox.", valueName: "s"))
    var syncInterval: Int?

    func run(console: any Console, host: any Host) async throws {
        let settings = host.settings
        guard let path = location.data ?? settings.data else { throw UsageError.noData }
        let logger = Logger(label: "mailkeep")
        let directory = try await DataDirectory.open(at: path)
        let mailkeep = try await Mailkeep.open(
            directory,
            permissions: try Mailkeep.Permissions(
                networks: settings.allowMailNetworks + reach.allowMailNetwork,
                paths: settings.allowMailPaths + reach.allowMailPath
            ),
            logger: logger
        )
        let serverHost = ServerHost(mailkeep: mailkeep, settings: settings)
        let shell = ShellServer(
            path: directory.socket,
            version: MailkeepCommand.version,
            logger: logger
        ) { arguments, console in
            await Program.execute(arguments, console: console, host: serverHost)
        }
        let work = try JobService(
            mailkeep: mailkeep,
            interval: syncInterval ?? settings.syncInterval,
            logger: logger
        )
        logger.info("serving", metadata: ["socket": "\(directory.socket)"])
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: shell), .init(service: work)],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        try await group.run()
        try mailkeep.close()
        logger.info("stopped")
    }
}

/// Commands within the server: Mailkeep is there already, and jobs are taken up by `JobService`.
private struct ServerHost: Host {
    let mailkeep: Mailkeep
    let settings: Settings
    var takesUpJobs: Bool { true }

    func withMailkeep<Result: Sendable>(
        data: String?,
        _ body: @Sendable (Mailkeep) async throws -> Result
    ) async throws -> Result {
        try await body(mailkeep)
    }

    func finish(_ job: JobID, in mailkeep: Mailkeep, wait: Bool) async throws {
        guard wait else { return }
        while try await mailkeep.isPending(job) { try await Task.sleep(for: .milliseconds(100)) }
    }
}
