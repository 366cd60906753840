import ArgumentParser
import MailkeepApp
import MailkeepModel

struct RecordsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "records",
        abstract: "What --as may see of a record's mail.",
        subcommands: [Emails.self, Email.self, Export.self, Append.self]
    )

    struct Emails: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "List a record's mail, the newest first.",
            discussion: "A record that is absent and one that --as may not open are told alike (V1)."
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var record: RecordOptions
        @OptionGroup var paging: PageOptions

        func run(in context: CommandContext) async throws {
            let request = try paging.request
            try await context.withSession(common) { session in
                let emails = try await session.perform(ListRecordEmails(record: record.key, page: request))
                let text =
                    emails.items.isEmpty
                    ? session.wording.text(.emptyEmails) : Table(emails.items, session.wording).text
                let linking = try await session.perform(ShowRecordLinking(record: record.key))
                try await session.print(RecordEmails(emails, request, linking), text: text)
                guard !session.isJSON else { return }
                for line in session.wording.linking(linking) { try await session.note(line) }
            }
        }
    }

    struct Email: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print one message of a record as it was on the mail server, byte for byte."
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var record: RecordOptions
        @Option(help: ArgumentHelp("The message's id in the list.", valueName: "id")) var message: String

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let message = MessageID(orNone: message)
                _ = try await session.perform(
                    ReadMessage(record: record.key, message: message) {
                        try await session.console.write(Array($0), to: .standardOutput)
                    }
                )
            }
        }
    }

    struct Export: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a record's mail to a file: what --as may see of it, with a signed list that proves it."
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var record: RecordOptions
        @OptionGroup var options: ExportOptions

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                try await session.export(.record(record.key), options, .records, id: record.id)
            }
        }
    }

    struct Append: ReachingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put what --as may see of a record's mail into a mailbox (administrators).",
            discussion: """
                It goes into one folder, Mailkeep or what --folder says, marked as read. What is in the mailbox already \
                is passed over, so that the command can be given again. Nothing in the mailbox is changed or removed.
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var record: RecordOptions
        @OptionGroup var reach: ReachOptions
        @OptionGroup var options: AppendOptions

        func run(in context: CommandContext) async throws {
            let permissions = try reach.permissions
            try await context.withSession(common) { session in
                try await session.append(.record(record.key), options, permissions, id: record.id)
            }
        }
    }
}

/// The document `{"Emails":[…],"info":{…}}`.
struct RecordEmails: Encodable {
    struct Info: Encodable {
        var count: Int
        var per_page: Int
        var next_index: String?
        var prev_index: String?
        var more_records: Bool
        /// Whether older mail of the record is still to come.
        var linking: RecordLinkingShape?
    }

    let Emails: [EmailShape]
    let info: Info

    /// - Parameter request: nil where the page is all there is.
    init(_ page: Page<EmailShape>, _ request: PageRequest?, _ linking: RecordLinkingShape? = nil) {
        Emails = page.items
        info = Info(
            count: page.items.count,
            per_page: request?.size ?? page.items.count,
            next_index: page.hasMore ? request.map { "\($0.offset + $0.size)" } : nil,
            prev_index: request.flatMap { $0.offset > 0 ? "\($0.offset - $0.size)" : nil },
            more_records: page.hasMore,
            linking: linking
        )
    }
}

extension Table {
    /// Mail as a person reads it.
    init(_ emails: [EmailShape], _ wording: Wording) {
        self.init(
            header: [
                "Id", wording.text(.colDate), wording.text(.colFrom), wording.text(.colSubject),
                wording.text(.colMailbox), wording.text(.colVisible),
            ],
            rows: emails.map {
                [
                    $0.message_id, $0.time, $0.from.map { $0.user_name.isEmpty ? $0.email : $0.user_name } ?? "",
                    $0.subject, $0.owner.name, wording.ground($0.visible_by),
                ]
            }
        )
    }
}

extension Wording {
    /// Why a message is seen, in words.
    fileprivate func ground(_ ground: String) -> String {
        switch ground {
        case "own": text(.whyOwn)
        case "share_all": text(.shareAll)
        case "record_share": text(.shareRecord)
        case "correspondent": text(.whyCorrespondent)
        default: text(.whyBackup)
        }
    }
}
