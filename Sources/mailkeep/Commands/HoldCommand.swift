import ArgumentParser
import MailkeepApp
import MailkeepModel

struct HoldCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Legal holds: what they cover can't be deleted until they are lifted (administrators).",
        subcommands: [Place.self, Lift.self, List.self]
    )

    struct Place: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Place a legal hold on a user, a record, a completed backup, or the whole organisation.",
            discussion: """
                While it stands, nothing deletes what it covers: no retention, no erasure. A user's covers every message \
                of their mailboxes and backups, a record's every message with one of its addresses, also after an \
                address is taken off the record, a backup's its messages; mail that comes later is covered too.
                """
        )

        @OptionGroup var common: CommonOptions
        @Option(help: ArgumentHelp("The user's e-mail address.", valueName: "email")) var user: String?
        @Option(help: ArgumentHelp("Leads, Contacts, Accounts or Deals; with --id.", valueName: "module"))
        var module: Module?
        @Option(help: ArgumentHelp("The record's id.", valueName: "id")) var id: String?
        @Option(help: ArgumentHelp("The backup's id.", valueName: "id")) var backup: String?
        @Flag(help: "Everything that is stored.") var organization = false
        @Option(help: ArgumentHelp("Why; it is kept with the hold.", valueName: "text")) var reason: String

        func validate() throws {
            let given = [user != nil, module != nil, backup != nil, organization].count { $0 }
            guard given == 1, (module != nil) == (id != nil) else {
                throw ValidationError("Give one of --user, --module with --id, --backup and --organization.")
            }
        }

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let hold = try await session.perform(PlaceHold(on: try await scope(session), reason: reason))
                let message = session.wording.text(.okHold, ["id": hold.id])
                try await session.print(ActionList(.holds, [ActionShape(id: hold.id, message: message)]), text: message)
            }
        }

        private func scope(_ session: Session) async throws -> HoldScope {
            if let user { return .user(try await session.user(email: user)) }
            if let module, let id { return .record(RecordKey(module: module, id: Identifier(orNone: id))) }
            guard let backup else { return .organization }
            guard let id = BackupID(backup) else { throw UsageError.badID }
            return .backup(id)
        }
    }

    struct Lift: ShellCommand {
        static let configuration = CommandConfiguration(abstract: "Lift a legal hold.")

        @OptionGroup var common: CommonOptions
        @Argument(help: "The hold's id.") var id: String
        @Option(help: ArgumentHelp("Why; it is kept with the hold.", valueName: "text")) var reason: String

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let result = try await session.perform(LiftHold(HoldID(orNone: id), reason: reason))
                let message = session.wording.text(result == .done ? .okHoldLift : .okUnchanged, ["id": id])
                try await session.print(ActionList(.holds, [ActionShape(id: id, message: message)]), text: message)
            }
        }
    }

    struct List: ShellCommand {
        static let configuration = CommandConfiguration(abstract: "List the legal holds that stand, the newest first.")

        @OptionGroup var common: CommonOptions
        @Flag(help: "Those that were lifted too.") var all = false

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let holds = try await session.perform(ListHolds(liftedToo: all))
                let text =
                    holds.isEmpty ? session.wording.text(.emptyHolds) : Table(holds, session.wording).text
                try await session.print(ListDocument(of: .holds, holds), text: text)
            }
        }
    }
}

extension Table {
    fileprivate init(_ holds: [HoldShape], _ wording: Wording) {
        self.init(
            header: [
                "Id", wording.text(.colHoldOn), wording.text(.colHoldBy), wording.text(.colDate),
                wording.text(.colHoldLifted), wording.text(.colReason),
            ],
            rows: holds.map { hold in
                [
                    hold.id, wording.scope(of: hold), hold.placed_by.name, hold.placed_time, hold.lifted_time ?? "-",
                    [hold.reason, hold.lift_reason].compactMap(\.self).joined(separator: " / "),
                ]
            }
        )
    }
}
