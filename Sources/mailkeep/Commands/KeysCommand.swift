import ArgumentParser
import MailkeepApp
import MailkeepModel

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "The keys of the data directory (administrators).",
        subcommands: [Rotate.self]
    )

    struct Rotate: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a new master key in place of the old one.",
            discussion: """
                All other keys stay, and are wrapped by the new one: no mail is written anew. Copy the folder keys anew \
                afterwards; an older copy of the whole folder goes on opening everything, so destroy it if the old \
                master key was seen by anybody.
                """
        )

        @OptionGroup var common: CommonOptions

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                try await session.perform(RotateKeys())
                let message = session.wording.text(.okKeysRotated)
                try await session.print(ActionList(.keys, [ActionShape(id: "master", message: message)]), text: message)
            }
        }
    }
}
