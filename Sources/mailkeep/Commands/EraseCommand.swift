import ArgumentParser
import MailkeepApp
import MailkeepModel

struct EraseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase",
        abstract: "Erase a person's mail on request, as privacy law asks for (administrators).",
        subcommands: [Preview.self, Start.self, List.self]
    )

    struct Preview: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what erasing the mail of an address would erase, and what else refers to it.",
            discussion: """
                It is every mail with that address in From, Sender, Reply-To, To, Cc or Bcc, and what is stored of \
                mailboxes with it. A mail that concerns others too is erased as a whole.
                """
        )

        @OptionGroup var common: CommonOptions
        @Option(help: ArgumentHelp("The person's e-mail address.", valueName: "email")) var address: String

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let preview = try await session.perform(PreviewErasure(address: address))
                try await session.print(Previews(erasure: [preview]), text: preview.text(session.wording))
            }
        }
    }

    struct Start: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Erase the mail of an address, for good.",
            discussion: """
                Backups stay provable: of an erased mail they keep its SHA-256, its size and when it was erased. A legal \
                hold on any of it must be lifted first.
                """
        )

        @OptionGroup var common: CommonOptions
        @Option(help: ArgumentHelp("The person's e-mail address.", valueName: "email")) var address: String
        @Option(help: ArgumentHelp("Why; it is kept with the erasure.", valueName: "text")) var reason: String
        @Option(help: ArgumentHelp("How many messages the preview told.", valueName: "number")) var confirm: Int
        @OptionGroup var waiting: WaitOption

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let action = StartErasure(address: address, reason: reason, confirmed: confirm)
                let id = try await session.perform(action)
                let removal = try await session.finish(id, wait: waiting.wait)
                let message = session.wording.text(
                    removal?.hasEnded == true ? .okErased : .okErasureBegun,
                    [
                        "messages": "\(removal?.messages ?? 0)", "left": "\(removal?.left ?? 0)",
                        "held": "\(removal?.held ?? 0)",
                    ]
                )
                let shape = ActionShape(id: id.description, message: message)
                try await session.print(ActionList(.erasures, [shape]), text: message)
            }
        }
    }

    struct List: ShellCommand {
        static let configuration = CommandConfiguration(abstract: "List the erasures, the newest first.")

        @OptionGroup var common: CommonOptions

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let erasures = try await session.perform(ListErasures())
                let text =
                    erasures.isEmpty ? session.wording.text(.emptyErasures) : Table(erasures, session.wording).text
                try await session.print(ListDocument(of: .erasures, erasures), text: text)
            }
        }
    }
}

extension Session {
    /// Has a removal worked on: without a server here and now, otherwise by the server, until its end where that is to be
    /// waited for, or until what is left waits for a backup.
    func finish(_ id: RemovalID, wait: Bool) async throws -> RemovalProgress? {
        guard host.takesUpJobs else {
            try await mailkeep.finishRemovals()
            return try await mailkeep.progress(of: id)
        }
        while wait, try await mailkeep.progress(of: id)?.hasEnded == false {
            try await Task.sleep(for: .milliseconds(100))
        }
        return try await mailkeep.progress(of: id)
    }
}

/// The document `{"erasure":[…]}`.
private struct Previews: Encodable {
    let erasure: [ErasurePreviewShape]
}

extension ErasurePreviewShape {
    fileprivate func text(_ wording: Wording) -> String {
        let none = "-"
        func list(_ items: [String]) -> String { items.isEmpty ? none : items.joined(separator: ", ") }
        let rows: [(WordingID, String)] = [
            (.colCount, "\(total.messages)"), (.colSize, ByteCount(total.bytes).text),
            (.colOldest, total.oldest_time ?? none), (.colNewest, total.newest_time ?? none),
            (.eraseNotStored, "\(not_stored)"), (.eraseTagged, "\(with_tag)"), (.eraseRecords, list(records)),
            (.eraseFurther, list(further_addresses)),
            (.eraseOtherRecords, "\(other_records)"), (.eraseCorrespondents, "\(correspondents)"),
            (.eraseBackups, list(backups.map { "#\($0.id) \($0.user.name) (\($0.messages))" })),
            (.eraseUsers, list(users.map { "\($0.user.name) (\($0.messages))" })),
            (.eraseHolds, list(holds.map { "#\($0)" })),
        ]
        return Table(pairs: rows.map { (wording.text($0.0), $0.1) }).text + "\n\n" + wording.text(.eraseWhole)
    }
}

extension Table {
    fileprivate init(_ erasures: [ErasureShape], _ wording: Wording) {
        self.init(
            header: [
                "Id", wording.text(.colDate), wording.text(.colErasedAt), wording.text(.colErased),
                wording.text(.colErasureLeft), wording.text(.colBy), wording.text(.colReason),
            ],
            rows: erasures.map {
                [
                    $0.id, $0.requested_time, $0.ended_time ?? "-", "\($0.messages)", "\($0.left)",
                    $0.requested_by.name, $0.reason,
                ]
            }
        )
    }
}
