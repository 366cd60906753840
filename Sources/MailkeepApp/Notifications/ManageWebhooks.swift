import Delivery
import Foundation
package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// A webhook in the API's form; its secret is told once, when it is made.
package struct WebhookShape: Encodable, Sendable, Equatable {
    package var id: String
    package var url: String
    package var events: [String]
    /// `active`, or `disabled` where the receiver has answered that it is gone.
    package var status: String
    package var created_by: UserShape.Reference
    package var created_time: String

    init(_ webhook: StoredWebhook, _ names: [UserID: String]) {
        id = webhook.id.description
        url = webhook.settings.url
        events = webhook.events.map(\.rawValue)
        status = webhook.disabledAt == nil ? "active" : "disabled"
        created_by = UserShape.Reference(webhook.createdBy, names)
        created_time = webhook.createdAt.iso8601
    }
}

/// What the receiver of a new webhook is given, once.
package struct WebhookSecretShape: Encodable, Sendable, Equatable {
    package var id: String
    package var url: String
    package var events: [String]
    /// `whsec_` and 32 bytes in base64, as Standard Webhooks writes it.
    package var secret: String
}

/// Makes a webhook; for administrators (P1).
package struct AddWebhook: UseCase {
    /// Webhooks of one organisation.
    static let most = 20

    package var url: String
    package var events: [String]

    /// - Parameter events: nothing stands for all.
    package init(url: String, events: [String] = []) {
        self.url = url
        self.events = events
    }

    /// - Throws: `AppError` (`badWebhook`, `badWebhookEvent`, `webhookNetwork`, `tooManyWebhooks`).
    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> WebhookSecretShape {
        let address = WebhookAddress(url)
        var action = AuditedAction(name: "webhook.add")
        if let address { action.details["host"] = address.host }
        // Who may not have any learns nothing of what can be reached from here.
        _ = try await mailkeep.read(action, as: caller) { _, actor in try PagePolicy.use(actor: actor).enforce() }
        guard let address else { throw AppError(.badWebhook) }
        var events = try events.map { text in
            guard let event = EventType(rawValue: text) else {
                throw AppError(.badWebhookEvent, ["event": text.forMessages])
            }
            return event
        }
        if events.isEmpty { events = EventType.allCases }
        events = EventType.allCases.filter(events.contains)
        do {
            _ = try await address.addresses { mailkeep.networks.allows($0) }
        } catch let error as DeliveryError where error.code == .network {
            throw AppError(address.isSecure ? .webhookNetwork : .webhookPlain)
        } catch is DeliveryError {
            // What does not resolve now may later; it is checked then.
        }
        let (now, key) = (mailkeep.clock(), WebhookSignature.makeKey())
        let settings = WebhookSettings(url: address.url.absoluteString, key: key)
        action.details["events"] = events.map(\.rawValue).joined(separator: ",")
        return try await mailkeep.act(action, as: caller) { [events] transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            guard try transaction.webhooks().count < Self.most else {
                throw AppError(.tooManyWebhooks, ["n": "\(Self.most)"])
            }
            let id = try transaction.insertWebhook(settings, events: events, by: actor.id, at: now)
            let shape = WebhookSecretShape(
                id: id.description,
                url: settings.url,
                events: events.map(\.rawValue),
                secret: WebhookSignature.secret(of: key)
            )
            return (.done, shape)
        }
    }
}

/// Lists the webhooks; for administrators (P1).
package struct ListWebhooks: UseCase {
    package init() {}

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> [WebhookShape] {
        try await mailkeep.read(AuditedAction(name: "webhook.list"), as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            let webhooks = try transaction.webhooks()
            let names = try transaction.userNames(webhooks.lazy.map(\.createdBy))
            return webhooks.map { WebhookShape($0, names) }
        }
    }
}

/// Removes a webhook, with what was on its way to it; for administrators (P1).
package struct RemoveWebhook: UseCase {
    package var webhook: WebhookID

    package init(_ webhook: WebhookID) {
        self.webhook = webhook
    }

    /// - Throws: `AppError` (`noWebhook`).
    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws {
        let action = AuditedAction(name: "webhook.remove", target: "webhook/\(webhook)")
        try await mailkeep.act(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            guard try transaction.webhook(webhook) != nil else { throw AppError(.noWebhook) }
            try transaction.removeWebhook(webhook)
            return (.done, ())
        }
    }
}

/// Sends a webhook an event of type `webhook.test`, at once and a single time; for administrators (P1).
///
/// One that was disabled and takes it is told again what happens from then on.
package struct TestWebhook: UseCase {
    package var webhook: WebhookID

    package init(_ webhook: WebhookID) {
        self.webhook = webhook
    }

    /// - Throws: `AppError` (`noWebhook`).
    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> DeliveryShape {
        let now = mailkeep.clock()
        let action = AuditedAction(name: "webhook.test", target: "webhook/\(webhook)")
        let id = try await mailkeep.act(action, as: caller) { transaction, actor in
            try PagePolicy.use(actor: actor).enforce()
            guard try transaction.webhook(webhook) != nil else { throw AppError(.noWebhook) }
            return (.done, try transaction.insertTest(of: webhook, at: now))
        }
        if let delivery = try await mailkeep.store.read({ try $0.delivery(id) }) {
            try await mailkeep.deliver(delivery)
        }
        // Somebody may have removed the webhook meanwhile.
        guard let delivery = try await mailkeep.store.read({ try $0.delivery(id) }) else {
            throw AppError(.noWebhook)
        }
        return DeliveryShape(delivery, [:])
    }
}
