import ArgumentParser
import MailkeepApp
import MailkeepModel

struct OrganizationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "organization",
        abstract: "The organisation's settings (administrators).",
        subcommands: [Show.self, Set.self]
    )

    struct Show: ShellCommand {
        static let configuration = CommandConfiguration(abstract: "Show the organisation's settings.")

        @OptionGroup var common: CommonOptions

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let organization = try await session.perform(ShowOrganization())
                try await session.print(Organizations(org: [organization]), text: organization.text(session.wording))
            }
        }
    }

    struct Set: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change the organisation's settings.",
            discussion: """
                With --administrators-see-records no, administrators see a record's mail only where they are its owner, \
                have it shared with them, or stand above its owner. They go on administering users and backups.

                With --ignore-address-tags yes, a record with name@example.com shows mail of name+tag@example.com too, \
                at once. It is no unless you say so, as with some providers these are two people.

                With --retention-days NUMBER, messages that are older are removed for good, unless a legal hold covers \
                them or a backup has taken them; none keeps them for ever, as it is at first. retention preview shows \
                what would go; where that is anything, give its number with --confirm.
                """
        )

        enum Answer: String, ExpressibleByArgument, CaseIterable {
            case yes
            case no
        }

        @OptionGroup var common: CommonOptions
        @Option(help: "yes: administrators are associated with every record.") var administratorsSeeRecords: Answer?
        @Option(help: "yes: name+tag@example.com counts as name@example.com.") var ignoreAddressTags: Answer?

        @Option(help: ArgumentHelp("How long messages are kept: a number of days, or none.", valueName: "days"))
        var retentionDays: Retention?
        @Option(help: ArgumentHelp("How many messages the preview told that would go.", valueName: "number"))
        var confirm: Int?

        enum Retention: ExpressibleByArgument {
            case none
            case days(Int)

            init?(argument: String) {
                if argument == "none" {
                    self = .none
                } else if let days = Int(argument) {
                    self = .days(days)
                } else {
                    return nil
                }
            }

            var days: Int? { if case .days(let days) = self { days } else { nil } }
        }

        func validate() throws {
            guard administratorsSeeRecords != nil || ignoreAddressTags != nil || retentionDays != nil else {
                throw ValidationError("Give a setting to change.")
            }
        }

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let action = UpdateOrganization(
                    administratorsSeeRecords: administratorsSeeRecords.map { $0 == .yes },
                    ignoresAddressTags: ignoreAddressTags.map { $0 == .yes }
                )
                var organization: OrganizationShape?
                if administratorsSeeRecords != nil || ignoreAddressTags != nil {
                    organization = try await session.perform(action)
                }
                if let retentionDays {
                    let setting = SetRetention(days: retentionDays.days, confirmed: confirm)
                    organization = try await session.perform(setting)
                    if !session.host.takesUpJobs { try await session.mailkeep.finishRemovals() }
                }
                guard let organization else { return }
                try await session.print(
                    Organizations(org: [organization]),
                    text: session.wording.text(.okOrganization)
                )
            }
        }
    }
}

/// The document `{"org":[…]}`.
private struct Organizations: Encodable {
    let org: [OrganizationShape]
}

extension OrganizationShape {
    /// The settings as a person reads them.
    fileprivate func text(_ wording: Wording) -> String {
        Table(pairs: [
            (wording.text(.colOrganization), company_name),
            (wording.text(.colAdministratorsSee), wording.text(administrators_see_records ? .sayYes : .sayNo)),
            (wording.text(.colIgnoresTags), wording.text(address_tags_ignored ? .sayYes : .sayNo)),
            (
                wording.text(.colRetention),
                retention_days.map { wording.text(.sayDays, ["n": "\($0)"]) } ?? wording.text(.sayForEver)
            ),
        ]).text
    }
}
