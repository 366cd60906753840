import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
package import MailkeepApp
package import MailkeepMetrics
import NIOCore
import ServiceLifecycle

/// Serves the pages.
package struct WebServer: Service {
    private let mailkeep: Mailkeep
    private let configuration: WebConfiguration
    private let setUpToken: SecretToken?
    private let metrics: MetricRegistry
    private let logger: Logger
    private let onReady: @Sendable () async -> Void

    /// - Parameters:
    ///   - setUpToken: opens the page that makes the organisation, where there is none yet.
    ///   - metrics: what is told to whoever may read metrics.
    ///   - onReady: called once, when pages can be asked for.
    /// - Throws: `WebError`.
    package init(
        mailkeep: Mailkeep,
        configuration: WebConfiguration,
        setUpToken: SecretToken?,
        metrics: MetricRegistry = MetricRegistry(),
        logger: Logger,
        onReady: @escaping @Sendable () async -> Void = {}
    ) throws {
        try configuration.check()
        self.mailkeep = mailkeep
        self.configuration = configuration
        self.setUpToken = setUpToken
        self.metrics = metrics
        self.logger = logger
        self.onReady = onReady
    }

    /// The page that makes the organisation, with the token that opens it.
    package var setUpAddress: String? {
        setUpToken.map { "\(configuration.address)/setup?token=\($0.text)" }
    }

    /// Serves until cancelled or shut down gracefully.
    ///
    /// - Throws: `WebError` (`addressInUse`, `badCertificate`).
    package func run() async throws {
        let site = try Site(
            mailkeep: mailkeep,
            configuration: configuration,
            setUpToken: setUpToken,
            metrics: metrics,
            logger: logger
        )
        let limits = HTTP1Channel.Configuration(idleTimeout: .seconds(90))
        var server = HTTPServerBuilder.http1(configuration: limits)
        if let tls = try configuration.tls() { server = try .tls(server, tlsConfiguration: tls) }
        // The library tells at every start and request what only its developers want to know.
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let application = Application(
            router: try site.router(),
            server: server,
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                serverName: nil
            ),
            onServerRunning: { [logger, configuration, onReady] _ in
                logger.info("serving pages", metadata: ["address": "\(configuration.address)"])
                await onReady()
            },
            logger: quiet
        )
        do {
            try await application.run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw WebError(.addressInUse, "\(configuration.host):\(configuration.port)")
        }
    }
}
