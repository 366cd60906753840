import Delivery
import Foundation
import Logging
import MailkeepModel
import MailkeepStore
import MailkeepSync

extension Mailkeep {
    /// Milliseconds before each further attempt: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h.
    static let deliveryPauses: [Int64] = [5, 300, 1800, 7200, 18_000, 36_000].map { $0 * 1000 }
    /// HTTP's word that a receiver wants no more (RFC 9110, 15.5.11).
    private static let gone = 410

    /// Makes one attempt at a delivery, and notes how it went; where the process ends before that, it is made again.
    ///
    /// A mail takes along what else there is to tell its recipient of the same kind: where a provider's settings break,
    /// hundreds of mailboxes need attention at once.
    ///
    /// - Throws: `StoreError`, `CancellationError`.
    func deliver(_ delivery: StoredDelivery) async throws {
        var (status, failure): (Int?, String?)
        var told = [delivery]
        do {
            switch (delivery.webhook, delivery.user) {
            case (let webhook?, _): status = try await post(delivery, to: webhook)
            case (_, let user?):
                let now = clock()
                let together = try await store.read { try $0.deliveriesByMail(with: delivery, at: now) }
                if !together.isEmpty { told = together }
                try await mail(told.map(\.event), to: user)
            default: failure = DeliveryError.Code.internal.rawValue
            }
        } catch let error as DeliveryError {
            (status, failure) = (error.status, error.code.rawValue)
        } catch is NoRecipient {
            failure = "recipient"
        }
        try await note(told, status, failure)
        logger.log(
            level: failure == nil ? .info : .warning,
            "delivery",
            metadata: [
                "delivery": "\(delivery.id)", "type": "\(delivery.event.type)",
                "to": "\(delivery.webhook.map { "webhook \($0)" } ?? "mail")", "outcome": "\(failure ?? "delivered")",
                "status": "\(status.map(String.init) ?? "-")",
            ]
        )
    }

    /// There is nobody any more to whom it could go.
    private struct NoRecipient: Error {}

    private func note(_ deliveries: [StoredDelivery], _ status: Int?, _ failure: String?) async throws {
        let now = clock()
        try await store.write { transaction in
            for delivery in deliveries { try Self.note(delivery, status, failure, in: transaction, at: now) }
        }
    }

    private static func note(
        _ delivery: StoredDelivery,
        _ status: Int?,
        _ failure: String?,
        in transaction: WriteTransaction,
        at now: Timestamp
    ) throws {
        let isGone = delivery.webhook != nil && status == gone
        let isFinal =
            failure == nil || isGone || failure == "recipient" || delivery.event.type == Event.test
            || delivery.attempts >= deliveryPauses.count
        try transaction.noteAttempt(
            of: delivery.id,
            as: failure == nil ? .delivered : isFinal ? .failed : .pending,
            status: status,
            error: isGone ? "gone" : failure,
            retryAt: isFinal ? nil : now.advanced(byMilliseconds: deliveryPauses[delivery.attempts]),
            at: now
        )
        guard let webhook = delivery.webhook else { return }
        if isGone { try transaction.disableWebhook(webhook, at: now) }
        if failure == nil { try transaction.enableWebhook(webhook) }
    }

    private func post(_ delivery: StoredDelivery, to id: WebhookID) async throws -> Int {
        guard let webhook = try await store.read({ try $0.webhook(id) }) else { throw NoRecipient() }
        guard let address = WebhookAddress(webhook.settings.url) else { throw DeliveryError(.internal) }
        let body = try JSONEncoder.sorted.encode(EventDocument(delivery.event, webhook: id))
        let headers = WebhookSignature(key: webhook.settings.key).headers(
            id: "msg_\(delivery.event.uid)",
            seconds: clock().rawValue / 1000,
            body: body
        )
        let client = WebhookClient { self.networks.allows($0) }
        return try await client.post(body, to: address, headers: headers, attempt: delivery.attempts)
    }

    /// - Parameter events: of one type.
    private func mail(_ events: [Event], to id: UserID) async throws {
        guard let server = notifications.mail else { throw NoRecipient() }
        let (recipient, names) = try await store.read { transaction in
            (try transaction.user(id), try transaction.userNames(events.lazy.compactMap(\.user)))
        }
        guard let recipient, recipient.isAdministrator else { throw NoRecipient() }
        let mail = NotificationMail(
            events: events,
            names: names,
            recipient: recipient,
            from: server.from,
            pages: notifications.pages
        )
        try await server.send(mail.bytes(at: clock()), to: recipient.email)
    }
}

/// What is posted of an event.
struct EventDocument: Encodable {
    struct Details: Encodable {
        var user_id: String?
        var locked_by: String?
        var backup_id: String?
        var backup_kind: String?
        var reason: String?
        var webhook_id: String?
    }

    let type: String
    let timestamp: String
    let data: Details

    init(_ event: Event, webhook: WebhookID) {
        type = event.type
        timestamp = event.at.iso8601
        data = Details(
            user_id: event.user?.description,
            locked_by: event.actor?.description,
            backup_id: event.backup?.description,
            backup_kind: event.backupKind,
            reason: event.reason,
            webhook_id: event.type == Event.test ? webhook.description : nil
        )
    }
}
