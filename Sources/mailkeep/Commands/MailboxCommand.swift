import ArgumentParser
import MailkeepApp
import MailkeepModel

struct MailboxCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mailbox",
        abstract: "A user's mail add-on settings, and reading their mailbox.",
        subcommands: [
            List.self, Set.self, Show.self, Test.self, Sync.self, Emails.self, Email.self, Export.self,
            Append.self, Share.self, Unshare.self,
        ]
    )

    struct List: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the mail add-on users with their backups and what may be done now (administrators).",
            discussion: "With --json each refused action names its rule and says why."
        )

        @OptionGroup var common: CommonOptions
        @Option(help: "active or inactive; else both, the active first.") var type: UserStatus?
        @OptionGroup var paging: PageOptions

        func run(in context: CommandContext) async throws {
            let request = try paging.request
            try await context.withSession(common) { session in
                var users: [MailAddonShape] = []
                for status in type.map({ [$0] }) ?? UserStatus.allCases {
                    users += try await session.perform(ListMailAddonUsers(status: status))
                }
                let page = Page(all: users, of: request)
                let linking = try await session.perform(ShowLinking())
                try await session.print(
                    ListDocument(of: .mailAddonUsers, page, request, linking: linking),
                    text: Table(page.items, session.wording).text
                )
                guard linking.isPending, !session.isJSON else { return }
                let left = ["addresses": "\(linking.addresses_left)", "mails": "\(linking.mails_left)"]
                try await session.note(session.wording.text(.linkingLeft, left))
            }
        }
    }

    struct Set: ReachingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Save your own mail add-on settings.",
            discussion: """
                Only the user themselves saves them (--as is --user). What is left out stays as it is saved; the \
                password is asked for anew when the server or the user name changes. While an administrator has locked \
                the settings, they can be saved unchanged, and nothing else.

                Sharing: private (nobody but you), record_level (on records that you choose: mailbox share), complete \
                (every colleague associated with a record).
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var target: UserOption
        @OptionGroup var reach: ReachOptions
        @Option(help: "imap, pop3, gmail, microsoft365, zoho, yahoo, maildir or mbox.") var accountType: AccountType
        @Option(help: ArgumentHelp("The mailbox's address.", valueName: "email")) var address: String
        @Option(help: "The IMAP or POP3 server.") var host: String?
        @Option(help: "Its port; else 993 with TLS or 143 (POP3: 995 or 110).") var port: Int?
        @Option(help: "tls, starttls or none.") var security: ConnectionSecurity?
        @Option(help: "The user name at the server; else the address.") var username: String?
        @Flag(help: "Read the password from the first line of standard input.") var passwordStdin = false
        @Flag(
            help: """
                Read a refresh token from the first line of standard input, given by the provider of a gmail or \
                microsoft365 account to this Mailkeep's client.
                """
        )
        var refreshTokenStdin = false
        @Option(help: ArgumentHelp("Certificates (PEM) to trust for this server.", valueName: "file")) var caFile:
            String?
        @Option(help: "The folder or file of a maildir or mbox account.") var path: String?
        @Option(help: "private, record_level or complete.") var sharing: SharingSetting

        func validate() throws {
            guard passwordStdin, refreshTokenStdin else { return }
            throw ValidationError("Standard input holds one secret: a password or a refresh token.")
        }

        func run(in context: CommandContext) async throws {
            let permissions = try reach.permissions
            try await context.withSession(common) { session in
                var input = MailAddonInput(accountType: accountType, address: address, sharing: sharing)
                input.host = host
                input.port = port
                input.security = security
                input.username = username
                input.path = path
                if let caFile {
                    input.certificates = String(
                        decoding: try await session.console.readFile(caFile, limit: 1 << 20),
                        as: UTF8.self
                    )
                }
                if refreshTokenStdin { input.refreshToken = try await session.console.readStandardInputLine() }
                if passwordStdin { input.password = try await session.console.readStandardInputLine() }
                let action = SaveMailAddonSettings(
                    user: try await session.user(target),
                    input: input,
                    permissions: permissions
                )
                let settings = try await session.perform(action)
                try await session.print(
                    ListDocument(of: .mailAddonUsers, [settings]),
                    text: session.wording.text(.okSave)
                )
            }
        }
    }

    struct Show: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show mail add-on settings: yours, or, for administrators, anybody's."
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var target: UserOption

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let settings = try await session.perform(ShowMailAddonSettings(user: session.user(target)))
                guard let settings else {
                    return try await session.print(
                        ListDocument(of: .mailAddonUsers, [MailAddonShape]()),
                        text: session.wording.text(.noSettings)
                    )
                }
                try await session.print(
                    ListDocument(of: .mailAddonUsers, [settings]),
                    text: settings.text(session.wording)
                )
            }
        }
    }

    struct Test: ReachingCommand {
        static let configuration = CommandConfiguration(abstract: "Sign in to the mailbox by its saved settings.")

        @OptionGroup var common: CommonOptions
        @OptionGroup var target: UserOption
        @OptionGroup var reach: ReachOptions

        func run(in context: CommandContext) async throws {
            let permissions = try reach.permissions
            try await context.withSession(common) { session in
                let user = try await session.user(target)
                let folders = try await session.perform(TestMailAccount(user: user, permissions: permissions))
                let message = session.wording.text(.okTest, ["folders": "\(folders)"])
                let actions = ActionList(.mailAddonUsers, [ActionShape(id: user.description, message: message)])
                try await session.print(actions, text: message)
            }
        }
    }

    struct Sync: ReachingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read what is new in an active user's mailbox and store what is associated with records."
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var target: UserOption
        @OptionGroup var reach: ReachOptions
        @OptionGroup var waiting: WaitOption

        func run(in context: CommandContext) async throws {
            let permissions = try reach.permissions
            try await context.withSession(common) { session in
                let user = try await session.user(target)
                let job = try await session.perform(SynchroniseMailbox(user: user, permissions: permissions))
                try await session.host.finish(job, in: session.mailkeep, wait: waiting.wait)
                if let rest = try await session.mailkeep.rest(of: job) { throw rest }
                let isDone = try await !session.mailkeep.isPending(job)
                if isDone, let failure = try await session.mailkeep.failure(of: job) { throw failure }
                let message = session.wording.text(isDone ? .okSynced : .okSync)
                let actions = ActionList(.mailAddonUsers, [ActionShape(id: user.description, message: message)])
                try await session.print(actions, text: message)
            }
        }
    }

    struct Emails: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "List what is stored of your own mailbox, the newest first.",
            discussion: "Your own mail alone (--as is --user), whatever its records."
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var target: UserOption
        @OptionGroup var paging: PageOptions

        func run(in context: CommandContext) async throws {
            let request = try paging.request
            try await context.withSession(common) { session in
                let emails = try await session.perform(ListOwnEmails(owner: session.user(target), page: request))
                let text =
                    emails.items.isEmpty
                    ? session.wording.text(.emptyOwnEmails) : Table(emails.items, session.wording).text
                try await session.print(RecordEmails(emails, request), text: text)
            }
        }
    }

    struct Email: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print one message of your own as it was on the mail server, byte for byte."
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var target: UserOption
        @Option(help: ArgumentHelp("The message's id in the list.", valueName: "id")) var message: String

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let owner = try await session.user(target)
                _ = try await session.perform(
                    ReadOwnMessage(owner: owner, message: MessageID(orNone: message)) {
                        try await session.console.write(Array($0), to: .standardOutput)
                    }
                )
            }
        }
    }

    struct Export: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write what is stored of your own mailbox to a file, with a signed list that proves it.",
            discussion: """
                Your own mail alone (--as is --user), whatever its records. An administrator takes out a leaver's by \
                backup export.
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var target: UserOption
        @OptionGroup var options: ExportOptions

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let user = try await session.user(target)
                try await session.export(.ownMail(of: user), options, .mailAddonUsers, id: user.description)
            }
        }
    }

    struct Append: ReachingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put what is stored of your own mailbox into a mailbox (administrators).",
            discussion: AppendOptions.discussion
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var target: UserOption
        @OptionGroup var reach: ReachOptions
        @OptionGroup var options: AppendOptions

        func run(in context: CommandContext) async throws {
            let permissions = try reach.permissions
            try await context.withSession(common) { session in
                let user = try await session.user(target)
                try await session.append(.ownMail(of: user), options, permissions, id: user.description)
            }
        }
    }

    struct Share: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Share your mail on a record with those associated with it (record-level share)."
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var target: UserOption
        @Option(help: "Leads, Contacts, Accounts or Deals.") var module: Module
        @Option(help: ArgumentHelp("The record's id (repeatable).", valueName: "id")) var id: [String]

        func run(in context: CommandContext) async throws {
            try await context.share(true, common, target, module, id)
        }
    }

    struct Unshare: ShellCommand {
        static let configuration = CommandConfiguration(abstract: "Take such a share back.")

        @OptionGroup var common: CommonOptions
        @OptionGroup var target: UserOption
        @Option(help: "Leads, Contacts, Accounts or Deals.") var module: Module
        @Option(help: ArgumentHelp("The record's id (repeatable).", valueName: "id")) var id: [String]

        func run(in context: CommandContext) async throws {
            try await context.share(false, common, target, module, id)
        }
    }
}

extension CommandContext {
    fileprivate func share(
        _ isShared: Bool,
        _ common: CommonOptions,
        _ target: UserOption,
        _ module: Module,
        _ ids: [String]
    ) async throws {
        try await withSession(common) { session in
            let owner = try await session.user(target)
            let message = session.wording.text(isShared ? .okShare : .okUnshare)
            try await session.each(ids, key: .mailAddonUsers) { id in
                let key = RecordKey(module: module, id: Identifier(orNone: id))
                _ = try await session.perform(ShareEmails(owner: owner, record: key, isShared: isShared))
                return ActionShape(id: id, message: message)
            }
        }
    }
}

extension Table {
    /// The page of mail add-on users as a person reads it.
    fileprivate init(_ users: [MailAddonShape], _ wording: Wording) {
        self.init(
            header: [
                wording.text(.colUser), wording.text(.colStatus), wording.text(.colMailbox),
                wording.text(.colType), wording.text(.colSharing), wording.text(.colLock), wording.text(.colSync),
                wording.text(.colDetails), wording.text(.colActions),
            ],
            rows: users.map { user in
                [
                    user.user.full_name,
                    wording.text(user.user.status == "active" ? .stActive : .stInactive),
                    user.mailbox.address, user.accountType, wording.sharing(user.sharing),
                    user.lock(wording), user.last_sync_time ?? "-", user.backupDetails(wording),
                    (user.allowed_actions ?? []).joined(separator: " "),
                ]
            }
        )
    }
}

extension MailAddonShape {
    fileprivate var accountType: String {
        AccountType(rawValue: mailbox.account_type)?.displayName ?? mailbox.account_type
    }

    fileprivate func lock(_ wording: Wording) -> String {
        locked
            ? wording.text(.lockOn, ["admin": locked_by?.name ?? "", "time": locked_time ?? ""])
            : wording.text(.lockOff)
    }

    /// How the backup stands, and how a later one that is not completed (P4).
    fileprivate func backupDetails(_ wording: Wording) -> String {
        guard user.status != "active" || backup != nil || last_attempt != nil else { return "-" }
        var text = wording.status(backup?.status ?? last_attempt?.status ?? "")
        if let backup { text += " (\(backup.messages), \(backup.completed_time ?? "-"))" }
        if backup != nil, let last_attempt { text += ", \(wording.status(last_attempt.status))" }
        if let rests = last_attempt?.rests_until { text += " (\(wording.text(.stRests, ["time": rests])))" }
        return text
    }

    /// The settings as a person reads them.
    fileprivate func text(_ wording: Wording) -> String {
        var lines = [
            (wording.text(.colUser), "\(user.full_name) <\(user.email)>"),
            (wording.text(.colMailbox), mailbox.address),
            (wording.text(.colType), accountType),
        ]
        if let host = mailbox.host, let port = mailbox.port, let security = mailbox.security {
            lines.append((wording.text(.colServer), "\(host):\(port) (\(security))"))
        }
        lines += [
            (wording.text(.colSharing), wording.sharing(sharing)),
            (wording.text(.colLock), lock(wording)),
            (wording.text(.colSync), last_sync_time ?? "-"),
        ]
        if let last_sync_error { lines.append((wording.text(.stFailed), last_sync_error.message)) }
        return Table(pairs: lines).text
    }
}
