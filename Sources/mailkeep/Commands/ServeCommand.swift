import ArgumentParser
import CoreMetrics
import Logging
import MailkeepApp
import MailkeepKeys
import MailkeepMetrics
import MailkeepModel
import MailkeepWeb
import ServiceLifecycle
import UnixSignals

struct ServeCommand: LocalCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the pages, synchronise on a schedule, take backups, and serve the shell's commands.",
        discussion: """
            A data directory without an organisation is made, and a link printed that opens the page for setting it up. \
            Listening on other addresses than this machine's own wants TLS, or a public https address behind a trusted \
            proxy. While it runs, every other command goes through it. It ends on SIGTERM or Ctrl-C; jobs that are \
            under way go on where they stopped when it starts again.
            """
    )

    @OptionGroup var location: DataOption
    @OptionGroup var reach: ReachOptions
    @OptionGroup var mail: MailOptions

    @Option(help: ArgumentHelp("The address to listen on; else MAILKEEP_HOST, else 127.0.0.1.", valueName: "address"))
    var host: String?

    @Option(help: ArgumentHelp("The port to listen on; else MAILKEEP_PORT, else 8080.", valueName: "port"))
    var port: Int?

    @Option(help: ArgumentHelp("The certificate chain for TLS, in PEM.", valueName: "file"), completion: .file())
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("The certificate's key, in PEM.", valueName: "file"), completion: .file())
    var tlsKey: String?

    @Option(help: ArgumentHelp("The address under which browsers reach the pages.", valueName: "url"))
    var publicUrl: String?

    @Option(help: ArgumentHelp("A network of reverse proxies to believe (repeatable).", valueName: "cidr"))
    var trustedProxy: [String] = []

    @Option(help: ArgumentHelp("Seconds between two synchronisations of an active user's mailbox.", valueName: "s"))
    var syncInterval: Int?

    @Option(help: ArgumentHelp("Seconds between two looks at the CRM that is connected.", valueName: "s"))
    var connectInterval: Int?

    @Option(help: ArgumentHelp("Inboxes to wait for new mail in, rather than look from time to time.", valueName: "n"))
    var watchedInboxes: Int?

    @Option(
        help: ArgumentHelp(
            "The largest backup source that can be uploaded; else MAILKEEP_UPLOAD_LIMIT, else 50000.",
            valueName: "mb"
        )
    )
    var uploadLimit: Int?

    @Option(
        help: ArgumentHelp(
            "Requests of one client of the API within a minute; else MAILKEEP_API_RATE_LIMIT, else 6000.",
            valueName: "n"
        )
    )
    var apiRateLimit: Int?

    @Option(help: ArgumentHelp("How the log is written: text or json; else MAILKEEP_LOG_FORMAT.", valueName: "format"))
    var logFormat: LogFormat?

    func run(console: any Console, host: any Host) async throws {
        let settings = host.settings
        guard let path = location.data ?? settings.data else { throw UsageError.noData }
        let logger = Logger(label: "mailkeep")
        let web = WebConfiguration(
            host: self.host ?? settings.host,
            port: port ?? settings.port,
            certificate: tlsCertificate ?? settings.tlsCertificate,
            key: tlsKey ?? settings.tlsKey,
            publicURL: publicUrl ?? settings.publicURL,
            trustedProxies: settings.trustedProxies + trustedProxy,
            apiRateLimit: apiRateLimit ?? settings.apiRateLimit,
            metricsToken: settings.metricsToken
        )
        try web.check()
        let notifications = NotificationSettings(
            mail: try mail.settings(over: settings.mail).submission(),
            pages: web.publicURL == nil ? nil : web.address
        )
        let masterKey = try host.masterKey(location)
        let directory = try await takeDirectory(at: path)
        let mailkeep = try await Mailkeep.prepare(
            directory,
            masterKey: masterKey,
            permissions: try settings.permissions(
                networks: reach.allowMailNetwork,
                paths: reach.allowMailPath,
                uploadLimit: uploadLimit
            ),
            providers: settings.providers,
            notifications: notifications,
            logger: logger
        )
        let setUpToken = try await mailkeep.hasOrganization() ? nil : SecretToken()
        let metrics = MetricRegistry(version: MailkeepCommand.version)
        MetricsSystem.bootstrap(metrics)
        let manager = ServiceManager()
        let pages = try WebServer(
            mailkeep: mailkeep,
            configuration: web,
            setUpToken: setUpToken,
            metrics: metrics,
            logger: logger
        ) {
            manager.tell(.ready)
        }
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
        let directoryService = try DirectoryService(
            mailkeep: mailkeep,
            interval: connectInterval ?? settings.connectInterval,
            logger: logger
        )
        let watch = try InboxWatch(
            mailkeep: mailkeep,
            width: watchedInboxes ?? settings.watchedInboxes,
            logger: logger
        )
        let notifier = NotificationService(mailkeep: mailkeep, logger: logger)
        logger.info("serving", metadata: ["socket": "\(directory.socket)"])
        if let address = pages.setUpAddress {
            try await console.write(Wording(locale: console.locale).text(.webSetUp, ["address": address]) + "\n")
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: shell), .init(service: work), .init(service: watch),
                    .init(service: directoryService), .init(service: notifier), .init(service: pages),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        try await group.run()
        manager.tell(.stopping)
        mailkeep.close(telling: logger)
        logger.info("stopped")
    }

    /// The data directory of an organisation, or a new one for whoever opens the page for setting it up.
    private func takeDirectory(at path: String) async throws -> DataDirectory {
        do {
            return try await DataDirectory.open(at: path)
        } catch let error as DataDirectoryError where error.code == .notADataDirectory {
            return try DataDirectory.create(at: path)
        }
    }
}

/// Commands within the server: Mailkeep is there already, and jobs are taken up by `JobService`.
private struct ServerHost: Host {
    let mailkeep: Mailkeep
    let settings: Settings
    var takesUpJobs: Bool { true }

    /// Only who makes or opens a data directory needs it, and the server has done so.
    func masterKey(_ location: DataOption) throws -> MasterKey? { nil }

    func withMailkeep<Result: Sendable>(
        at location: DataOption,
        _ body: @Sendable (Mailkeep) async throws -> Result
    ) async throws -> Result {
        try await body(mailkeep)
    }

    func finish(_ job: JobID, in mailkeep: Mailkeep, wait: Bool) async throws {
        guard wait else { return }
        try await mailkeep.waitForEnd(of: job)
    }
}
