import ArgumentParser
import MailkeepApp
import MailkeepModel

struct LockCommand: ShellCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock",
        abstract: "Lock a user's mail add-on settings (administrators).",
        discussion: """
            The user can then change none of them, sharing and mailbox included. Users set to "Don't share" can't be \
            locked, nor, while there are several administrators, oneself.
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var target: UserOption

    func run(in context: CommandContext) async throws {
        try await context.withSession(common) { session in
            let user = try await session.user(target)
            let result = try await session.perform(LockSettings(user: user))
            let message = session.wording.text(result == .done ? .okLock : .okUnchanged)
            let actions = ActionList(.mailAddonUsers, [ActionShape(id: user.description, message: message)])
            try await session.print(actions, text: message)
        }
    }
}

struct UnlockCommand: ShellCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlock",
        abstract: "Unlock a user's mail add-on settings (administrators)."
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var target: UserOption

    func run(in context: CommandContext) async throws {
        try await context.withSession(common) { session in
            let user = try await session.user(target)
            let result = try await session.perform(UnlockSettings(user: user))
            let message = session.wording.text(result == .done ? .okUnlock : .okUnchanged)
            let actions = ActionList(.mailAddonUsers, [ActionShape(id: user.description, message: message)])
            try await session.print(actions, text: message)
        }
    }
}
