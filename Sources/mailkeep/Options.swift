import ArgumentParser
import MailkeepApp
import MailkeepModel

/// Where the data is, and the master key where that is kept elsewhere.
struct DataOption: ParsableArguments {
    @Option(
        help: ArgumentHelp("The data directory; else MAILKEEP_DATA.", valueName: "directory"),
        completion: .directory
    )
    var data: String?

    @Option(
        help: ArgumentHelp(
            "Prints the master key, where no file has it; else MAILKEEP_MASTER_KEY, or MAILKEEP_MASTER_KEY_COMMAND.",
            valueName: "command"
        )
    )
    var masterKeyCommand: String?
}

/// What every command but `init`, `serve` and `doctor` takes.
struct CommonOptions: ParsableArguments {
    @OptionGroup var location: DataOption

    @Option(name: .customLong("as"), help: ArgumentHelp("The user as whom the command acts.", valueName: "email"))
    var actingUser: String

    @Flag(help: "Print one JSON document, in the API's shapes.")
    var json = false
}

/// Whose mailbox, lock or backup it is about.
struct UserOption: ParsableArguments {
    @Option(help: ArgumentHelp("The user's e-mail address.", valueName: "email"))
    var user: String
}

/// What a command that reads mail, or stores where to read it, may reach.
struct ReachOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Allow mail servers in this network of this machine or private one (repeatable).",
            valueName: "cidr"
        )
    )
    var allowMailNetwork: [String] = []

    @Option(
        help: ArgumentHelp("Allow mail files of this machine in this folder (repeatable).", valueName: "folder"),
        completion: .directory
    )
    var allowMailPath: [String] = []

    /// What goes along with a job.
    var permissions: JobPermissions {
        get throws {
            _ = try Mailkeep.Permissions(networks: allowMailNetwork, paths: allowMailPath)
            return JobPermissions(mailNetworks: allowMailNetwork, mailPaths: allowMailPath)
        }
    }
}

/// Waiting for the end of what was begun.
struct WaitOption: ParsableArguments {
    @Flag(help: "Wait for the end. Without a server the work is always done at once.")
    var wait = false
}

/// One page of a list in place of all of it.
struct PageOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only this page of the list, from 1; else all of it.", valueName: "number"))
    var page: String?

    @Option(help: ArgumentHelp("How many entries a page has: 1 to 200, else 200.", valueName: "number"))
    var perPage: String?

    /// Nil where the whole list is asked for.
    ///
    /// - Throws: `UsageError` (`badPage`).
    var request: PageRequest? {
        get throws {
            guard page != nil || perPage != nil else { return nil }
            let most = PageRequest.maximumSize
            guard let number = Int(page ?? "1"), number >= 1, let size = Int(perPage ?? "\(most)"),
                (1...most).contains(size)
            else { throw UsageError.badPage }
            return PageRequest(number, size: size)
        }
    }
}

/// One record.
struct RecordOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Leads, Contacts, Accounts or Deals.", valueName: "module"))
    var module: Module

    @Option(help: ArgumentHelp("The record's id.", valueName: "id"))
    var id: String

    var key: RecordKey { RecordKey(module: module, id: Identifier(orNone: id)) }
}

extension Module: ExpressibleByArgument {
    package init?(argument: String) {
        guard let module = Module.allCases.first(where: { $0.rawValue.lowercased() == argument.lowercased() }) else {
            return nil
        }
        self = module
    }
}

extension Profile: ExpressibleByArgument {}
extension UserStatus: ExpressibleByArgument {}
extension AccountType: ExpressibleByArgument {}
extension ConnectionSecurity: ExpressibleByArgument {}
extension SharingSetting: ExpressibleByArgument {}
extension Locale: ExpressibleByArgument {}
