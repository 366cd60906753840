import Foundation
import MailkeepSync

/// What re-reading an export found, in the API's form.
package struct ExportVerification: Encodable, Sendable, Equatable {
    /// Why none of it is proved, whatever its mails are.
    package enum Fault: String, Encodable, Sendable, CaseIterable {
        /// The list was not signed by the key.
        case signature
        /// Nor the manifest of the backup.
        case manifestSignature = "manifest_signature"
        /// The list says that there is one.
        case noManifest = "no_manifest"
        /// It is another backup's.
        case otherManifest = "other_manifest"
        /// The messages that a document names do not give its root, or it cannot be read.
        case root
    }

    /// Mails or files of one kind; not all of very many are named.
    package struct Findings: Encodable, Sendable, Equatable {
        private static let most = 1000

        package private(set) var count = 0
        package private(set) var names: [String] = []

        mutating func append(_ name: String) {
            count += 1
            if names.count < Self.most { names.append(name) }
        }
    }

    package var whole: Bool { fault == nil && damaged.count + foreign.count + missing.count == 0 }
    package var fault: Fault?
    package var format: String
    /// `backup`, `record` or `mailbox`.
    package var kind: String?
    package var organization: String?
    package var backup_id: String?
    /// Whose mailbox it is or was; of a record, its module and id.
    package var of: String?
    package var exported_by: String?
    package var exported_time: String?
    /// Of the key that signed the list.
    package var fingerprint: String?
    /// Mails of the export that are what the list names, and, of a backup, the manifest; each once.
    package var messages = 0
    package var bytes: Int64 = 0
    /// Messages that the manifest names and the export does not hold: nil where there is no manifest.
    package var not_included: Int?
    /// Mails whose bytes are not those that the list names.
    package var damaged = Findings()
    /// Files or mails that the list does not name.
    package var foreign = Findings()
    /// Mails that the list names and the file has no more.
    package var missing = Findings()

    init(format: ExportFormat, fault: Fault? = nil) {
        self.format = format.rawValue
        self.fault = fault
    }

    private enum CodingKeys: String, CodingKey {
        case whole, fault, format, kind, organization, backup_id, of, exported_by, exported_time, fingerprint, messages,
            bytes, not_included, damaged, foreign, missing
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(whole, forKey: .whole)
        try container.encodeIfPresent(fault, forKey: .fault)
        try container.encode(format, forKey: .format)
        try container.encodeIfPresent(kind, forKey: .kind)
        try container.encodeIfPresent(organization, forKey: .organization)
        try container.encodeIfPresent(backup_id, forKey: .backup_id)
        try container.encodeIfPresent(of, forKey: .of)
        try container.encodeIfPresent(exported_by, forKey: .exported_by)
        try container.encodeIfPresent(exported_time, forKey: .exported_time)
        try container.encodeIfPresent(fingerprint, forKey: .fingerprint)
        try container.encode(messages, forKey: .messages)
        try container.encode(bytes, forKey: .bytes)
        try container.encodeIfPresent(not_included, forKey: .not_included)
        try container.encode(damaged, forKey: .damaged)
        try container.encode(foreign, forKey: .foreign)
        try container.encode(missing, forKey: .missing)
    }
}
