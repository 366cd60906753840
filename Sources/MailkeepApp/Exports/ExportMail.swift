import Crypto
package import Foundation
import MailVault
import MailkeepKeys
import MailkeepModel
import MailkeepStore
import MailkeepSync

/// Takes mail out as one file, with a signed list that names every mail in it, and what else proves it.
///
/// A backup's is for administrators, with the manifest as it was signed; where the organisation has taken administrators
/// out of "associated with every record", only the mails that the caller may see on some record's page are written (V),
/// and `withheld` tells how many are not. A record's mail is what the caller may see there, and a mailbox's is for its
/// active owner alone (V0).
package struct ExportMail: UseCase {
    package var subject: ExportSubject
    package var format: ExportFormat
    package var write: @Sendable (Data) async throws -> Void
    /// How many mails are asked for at a time.
    ///
    /// One's own, and a record's, are all looked through for each page.
    var pageSize = 2000

    package init(
        _ subject: ExportSubject,
        as format: ExportFormat,
        write: @escaping @Sendable (Data) async throws -> Void
    ) {
        self.subject = subject
        self.format = format
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

    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Output {
        let now = mailkeep.clock()
        let (backup, reader) = try await mailkeep.read(subject.action, as: caller) { transaction, actor in
            (try transaction.mayExport(subject, actor), actor)
        }
        // Before the first byte leaves, as whoever takes it may go away before the last.
        var begun = subject.action
        begun.user = begun.user ?? backup?.user
        begun.details = ["format": format.rawValue]
        let header = try await mailkeep.act(begun, as: caller) { transaction, actor in
            (.done, try transaction.header(of: subject, backup, format, by: actor, at: now))
        }
        let container = try container(in: reader.locale, madeAt: now)
        var output = Output()
        var last = ExportPosition()
        while let page = try await nextPage(after: last, backup, mailkeep, caller) {
            try await add(page.mails, to: container, from: mailkeep.vault)
            output.messages += page.mails.count
            output.bytes += page.mails.reduce(0) { $0 + $1.size }
            output.withheld += page.withheld
            last = page.end
        }
        if let backup { output.erased = try await mailkeep.store.read { try $0.erasedCount(of: backup) } }
        let root = try await addProof(to: container, header, backup, output, mailkeep)
        try await container.finish()
        var done = subject.done
        done.user = begun.user
        done.details = [
            "messages": "\(output.messages)", "withheld": "\(output.withheld)", "erased": "\(output.erased)",
            "root": root,
        ]
        return try await mailkeep.act(done, as: caller) { [output] _, _ in (.done, output) }
    }

    private func container(in locale: MailkeepModel.Locale, madeAt: Timestamp) throws -> any ExportContainer {
        switch format {
        case .emlZip: return try ZipExport(madeAt: madeAt, write: write)
        case .mbox:
            let wording = Wording(locale: locale)
            let cover = MboxExport.Cover(subject: wording.text(.exportSubject), text: wording.text(.exportText))
            return MboxExport(cover: cover, madeAt: madeAt, write: write)
        }
    }

    /// Adds mails while the next ones are read on another processor.
    private func add(_ mails: [ExportedMail], to container: any ExportContainer, from vault: any Vault) async throws {
        var rest = mails[...]
        var contents: [ExportedContent] = []
        while true {
            try Task.checkCancellation()
            let batch = rest.prefix(contents.count)
            rest = rest.dropFirst(contents.count)
            let following = rest.prefix(Self.readAhead(rest))
            async let next = following.map { try ExportedContent(of: $0, in: vault) }
            for (mail, content) in zip(batch, contents) { try await container.add(mail, content) }
            contents = try await next
            if contents.isEmpty { return }
        }
    }

    /// How many of the next mails are read together: about 1 MiB, and at least one.
    private static func readAhead(_ mails: ArraySlice<ExportedMail>) -> Int {
        var size: Int64 = 0
        let end = mails.firstIndex { mail in
            size += mail.size
            return size > 1 << 20
        }
        return end.map { max(1, mails.distance(from: mails.startIndex, to: $0)) } ?? mails.count
    }

    private func nextPage(
        after last: ExportPosition,
        _ backup: BackupDetails?,
        _ mailkeep: Mailkeep,
        _ caller: Caller
    ) async throws -> ExportPage? {
        // Who may take it out no longer is refused in the middle of it (V3).
        try await mailkeep.read(subject.action, as: caller) { transaction, actor in
            _ = try transaction.mayExport(subject, actor)
            return try transaction.page(of: subject, backup, after: last, limit: pageSize, for: actor)
        }
    }

    /// Adds the manifest of a backup, the list, their signatures, and the key that made them.
    ///
    /// - Returns: the root of the list.
    private func addProof(
        to container: any ExportContainer,
        _ header: ExportHeader,
        _ backup: BackupDetails?,
        _ output: Output,
        _ mailkeep: Mailkeep
    ) async throws -> String {
        if let backup {
            guard let manifest = backup.manifest, let signature = backup.signature else {
                throw AppError(.backupNotCompleted)
            }
            try await container.add(.manifest) { try await mailkeep.vault.copy(manifest, to: $0) }
            try await container.add(.manifestSignature) { try await $0(signature.asText) }
        }
        var digest = SHA256()
        var root = ""
        try await container.add(.list) { write in
            var pending = Data()
            var list = try ManifestWriter(header, format: ExportHeader.listFormat) { pending.append($0) }
            func flush(atLeast count: Int) async throws {
                guard pending.count >= count else { return }
                digest.update(data: pending)
                try await write(pending)
                pending.removeAll(keepingCapacity: true)
            }
            try await container.forEachLine { line, sha256 in
                try list.append(line, sha256: sha256, size: line.size)
                try await flush(atLeast: 64 << 10)
            }
            root = try list.finish(missing: backup.map { _ in (output.withheld, output.erased) }).totals.root
            try await flush(atLeast: 1)
        }
        let signature = Data(try mailkeep.keys.signer.sign(Data(digest.finalize())))
        try await container.add(.listSignature) { try await $0(signature.asText) }
        try await container.add(.publicKey) { try await $0(Data(PublicKey(mailkeep.keys.signer).pem.utf8)) }
        return root
    }
}

extension Data {
    /// A signature as a line of base64.
    fileprivate var asText: Data { Data("\(base64EncodedString())\n".utf8) }
}
