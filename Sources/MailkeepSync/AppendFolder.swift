import Foundation
import IMAPClient
import IMAPCore
import MailkeepModel

/// A folder that mail is put into, and what is known of the mail in it.
final class AppendFolder {
    /// For people.
    let displayName: String
    let name: IMAPMailboxName
    var uidValidity: UInt32 = 0
    /// The mails there by what they are looked for by.
    var mails: [Int: [UInt32]] = [:]
    /// Messages of ours that are known to be there.
    var present: Set<MessageID> = []
    /// How many mails it has, with those that were appended.
    var count = 0
    /// What the server called the mails that were appended; fewer where it did not say.
    var appended: [UInt32] = []
    var appendedCount = 0

    init(displayName: String, name: IMAPMailboxName) {
        self.displayName = displayName
        self.name = name
    }
}

/// How a mailbox writes the names of its folders.
struct AppendNames {
    /// Nil where names have no levels.
    let delimiter: Character?
    /// What stands before every name but INBOX.
    let prefix: String

    /// The name of a folder: its levels, none of which holds what parts them here.
    func name(_ levels: [String]) -> String {
        let parts = levels.map { level in
            String(level.map { $0 == delimiter || $0.isNewline || $0 == "\0" ? "_" : $0 })
        }.filter { !$0.isEmpty }
        guard let first = parts.first, parts.count > 1 || !Self.isInbox(first) else { return "INBOX" }
        let name = parts.joined(separator: delimiter.map(String.init) ?? " - ")
        let start = prefix.lowercased()
        return name.lowercased().hasPrefix(start) ? name : prefix + name
    }

    /// The names of the folders that a folder stands in, outermost first.
    func superiors(of name: String) -> [String] {
        guard let delimiter else { return [] }
        let parts = name.split(separator: delimiter, omittingEmptySubsequences: false)
        return (1..<max(1, parts.count)).map { parts[..<$0].joined(separator: String(delimiter)) }
            .filter { !$0.isEmpty && !Self.isInbox($0) }
    }

    /// The levels of a name as its source wrote it.
    static func levels(of name: String, delimiter: Character?) -> [String] {
        guard let delimiter = delimiter ?? (name.contains("/") ? "/" : nil) else { return [name] }
        return name.split(separator: delimiter).map(String.init)
    }

    static func isInbox(_ name: String) -> Bool { name.uppercased() == "INBOX" }
}
