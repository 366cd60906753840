package import MailkeepModel
import MailkeepStore
package import MailkeepSync

/// Puts mail back into a mailbox by IMAP, byte for byte, with its dates and marks; what is there is passed over.
///
/// For administrators (P1), and of the mail what the same one may take out by an export. Nothing is changed where the
/// mail came from.
package struct AppendMail: UseCase {
    package var subject: ExportSubject
    package var target: AppendTarget
    /// Below which folder of the mailbox its folders are to be; nil for none.
    package var folder: String?
    package var permissions: JobPermissions
    package var onProgress: @Sendable (AppendReport) async throws -> Void
    /// How many mails are asked for at a time.
    var pageSize = 500

    /// Where the mail of a record goes, of which no folders are told.
    package static let usualFolder = "Mailkeep"

    package init(
        _ subject: ExportSubject,
        to target: AppendTarget,
        below folder: String? = nil,
        permissions: JobPermissions = JobPermissions(),
        onProgress: @escaping @Sendable (AppendReport) async throws -> Void = { _ in }
    ) {
        self.subject = subject
        self.target = target
        self.folder = folder
        self.permissions = permissions
        self.onProgress = onProgress
    }

    /// What became of the mail.
    package struct Output: Sendable {
        package var report: AppendReport
        package var withheld = 0
        /// Messages that the manifest names and that were erased since (B9).
        package var erased = 0
    }

    /// - Returns: also where the mailbox is full, or the rest was left for another reason: the report says so.
    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> Output {
        let below = try folderLevels()
        var begun = subject.appending
        begun.details = target.details
        let backup: BackupDetails? = try await mailkeep.act(begun, as: caller) { transaction, actor in
            (.done, try transaction.mayAppend(subject, to: target, actor))
        }
        let appender = try await mailkeep.sources.appender(to: target, permissions: permissions, vault: mailkeep.vault)
        var output = Output(report: AppendReport())
        var last = ExportPosition()
        output.report = try await appender.run {
            let page = try await nextPage(after: last, backup, below, mailkeep, caller)
            guard let page else { return nil }
            last = page.end
            output.withheld += page.withheld
            return page.items
        } onProgress: { report in
            try await onProgress(report)
        }
        if let backup { output.erased = try await mailkeep.store.read { try $0.erasedCount(of: backup) } }
        var done = subject.appended
        done.details = target.details
        let report = output.report
        done.details["appended"] = "\(report.appended)"
        done.details["present"] = "\(report.present)"
        done.details["refused"] = "\(report.refusedCount)"
        done.details["withheld"] = "\(output.withheld)"
        switch report.stop {
        case .full: done.details["stopped"] = "full"
        case .failure(let failure): done.details["stopped"] = failure.code.rawValue
        case nil: break
        }
        return try await mailkeep.act(done, as: caller) { [output] _, _ in (.done, output) }
    }

    private func folderLevels() throws -> [String] {
        guard let folder else { return [] }
        let levels = folder.split(separator: "/").map(String.init)
        guard !levels.isEmpty, folder.utf8.count <= 500, !folder.unicodeScalars.contains(where: { $0.value < 0x20 })
        else { throw AppError(.badFolder) }
        return levels
    }

    private struct Page {
        var items: [AppendItem]
        var withheld: Int
        var end: ExportPosition
    }

    private func nextPage(
        after last: ExportPosition,
        _ backup: BackupDetails?,
        _ below: [String],
        _ mailkeep: Mailkeep,
        _ caller: Caller
    ) async throws -> Page? {
        // Who may not do it any more is refused in the middle of it (V3).
        try await mailkeep.read(subject.appending, as: caller) { transaction, actor in
            _ = try transaction.mayAppend(subject, to: target, actor)
            guard let page = try transaction.page(of: subject, backup, after: last, limit: pageSize, for: actor) else {
                return nil
            }
            let items = try page.mails.flatMap { mail in
                try transaction.places(of: mail, in: subject, backup).map { place in
                    let levels = place.map { AppendItem.levels(of: $0.folder, delimiter: $0.delimiter) }
                    return AppendItem(
                        message: mail.id,
                        sha256: mail.sha256,
                        size: mail.size,
                        content: mail.content,
                        folder: below + (levels ?? (below.isEmpty ? [Self.usualFolder] : [])),
                        flags: place?.flags ?? .unknown,
                        datedAt: place?.datedAt ?? (mail.sentAt.rawValue == 0 ? nil : mail.sentAt)
                    )
                }
            }
            return Page(items: items.sorted(by: Self.precedes), withheld: page.withheld, end: page.end)
        }
    }

    /// Folder by folder, and in each the oldest first.
    private static func precedes(_ left: AppendItem, _ right: AppendItem) -> Bool {
        if left.folder != right.folder { return left.folder.lexicographicallyPrecedes(right.folder) }
        return (left.datedAt?.rawValue ?? 0) < (right.datedAt?.rawValue ?? 0)
    }
}

extension ReadTransaction {
    /// Refuses who may not put it there: P1, then as an export of it, then U1 of whose mailbox it is.
    fileprivate func mayAppend(
        _ subject: ExportSubject,
        to target: AppendTarget,
        _ actor: User
    ) throws -> BackupDetails? {
        try PagePolicy.use(actor: actor).enforce()
        let backup = try mayExport(subject, actor)
        guard case .mailbox(let id) = target else { return backup }
        try UserPolicy.signIn(try existingUser(id)).enforce()
        guard let addon = try mailAddon(of: id) else { throw Refusal(.b5, .settings) }
        guard addon.accountType.speaksIMAP else { throw AppError(.appendNeedsImap) }
        return backup
    }

    /// The folders that a mail goes into; of a record's it is not told in which it was.
    fileprivate func places(
        of mail: ExportedMail,
        in subject: ExportSubject,
        _ backup: BackupDetails?
    ) throws -> [MailPlace?] {
        switch subject {
        case .backup: try backup.map { try places(of: mail.id, of: $0.user) } ?? []
        case .ownMail(let owner): try places(of: mail.id, of: owner)
        case .record: [nil]
        }
    }
}

extension ExportSubject {
    /// What putting it into a mailbox is called in the audit log.
    fileprivate var appending: AuditedAction {
        switch self {
        case .backup(let backup): AuditedAction(name: "backup.append", target: "backup/\(backup)")
        case .record(let record): AuditedAction(name: "emails.append", target: record.description)
        case .ownMail(let owner): AuditedAction(name: "own_emails.append", user: owner)
        }
    }

    /// What having put it there is called.
    fileprivate var appended: AuditedAction {
        switch self {
        case .backup(let backup): AuditedAction(name: "backup.appended", target: "backup/\(backup)")
        case .record(let record): AuditedAction(name: "emails.appended", target: record.description)
        case .ownMail(let owner): AuditedAction(name: "own_emails.appended", user: owner)
        }
    }
}

extension AppendTarget {
    /// Which mailbox it is, for the audit log.
    fileprivate var details: [String: String] {
        switch self {
        case .mailbox(let user): ["to_user": user.description]
        case .server(let server, let credentials):
            ["to_host": "\(server.host):\(server.port)", "to_username": credentials.username]
        }
    }
}
