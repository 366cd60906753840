import ArgumentParser
import Foundation
import MailkeepApp
import MailkeepModel

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Who did what, on whom, when and from where (administrators).",
        subcommands: [List.self, Verify.self]
    )

    struct List: ShellCommand {
        static let configuration = CommandConfiguration(abstract: "List the audit log, the oldest first.")

        @OptionGroup var common: CommonOptions
        @Option(help: ArgumentHelp("From this moment on: 2026-04-01 or 2026-04-01T09:00:00+09:00.", valueName: "time"))
        var since: String?
        @OptionGroup var paging: PageOptions

        func run(in context: CommandContext) async throws {
            let moment = try since.map { text in
                guard let moment = Timestamp(iso8601: text) else { throw UsageError.badMoment }
                return moment
            }
            let request = try paging.request
            try await context.withSession(common) { session in
                let entries = try await session.perform(ReadAuditLog(since: moment, page: request))
                try await session.print(
                    ListDocument(of: .auditLog, entries, request),
                    text: Table(entries.items, session.wording).text
                )
            }
        }
    }

    struct Verify: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compute the log's hash chain anew and tell whether any entry was altered."
        )

        @OptionGroup var common: CommonOptions

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let result = try await session.perform(VerifyAuditLog())
                if let broken = result.first_broken { throw AppError(.auditBroken, ["id": broken]) }
                guard result.backups_beyond.isEmpty else {
                    throw AppError(.auditCut, ["backups": result.backups_beyond.joined(separator: ", ")])
                }
                try await session.print(
                    result,
                    text: session.wording.text(.okAudit, ["count": "\(result.entries)"])
                )
            }
        }
    }
}

extension Table {
    fileprivate init(_ entries: [AuditShape], _ wording: Wording) {
        self.init(
            header: [
                "Id", wording.text(.colDate), wording.text(.colUser), wording.text(.colAction),
                wording.text(.colTarget), wording.text(.colOutcome), wording.text(.colRule), wording.text(.colOrigin),
            ],
            rows: entries.map {
                [
                    $0.id, String($0.time.prefix(19)) + "Z", $0.done_by?.name ?? "-", $0.action,
                    $0.user?.name ?? $0.target ?? "-",
                    wording.text(WordingID(rawValue: "out.\($0.outcome)") ?? .outFailed),
                    [$0.rule, $0.reason].compactMap(\.self).joined(separator: " "), $0.origin,
                ]
            }
        )
    }
}
