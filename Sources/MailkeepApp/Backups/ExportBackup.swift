package import Foundation
import MailkeepKeys
package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// Writes a backup's mails as a zip file of `.eml` files, one folder for each folder that they were in, with the
/// manifest, its signature and the public key that proves it.
///
/// For administrators. Where the organisation has taken administrators out of "associated with every record", only the
/// mails that the caller may see on some record's page are written (V), and `withheld` tells how many are not.
package struct ExportBackup: UseCase {
    package var backup: BackupID
    package var write: @Sendable (Data) async throws -> Void

    package init(backup: BackupID, write: @escaping @Sendable (Data) async throws -> Void) {
        self.backup = backup
        self.write = write
    }

    /// What was written.
    package struct Output: Sendable, Equatable {
        package var messages = 0
        package var bytes: Int64 = 0
        package var withheld = 0
        /// Messages that the manifest names and that were erased since (B9).
        package var erased = 0
    }

    private static let page = 500

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Output {
        let details = try await mailkeep.completedBackup(backup, for: "backup.export", as: caller)
        // Before the first byte leaves, as whoever takes it may go away before the last.
        let begun = AuditedAction(
            name: "backup.export",
            user: details.user,
            target: "backup/\(backup)",
            details: ["format": "eml_zip"]
        )
        try await mailkeep.act(begun, as: caller) { _, _ in (.done, ()) }
        let zip = try ArchiveWriter(.zip, write: write)
        var output = Output()
        var names = ExportNames()
        var last: Data?
        while true {
            let after = last
            let page = try await mailkeep.store.read {
                try $0.messages(of: details, after: after, limit: Self.page, exportedBy: caller.user)
            }
            guard let end = page.last else { break }
            for message in page {
                guard message.isVisible else {
                    output.withheld += 1
                    continue
                }
                for folder in message.folders {
                    try await zip.beginFile(
                        names.path(in: folder, sha256: message.sha256),
                        size: message.size,
                        modifiedAt: Date(timeIntervalSince1970: Double(message.sentAt.rawValue) / 1000)
                    )
                    try await mailkeep.vault.copy(message.content) { try await zip.append($0) }
                }
                output.messages += 1
                output.bytes += message.size
            }
            last = end.content.key
        }
        output.erased = try await mailkeep.store.read { try $0.erasedCount(of: details) }
        try await addProof(of: details, to: zip, mailkeep)
        try await zip.finish()
        let action = AuditedAction(
            name: "backup.exported",
            user: details.user,
            target: "backup/\(backup)",
            details: [
                "messages": "\(output.messages)", "withheld": "\(output.withheld)", "erased": "\(output.erased)",
            ]
        )
        return try await mailkeep.act(action, as: caller) { [output] _, _ in (.done, output) }
    }

    private func addProof(of details: BackupDetails, to zip: ArchiveWriter, _ mailkeep: Mailkeep) async throws {
        guard let manifest = details.manifest, let signature = details.signature else {
            throw AppError(.backupNotCompleted)
        }
        let taken = Date(timeIntervalSince1970: Double((details.endedAt ?? details.requestedAt).rawValue) / 1000)
        try await zip.beginFile("manifest.json", size: nil, modifiedAt: taken)
        try await mailkeep.vault.copy(manifest) { try await zip.append($0) }
        try await zip.addFile("manifest.sig", Data(signature.base64EncodedString().utf8), modifiedAt: taken)
        let publicKey = Data(mailkeep.keys.signer.publicKey).base64EncodedString()
        try await zip.addFile("public.key", Data(publicKey.utf8), modifiedAt: taken)
    }
}

/// Gives exported mails paths that every system takes, Windows included: no reserved names or characters, no `..`.
struct ExportNames {
    private var used: Set<String> = []

    /// `mail/FOLDER/DIGEST.eml`; a second mail of the same beginning gets a longer one.
    mutating func path(in folder: String, sha256: Data) -> String {
        let parts = folder.split(whereSeparator: { $0 == "/" || $0 == "\\" }).map { Self.safe(String($0)) }
        let folderPath = (["mail"] + (parts.isEmpty ? ["_"] : parts)).joined(separator: "/")
        let digest = sha256.hex
        for length in [16, 32, 64] {
            let path = "\(folderPath)/\(digest.prefix(length)).eml"
            // Windows and macOS do not tell upper from lower case.
            if used.insert(path.lowercased()).inserted { return path }
        }
        return "\(folderPath)/\(digest)-\(used.count).eml"
    }

    static func safe(_ name: String) -> String {
        var safe = String(
            name.unicodeScalars.map { scalar -> Character in
                let isForbidden = #"<>:"|?*\/"#.unicodeScalars.contains(scalar)
                let isControl = [.control, .format, .lineSeparator, .paragraphSeparator, .surrogate]
                    .contains(scalar.properties.generalCategory)
                return isForbidden || isControl ? "_" : Character(scalar)
            }
        )
        while safe.hasSuffix(".") || safe.hasSuffix(" ") { safe.removeLast() }
        while safe.utf8.count > 120 { safe.removeLast() }
        let stem = safe.prefix { $0 != "." }.uppercased()
        let isReserved =
            ["CON", "PRN", "AUX", "NUL"].contains(stem)
            || (stem.count == 4 && (stem.hasPrefix("COM") || stem.hasPrefix("LPT")) && stem.last?.isNumber == true)
        if safe.isEmpty || safe.hasPrefix(".") || isReserved { safe = "_" + safe }
        return safe
    }
}
