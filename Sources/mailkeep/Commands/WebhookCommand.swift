import ArgumentParser
import MailkeepApp
import MailkeepModel

struct WebhookCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook",
        abstract: "Tell other systems what happens, by signed HTTPS requests (administrators).",
        discussion: """
            A server delivers events by itself (serve), again and again for about a day where a receiver does not take \
            them. Requests are signed as Standard Webhooks says. A receiver on this machine or a private network must be \
            allowed with serve --allow-mail-network.
            """,
        subcommands: [Add.self, List.self, Remove.self, Test.self, Log.self]
    )

    struct Add: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a webhook, and show the secret that signs what it is sent, once."
        )

        @OptionGroup var common: CommonOptions
        @Option(help: ArgumentHelp("The receiver's https address.", valueName: "url")) var url: String
        @Option(
            help: ArgumentHelp(
                """
                An event to be told (repeatable): \(EventType.allCases.map(\.rawValue).joined(separator: ", ")). \
                Without it, all of them.
                """,
                valueName: "event"
            )
        )
        var event: [String] = []

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let events = event.flatMap { $0.split(separator: ",").map(String.init) }
                let webhook = try await session.perform(AddWebhook(url: url, events: events))
                let table = Table(pairs: [
                    ("id", webhook.id), ("url", webhook.url), ("events", webhook.events.joined(separator: " ")),
                    ("secret", webhook.secret),
                ])
                try await session.print(webhook, text: table.text + "\n\n" + session.wording.text(.okWebhook))
            }
        }
    }

    struct List: ShellCommand {
        static let configuration = CommandConfiguration(abstract: "List the webhooks; of secrets nothing is shown.")

        @OptionGroup var common: CommonOptions

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let webhooks = try await session.perform(ListWebhooks())
                let text =
                    webhooks.isEmpty ? session.wording.text(.emptyWebhooks) : Table(webhooks, session.wording).text
                try await session.print(ListDocument(of: .webhooks, webhooks), text: text)
            }
        }
    }

    struct Remove: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a webhook, with what is on its way to it."
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The webhook's id.") var id: String

        func run(in context: CommandContext) async throws {
            guard let webhook = WebhookID(id) else { throw UsageError.badID }
            try await context.withSession(common) { session in
                try await session.perform(RemoveWebhook(webhook))
                let message = session.wording.text(.okWebhookRemove)
                try await session.print(ActionList(.webhooks, [ActionShape(id: id, message: message)]), text: message)
            }
        }
    }

    struct Test: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a webhook an event of type webhook.test, at once, and tell what it answered."
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The webhook's id.") var id: String

        func run(in context: CommandContext) async throws {
            guard let webhook = WebhookID(id) else { throw UsageError.badID }
            try await context.withSession(common) { session in
                let delivery = try await session.perform(TestWebhook(webhook))
                let text = session.wording.text(.webhookTested, ["outcome": session.wording.outcome(of: delivery)])
                try await session.print(ListDocument(of: .deliveries, [delivery]), text: text)
                if delivery.status != "delivered" { throw ExitCode(ExitStatus.unavailable) }
            }
        }
    }

    struct Log: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the last deliveries, mail to administrators among them, newest first."
        )

        @OptionGroup var common: CommonOptions
        @Option(help: ArgumentHelp("Only those to this webhook.", valueName: "id")) var webhook: String?

        func run(in context: CommandContext) async throws {
            let id = try webhook.map { text in
                guard let id = WebhookID(text) else { throw UsageError.badID }
                return id
            }
            try await context.withSession(common) { session in
                let deliveries = try await session.perform(ListDeliveries(of: id))
                let text =
                    deliveries.isEmpty
                    ? session.wording.text(.emptyDeliveries) : Table(deliveries, session.wording).text
                try await session.print(ListDocument(of: .deliveries, deliveries), text: text)
            }
        }
    }
}

extension Table {
    fileprivate init(_ webhooks: [WebhookShape], _ wording: Wording) {
        self.init(
            header: [
                "Id", wording.text(.colAddress), wording.text(.colStatus), wording.text(.colCreated),
                wording.text(.colEvents),
            ],
            rows: webhooks.map { webhook in
                [
                    webhook.id, webhook.url,
                    wording.text(webhook.status == "active" ? .webhookActive : .webhookDisabled), webhook.created_time,
                    webhook.events.joined(separator: " "),
                ]
            }
        )
    }

    fileprivate init(_ deliveries: [DeliveryShape], _ wording: Wording) {
        self.init(
            header: [
                wording.text(.colWhen), wording.text(.colEvent), wording.text(.colReceiver),
                wording.text(.colAttempts), wording.text(.colStatus),
            ],
            rows: deliveries.map { delivery in
                [
                    delivery.event_time, delivery.type,
                    delivery.webhook.map { "#\($0)" }
                        ?? wording.text(.deliveryMail, ["user": delivery.user?.name ?? "-"]),
                    "\(delivery.attempts)", wording.outcome(of: delivery),
                ]
            }
        )
    }
}
