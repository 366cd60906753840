package import Logging
import MailkeepModel
import MailkeepStore
import MailkeepSync
import ServiceLifecycle

/// Tells webhooks, and administrators by mail, what has happened.
///
/// Each webhook, and the mail server, is told one thing at a time and all of them side by side: a slow one holds up no
/// other.
package struct NotificationService: Service {
    private let mailkeep: Mailkeep
    private let logger: Logger
    private static let pause = Duration.milliseconds(500)

    package init(mailkeep: Mailkeep, logger: Logger) {
        self.mailkeep = mailkeep
        self.logger = logger
    }

    /// Delivers until cancelled or shut down gracefully; what is under way then is delivered at the next start.
    package func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await deliver() }
        } catch is CancellationError {}
    }

    /// What the loop waits for.
    private enum Ended: Sendable {
        case pause
        /// A delivery to a webhook, or by mail.
        case delivery(to: WebhookID?)
    }

    private func deliver() async throws {
        try await withThrowingTaskGroup(of: Ended.self) { group in
            var busy: Set<WebhookID?> = []
            let wait: @Sendable () async throws -> Ended = {
                try await Task.sleep(for: Self.pause)
                return .pause
            }
            group.addTask { try await wait() }
            while let ended = try await group.next() {
                switch ended {
                case .pause: group.addTask { try await wait() }
                case .delivery(let webhook): busy.remove(webhook)
                }
                for delivery in try await due() where busy.insert(delivery.webhook).inserted {
                    group.addTask {
                        try await attempt(delivery)
                        return .delivery(to: delivery.webhook)
                    }
                }
            }
        }
    }

    /// - Throws: `CancellationError`.
    private func due() async throws -> [StoredDelivery] {
        do {
            return try await mailkeep.dueDeliveries()
        } catch let error where !(error is CancellationError) {
            logger.error("deliveries cannot be looked for", metadata: ["error": "\(SyncFailure(error))"])
            return []
        }
    }

    /// - Throws: `CancellationError`.
    private func attempt(_ delivery: StoredDelivery) async throws {
        do {
            try await mailkeep.deliver(delivery)
        } catch let error where !(error is CancellationError) {
            // How it went could not be noted: it is made again, not at once.
            logger.error("a delivery failed", metadata: ["error": "\(SyncFailure(error))"])
            try await Task.sleep(for: .seconds(5))
        }
    }
}

extension Mailkeep {
    /// Of each receiver the oldest delivery that is due; without a mail server, mail is forgotten here.
    func dueDeliveries() async throws -> [StoredDelivery] {
        let now = clock()
        let (due, hasMail) = try await store.read { (try $0.dueDeliveries(at: now), try $0.hasMailDeliveries()) }
        guard notifications.mail == nil, hasMail else { return due }
        try await store.write { try $0.removeMailDeliveries() }
        return due.filter { $0.webhook != nil }
    }
}
