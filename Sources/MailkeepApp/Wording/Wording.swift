package import MailkeepKeys
package import MailkeepModel

import struct Foundation.Data
import class Foundation.JSONDecoder

extension KeyError {
    /// The key of the sentence, after which `sentenceValues` are put in.
    var sentence: String { "keys.\(code.rawValue)" }

    var sentenceValues: [String: String] { ["path": path?.forMessages ?? "keys"] }
}

/// What Mailkeep says to a person, in their language.
///
/// The sentences stand in `wording.json`, each under its `WordingID` with every language. To add one, add it to both.
///
/// What is said on a page in other words than in the shell, as there are fields in place of options, stands under the
/// same id in `pages.json` too.
package struct Wording: Sendable {
    /// Where it is read.
    package enum Place: Sendable {
        case shell
        case page
    }

    package let locale: MailkeepModel.Locale
    private let place: Place

    package init(locale: MailkeepModel.Locale, on place: Place = .shell) {
        self.locale = locale
        self.place = place
    }

    /// The sentence `id`, each `{name}` in it replaced by its value; a name without a value stays as it is.
    package func text(_ id: WordingID, _ values: [String: String] = [:]) -> String {
        text(key: id.rawValue, values)
    }

    /// The sentence of a code that other types own (`err.`, `fail.`, `proof.`, `row.`, `usage.`); tests hold them complete.
    package func text(key: String, _ values: [String: String] = [:]) -> String {
        let sentence = (place == .page ? Self.ofPages[key] : nil) ?? Self.sentences[key]
        return Self.fill(sentence?[locale.rawValue] ?? key, with: values)
    }

    /// What the failure to read a mailbox says, by its code: of a backup, or of anything else.
    package func failure(_ code: String, ofBackup: Bool) -> String {
        text(key: ofBackup ? "fail.\(code)" : "reach.\(code)")
    }

    /// Why the connection to the CRM needs a person.
    func connectionAttention(_ code: String) -> String { text(key: "notify.connection_attention.\(code)") }

    /// What an error of the app says.
    package func error(_ error: AppError) -> String {
        var values = error.values
        // A manifest's fault is a code.
        if let fault = values["fault"] { values["fault"] = fault == "-" ? fault : text(key: "manifest.\(fault)") }
        return text(key: "err.\(error.code.rawValue)", values)
    }

    /// What an error of the keys says.
    package func error(_ error: KeyError) -> String { text(key: error.sentence, error.sentenceValues) }

    /// What older mail of a record is still to come, in sentences.
    package func linking(_ linking: RecordLinkingShape) -> [String] {
        (linking.looked_for ? [text(.linkingLookedFor)] : []) + (linking.being_read ? [text(.linkingBeingRead)] : [])
    }

    /// What a refusal says: the same in page, API and shell.
    package func refusal(_ refusal: Refusal) -> String {
        var values: [String: String] = [:]
        if let domains = refusal.domains {
            values = ["domain": domains.mailbox, "own": domains.administrator]
        }
        if !refusal.holds.isEmpty {
            values["holds"] = refusal.holds.map { "#\($0)" }.joined(separator: locale == .japanese ? "、" : ", ")
        }
        return text(WordingID(refusal), values)
    }

    /// Every sentence by id and language; empty where an embedded file cannot be read, so that the ids are shown.
    static let sentences = own.merging(ofPages) { own, _ in own }

    /// The sentences that are said everywhere, or in the shell alone.
    static let own = read(PackageResources.wording_json)

    /// The sentences that only pages say, and those that they say in words of their own.
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
