import ArgumentParser
import MailkeepApp
import MailkeepModel

struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Add, list, change, deactivate and activate users.",
        subcommands: [Add.self, List.self, Show.self, Set.self, Deactivate.self, Activate.self]
    )

    struct Add: ShellCommand {
        static let configuration = CommandConfiguration(abstract: "Add a user (administrators).")

        @OptionGroup var common: CommonOptions
        @Option(help: ArgumentHelp("The new user's e-mail address.", valueName: "email")) var email: String
        @Option(help: "The new user's name.") var name: String
        @Option(help: "A role of the hierarchy (see import roles).") var role: String?
        @Option(help: "administrator or standard.") var profile: Profile = .standard
        @Option(help: "The user's language: ja or en; else yours.") var locale: Locale?
        @Flag(help: "Read a password from the first line of standard input.") var passwordStdin = false

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let password = passwordStdin ? try await session.console.readStandardInputLine() : nil
                let action = AddUser(
                    email: email,
                    name: name,
                    profile: profile,
                    role: role,
                    locale: locale,
                    password: password
                )
                let user = try await session.perform(action)
                let message = session.wording.text(.okUserAdd, ["user": user.full_name])
                try await session.print(UserActions(user.id, message), text: message)
            }
        }
    }

    struct List: ShellCommand {
        static let configuration = CommandConfiguration(abstract: "List all users (administrators).")

        @OptionGroup var common: CommonOptions
        @OptionGroup var paging: PageOptions

        func run(in context: CommandContext) async throws {
            let request = try paging.request
            try await context.withSession(common) { session in
                let users = Page(all: try await session.perform(ListUsers()), of: request)
                try await session.print(
                    ListDocument(of: .users, users, request),
                    text: Table(users.items, session.wording).text
                )
            }
        }
    }

    struct Show: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a user: yourself, or, for administrators, anybody."
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var target: UserOption

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let user = try await session.perform(ShowUser(user: session.user(target)))
                try await session.print(ListDocument(of: .users, [user]), text: Table([user], session.wording).text)
            }
        }
    }

    struct Set: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a user's name, role, profile, language, password or aliases.",
            discussion: "Your own name, language and password; for administrators, anybody's."
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var target: UserOption
        @Option(help: "The new name.") var name: String?
        @Option(help: "A role of the hierarchy.") var role: String?
        @Option(help: "administrator or standard.") var profile: Profile?
        @Option(help: "The user's language: ja or en.") var locale: Locale?
        @Flag(help: "Read a new password from the first line of standard input.") var passwordStdin = false
        @Option(help: ArgumentHelp("Another address of the user's own (repeatable).", valueName: "email"))
        var addAlias: [String] = []
        @Option(help: ArgumentHelp("An alias to take away (repeatable).", valueName: "email"))
        var removeAlias: [String] = []

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                var action = UpdateUser(user: try await session.user(target), name: name, role: role, profile: profile)
                action.locale = locale
                action.addedAliases = addAlias
                action.removedAliases = removeAlias
                if passwordStdin { action.password = try await session.console.readStandardInputLine() }
                let user = try await session.perform(action)
                let message = session.wording.text(.okUserSet, ["user": user.full_name])
                try await session.print(UserActions(user.id, message), text: message)
            }
        }
    }

    struct Deactivate: ReachingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a user inactive, and back up their mail if asked to (administrators).",
            discussion: """
                Nothing is deleted; the mail is hidden until it is backed up. With --back-up the user stays active \
                where the backup would be refused.
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var target: UserOption
        @OptionGroup var reach: ReachOptions
        @OptionGroup var waiting: WaitOption
        @Flag(help: "Back up data after deactivating.") var backUp = false

        func run(in context: CommandContext) async throws {
            let permissions = try reach.permissions
            try await context.withSession(common) { session in
                let user = try await session.user(target)
                if backUp, let pending = try await session.interruptedBackup(of: user) {
                    return try await session.follow(pending, of: user, wait: waiting.wait, key: .users)
                }
                let action = DeactivateUser(user: user, backUp: backUp, permissions: permissions)
                let output = try await session.perform(action)
                let message = session.wording.text(output.result == .done ? .okDeactivate : .okUnchanged)
                guard let backup = output.backup else {
                    return try await session.print(UserActions(user.description, message), text: message)
                }
                if !session.isJSON { try await session.note(message) }
                try await session.follow(backup, of: user, wait: waiting.wait, key: .users)
            }
        }
    }

    struct Activate: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a user active again (administrators).",
            discussion: """
                A latest backup after the next deactivation requires that they sign in and save their mail add-on \
                settings first.
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var target: UserOption

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let user = try await session.user(target)
                let result = try await session.perform(ActivateUser(user: user))
                let message = session.wording.text(result == .done ? .okActivate : .okUnchanged)
                try await session.print(UserActions(user.description, message), text: message)
            }
        }
    }
}

/// The document `{"users":[{"code":"SUCCESS",…}]}`.
struct UserActions: Encodable {
    let users: [ActionShape]

    init(_ id: String, _ message: String) {
        users = [ActionShape(id: id, message: message)]
    }
}

extension Table {
    /// Users as a person reads them.
    init(_ users: [UserShape], _ wording: Wording) {
        self.init(
            header: [
                "Id", wording.text(.colUser), wording.text(.colEmail), wording.text(.colRole),
                wording.text(.colProfile), wording.text(.colStatus), wording.text(.colAliases),
            ],
            rows: users.map {
                [
                    $0.id, $0.full_name, $0.email, $0.role?.name ?? "",
                    wording.text($0.profile.name == "Administrator" ? .profileAdministrator : .profileStandard),
                    wording.text($0.status == "active" ? .stActive : .stInactive),
                    $0.aliases.joined(separator: " "),
                ]
            }
        )
    }
}
