import ArgumentParser
import MailkeepApp
import MailkeepModel

struct RetentionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention",
        abstract: "What is removed because it is older than the organisation keeps it (administrators).",
        discussion: """
            Nothing is removed unless you say so: organization set --retention-days. Mail on legal hold and mail that a \
            backup has taken stay whatever their age.
            """,
        subcommands: [Preview.self, Run.self]
    )

    struct Preview: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what would be removed now: how much per user, and the oldest and newest dates."
        )

        @OptionGroup var common: CommonOptions
        @Option(help: ArgumentHelp("As if messages were kept this long; else what is set.", valueName: "number"))
        var days: Int?

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let preview = try await session.perform(PreviewRetention(days: days))
                try await session.print(Previews(retention: [preview]), text: preview.text(session.wording))
            }
        }
    }

    struct Run: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove now what is due.",
            discussion: "While a server runs, this is done once a day, and when the setting changes."
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var waiting: WaitOption

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let id = try await session.perform(RunRetention())
                let removal = try await session.finish(id, wait: waiting.wait)
                let message = session.wording.text(
                    removal?.hasEnded == true ? .okRetentionRun : .okRetentionBegun,
                    ["messages": "\(removal?.messages ?? 0)", "bytes": ByteCount(removal?.bytes ?? 0).text]
                )
                let action = ActionShape(id: id.description, message: message)
                try await session.print(ActionList(.retention, [action]), text: message)
            }
        }
    }
}

/// The document `{"retention":[…]}`.
private struct Previews: Encodable {
    let retention: [RetentionPreviewShape]
}

extension RetentionPreviewShape {
    fileprivate func text(_ wording: Wording) -> String {
        let rows = (users + [total]).map { line in
            [
                line.user?.name ?? wording.text(.colTotal), "\(line.messages)", ByteCount(line.bytes).text,
                line.oldest_time ?? "-", line.newest_time ?? "-",
            ]
        }
        let header = [
            wording.text(.colUser), wording.text(.colCount), wording.text(.colSize), wording.text(.colOldest),
            wording.text(.colNewest),
        ]
        let stays = wording.text(.retentionStays, ["held": "\(held)", "backed_up": "\(backed_up)"])
        return wording.text(.retentionBefore, ["days": "\(days)", "time": cutoff_time]) + "\n\n"
            + Table(header: header, rows: rows).text + "\n\n" + stays
    }
}
