import Foundation
import Hummingbird
import MailkeepApp
import MailkeepModel

/// Settings > Organization > Notifications: webhooks, mail to administrators, and what became of what was sent.
struct NotificationPages {
    static let address = "/settings/notifications"

    let site: Site

    func add(to router: some RouterMethods<SignedInContext>) {
        router.get("/settings/notifications") { _, context in try await overview(for: context) }
        router.post("/settings/notifications") { _, context in try await add(context) }
        router.post("/settings/notifications/{webhook}/test") { _, context in
            let delivery = try await site.mailkeep.perform(TestWebhook(Self.webhook(context)), as: context.caller)
            let wording = Presenter(context).wording
            let notice = Notice(text: wording.text(.webhookTested, ["outcome": wording.outcome(of: delivery)]))
            return try await site.redirect(to: Self.address, telling: notice, in: context)
        }
        router.get("/settings/notifications/{webhook}/remove") { _, context in
            let id = Self.webhook(context)
            let webhooks = try await site.mailkeep.perform(ListWebhooks(), as: context.caller)
            guard let webhook = webhooks.first(where: { $0.id == id.description }) else { throw AppError(.noWebhook) }
            let wording = Presenter(context).wording
            let confirmation = Confirmation(
                question: wording.text(.webhookRemoveQuestion, ["host": WebhookLine.host(of: webhook)]),
                button: wording.text(.webhookRemove),
                action: "\(Self.address)/\(id)/remove",
                back: Self.address,
                isDanger: true
            )
            return try await site.render(.confirm, title: wording.text(.webhookRemove), confirmation, for: context)
        }
        router.post("/settings/notifications/{webhook}/remove") { _, context in
            _ = try await site.mailkeep.perform(RemoveWebhook(Self.webhook(context)), as: context.caller)
            let notice = Notice(text: Presenter(context).wording.text(.okWebhookRemove))
            return try await site.redirect(to: Self.address, telling: notice, in: context)
        }
    }

    private static func webhook(_ context: SignedInContext) -> WebhookID {
        WebhookID(orNone: context.parameters.get("webhook"))
    }

    private struct Overview {
        let webhooks: [WebhookLine]
        var entered = ""
        var problem: String?
        let events: [EventField]
        let mailText: String
        let deliveries: [DeliveryLine]
    }

    private struct EventField {
        let fieldName: String
        let eventName: String
        let isChosen: Bool
    }

    /// A webhook that was just made; its secret is shown this once.
    private struct Made {
        let address: String
        let eventText: String
        let secret: String
        let back: String
    }

    private static func field(of event: EventType) -> String { "event.\(event.rawValue)" }

    private func overview(
        entered: String = "",
        chosen: [EventType] = EventType.allCases,
        problem: Problem? = nil,
        for context: SignedInContext
    ) async throws -> Response {
        let presenter = Presenter(context)
        let wording = presenter.wording
        let webhooks = try await site.mailkeep.perform(ListWebhooks(), as: context.caller)
        let deliveries = try await site.mailkeep.perform(ListDeliveries(), as: context.caller)
        let mail = try await site.mailkeep.perform(ShowMailNotifications(), as: context.caller)
        let lines = webhooks.map { WebhookLine($0, presenter) }
        let hosts = Dictionary(lines.map { ($0.webhookID, $0.hostName) }) { first, _ in first }
        let content = Overview(
            webhooks: lines,
            entered: entered,
            problem: problem?.message,
            events: EventType.allCases.map { event in
                EventField(
                    fieldName: Self.field(of: event),
                    eventName: wording.text(key: "event.\(event.rawValue)"),
                    isChosen: chosen.contains(event)
                )
            },
            mailText: mail.host.map {
                wording.text(.notificationsMailOn, ["from": mail.from ?? "–", "host": $0])
            } ?? wording.text(.notificationsMailOff),
            deliveries: deliveries.map { DeliveryLine($0, hosts, presenter) }
        )
        let title = wording.text(.notificationsTitle)
        return try await site.render(.notifications, title: title, content, problem?.status ?? .ok, for: context)
    }

    private func add(_ context: SignedInContext) async throws -> Response {
        let wording = Presenter(context).wording
        let url = context.form["url"] ?? ""
        let events = EventType.allCases.filter { context.form[Self.field(of: $0)] != nil }
        guard !events.isEmpty || !context.user.isAdministrator else {
            let problem = Problem(.badRequest, wording.text(.webhookEventNeeded))
            return try await overview(entered: url, chosen: [], problem: problem, for: context)
        }
        do {
            let action = AddWebhook(url: url, events: events.map(\.rawValue))
            let made = try await site.mailkeep.perform(action, as: context.caller)
            let content = Made(
                address: made.url,
                eventText: wording.events(made.events),
                secret: made.secret,
                back: Self.address
            )
            return try await site.render(.webhook, title: wording.text(.webhookMade), content, for: context)
        } catch let error as AppError
            where [.badWebhook, .webhookPlain, .webhookNetwork, .tooManyWebhooks].contains(error.code)
        {
            let problem = Problem(error, in: context.user.locale)
            return try await overview(entered: url, chosen: events, problem: problem, for: context)
        }
    }
}

extension Wording {
    /// Events as people call them.
    fileprivate func events(_ types: [String]) -> String {
        types.map { text(key: "event.\($0)") }.joined(separator: locale == .japanese ? "、" : ", ")
    }
}

/// A webhook in the list of webhooks.
private struct WebhookLine {
    let webhookID: String
    let hostName: String
    let address: String
    let eventText: String
    let statusText: String
    let created: Moment?
    let testAddress: String
    let removeAddress: String

    init(_ webhook: WebhookShape, _ presenter: Presenter) {
        webhookID = webhook.id
        hostName = Self.host(of: webhook)
        address = webhook.url
        eventText = presenter.wording.events(webhook.events)
        statusText = presenter.wording.text(webhook.status == "active" ? .webhookActive : .webhookDisabled)
        created = presenter.moment(webhook.created_time)
        testAddress = "\(NotificationPages.address)/\(webhook.id)/test"
        removeAddress = "\(NotificationPages.address)/\(webhook.id)/remove"
    }

    static func host(of webhook: WebhookShape) -> String { URL(string: webhook.url)?.host() ?? webhook.url }
}

/// One of the last deliveries.
private struct DeliveryLine {
    let eventName: String
    let happened: Moment?
    let receiverText: String
    let outcomeText: String
    let attemptText: String

    /// - Parameter hosts: of the webhooks that there are, by id.
    init(_ delivery: DeliveryShape, _ hosts: [String: String], _ presenter: Presenter) {
        eventName = presenter.wording.text(key: "event.\(delivery.type)")
        happened = presenter.moment(delivery.event_time)
        receiverText =
            delivery.webhook.map { "\(hosts[$0] ?? "–") #\($0)" }
            ?? presenter.wording.text(.deliveryMail, ["user": delivery.user?.name ?? "–"])
        outcomeText = presenter.wording.outcome(of: delivery)
        attemptText = presenter.number(delivery.attempts)
    }
}
