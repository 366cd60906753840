package import Logging
import MailkeepModel
import MailkeepStore
import MailkeepSync
import ServiceLifecycle

/// Reads the CRM that is the master of the directory on a schedule, as the administrator who saved the connection.
package struct DirectoryService: Service {
    private let mailkeep: Mailkeep
    private let interval: Int
    private let logger: Logger

    /// - Parameter interval: seconds between two runs.
    /// - Throws: `AppError` (`badInterval`).
    package init(mailkeep: Mailkeep, interval: Int, logger: Logger) throws {
        guard (1...2_592_000).contains(interval) else { throw AppError(.badInterval) }
        self.mailkeep = mailkeep
        self.interval = interval
        self.logger = logger
    }

    package func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                while true {
                    try await Task.sleep(for: .seconds(interval))
                    try await runOnce()
                }
            }
        } catch is CancellationError {}
    }

    private func runOnce() async throws {
        do {
            guard let connection = try await mailkeep.store.read({ try $0.connection() }) else { return }
            let caller = Caller(user: connection.savedBy, origin: "connect")
            let run = try await mailkeep.perform(SynchroniseDirectory(isScheduled: true), as: caller)
            logger.info(
                "the directory was read",
                metadata: ["users": "\(run.users)", "records": "\(run.records)", "skipped": "\(run.skipped_count)"]
            )
        } catch let error where !(error is CancellationError) {
            logger.error(
                "the directory cannot be read",
                metadata: ["error": "\(ErrorReport(error, in: .english).document.message)"]
            )
        }
    }
}
