import Delivery
package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// An event on its way to one receiver, in the API's form.
package struct DeliveryShape: Encodable, Sendable, Equatable {
    package var id: String
    /// The event's id, as receivers are given it.
    package var event: String
    package var type: String
    package var webhook: String?
    /// The administrator who is told by mail.
    package var user: UserShape.Reference?
    /// `pending`, `delivered` or `failed`.
    package var status: String
    package var attempts: Int
    /// What the receiver answered to the last attempt.
    package var answer: Int?
    /// Why the last attempt failed.
    package var error: String?
    package var event_time: String
    package var last_time: String?
    package var next_time: String?

    init(_ delivery: StoredDelivery, _ names: [UserID: String]) {
        id = delivery.id.description
        event = delivery.event.uid
        type = delivery.event.type
        webhook = delivery.webhook?.description
        user = delivery.user.map { UserShape.Reference($0, names) }
        status = delivery.state.rawValue
        attempts = delivery.attempts
        answer = delivery.status
        error = delivery.error
        event_time = delivery.event.at.iso8601
        last_time = delivery.lastAt?.iso8601
        next_time = delivery.state == .pending && delivery.attempts > 0 ? delivery.nextAt.iso8601 : nil
    }
}

extension Wording {
    /// How a delivery stands, and why.
    package func outcome(of delivery: DeliveryShape) -> String {
        let state = text(key: "delivery.\(delivery.status)")
        guard let error = delivery.error else { return state }
        let reason = text(key: "deliver.\(error)", ["status": delivery.answer.map(String.init) ?? "–"])
        return text(.deliveryReason, ["state": state, "reason": reason])
    }
}

/// Lists the last deliveries, newest first; for administrators (P1).
package struct ListDeliveries: UseCase {
    static let most = 50

    /// Nil for all receivers, mail among them.
    package var webhook: WebhookID?

    package init(of webhook: WebhookID? = nil) {
        self.webhook = webhook
    }

    /// - Throws: `AppError` (`noWebhook`).
    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> [DeliveryShape] {
        try await mailkeep.read(AuditedAction(name: "webhook.log"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            if let webhook, try transaction.webhook(webhook) == nil { throw AppError(.noWebhook) }
            let deliveries = try transaction.deliveries(of: webhook, limit: Self.most)
            let names = try transaction.userNames(deliveries.lazy.compactMap(\.user))
            return deliveries.map { DeliveryShape($0, names) }
        }
    }
}

/// How administrators are told by mail, in the API's form; of credentials nothing is shown.
package struct MailNotificationShape: Encodable, Sendable, Equatable {
    /// Nil where no mail server is set up.
    package var host: String?
    package var port: Int?
    package var security: String?
    package var signs_in: Bool
    package var from: String?
}

/// Shows how administrators are told by mail; for administrators (P1).
package struct ShowMailNotifications: UseCase {
    package init() {}

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> MailNotificationShape {
        try await mailkeep.read(AuditedAction(name: "webhook.list"), as: caller) { _, actor in
            try PagePolicy.use(actor: actor).enforce()
            let mail = mailkeep.notifications.mail
            return MailNotificationShape(
                host: mail?.host,
                port: mail?.port,
                security: mail?.security.rawValue,
                signs_in: mail?.username != nil,
                from: mail?.from
            )
        }
    }
}
