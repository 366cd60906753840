package import MailkeepModel

import struct Foundation.Data
import class Foundation.JSONDecoder

/// What Mailkeep says to a person, in their language.
///
/// The sentences stand in `wording.json`, each under its `WordingID` with every language. To add one, add it to both.
package struct Wording: Sendable {
    private let language: String

    package init(locale: MailkeepModel.Locale) {
        language = locale.rawValue
    }

    /// The sentence `id`, each `{name}` in it replaced by its value; a name without a value stays as it is.
    package func text(_ id: WordingID, _ values: [String: String] = [:]) -> String {
        text(key: id.rawValue, values)
    }

    /// The sentence of a code that other types own (`err.`, `fail.`, `row.`, `usage.`); tests hold them complete.
    package func text(key: String, _ values: [String: String] = [:]) -> String {
        Self.fill(Self.sentences[key]?[language] ?? key, with: values)
    }

    /// What the failure to read a mailbox says, by its code: of a backup, or of anything else.
    package func failure(_ code: String, ofBackup: Bool) -> String {
        text(key: ofBackup ? "fail.\(code)" : "reach.\(code)")
    }

    /// What a refusal says: the same in page, API and shell.
    package func refusal(_ refusal: Refusal) -> String {
        var values: [String: String] = [:]
        if let domains = refusal.domains {
            values = ["domain": domains.mailbox, "own": domains.administrator]
        }
        return text(WordingID(refusal), values)
    }

    /// Every sentence by id and language; empty where an embedded file cannot be read, so that the ids are shown.
    static let sentences = read(PackageResources.wording_json).merging(ofPages) { own, _ in own }

    /// The sentences that only pages say.
    package static let ofPages = read(PackageResources.pages_json)

    private static func read(_ file: [UInt8]) -> [String: [String: String]] {
        (try? JSONDecoder().decode([String: [String: String]].self, from: Data(file))) ?? [:]
    }

    /// Replaces in one pass, so that braces within a value stay text.
    private static func fill(_ template: String, with values: [String: String]) -> String {
        var filled = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            let name = String(rest[rest.index(after: open)..<close])
            filled += rest[..<open]
            filled += values[name] ?? String(rest[open...close])
            rest = rest[rest.index(after: close)...]
        }
        return filled + rest
    }
}
