import Foundation
import MailkeepModel
import MailkeepStore
import MailkeepSync

/// Up to where an export has come.
struct ExportPosition: Sendable {
    fileprivate var key: Data?
    fileprivate var message: VisibleMessage?
}

/// The next mails of an export.
struct ExportPage: Sendable {
    var mails: [ExportedMail]
    var withheld = 0
    var end: ExportPosition
}

extension ExportSubject {
    /// What having taken it out is called in the audit log.
    var done: AuditedAction {
        switch self {
        case .backup(let backup): AuditedAction(name: "backup.exported", target: "backup/\(backup)")
        case .record(let record): AuditedAction(name: "emails.exported", target: record.description)
        case .ownMail(let owner): AuditedAction(name: "own_emails.exported", user: owner)
        }
    }

    /// What taking it out is called there.
    var action: AuditedAction {
        switch self {
        case .backup(let backup): AuditedAction(name: "backup.export", target: "backup/\(backup)")
        case .record(let record): AuditedAction(name: "emails.export", target: record.description)
        case .ownMail(let owner): AuditedAction(name: "own_emails.export", user: owner)
        }
    }
}

extension ReadTransaction {
    /// Refuses who may not take it out; gives the backup that it is about.
    func mayExport(_ subject: ExportSubject, _ actor: User) throws -> BackupDetails? {
        switch subject {
        case .backup(let id):
            try PagePolicy.use(actor: actor).enforce()
            let backup = try existingBackup(id)
            guard backup.status == .completed else { throw AppError(.backupNotCompleted) }
            return backup
        case .record(let record):
            guard try isAssociated(actor.id, with: record) else { throw Refusal(.v1) }
        case .ownMail(let owner):
            guard VisibilityPolicy.seesUnderMyMail(viewerIsOwner: actor.id == owner, ownerIsActive: true) else {
                throw Refusal(.v1)
            }
        }
        return nil
    }

    /// What the list says of the export.
    func header(
        of subject: ExportSubject,
        _ backup: BackupDetails?,
        _ format: ExportFormat,
        by actor: User,
        at now: Timestamp
    ) throws -> ExportHeader {
        var header = ExportHeader(
            organization: try organizationName() ?? "",
            kind: .backup,
            format: format,
            exported_by: ManifestHeader.Person(actor),
            exported_time: now.iso8601,
            backup_id: backup?.id.description,
            user: try backup.flatMap { try user($0.user) }.map(ManifestHeader.Person.init),
            audit_head: try auditHead().hex
        )
        switch subject {
        case .backup: break
        case .record(let record):
            header.kind = .record
            header.record = .init(module: record.module.rawValue, id: record.id.description)
        case .ownMail:
            header.kind = .mailbox
            header.user = ManifestHeader.Person(actor)
        }
        return header
    }

    /// The mails behind a position; nil at the end.
    func page(
        of subject: ExportSubject,
        _ backup: BackupDetails?,
        after last: ExportPosition,
        limit: Int,
        for actor: User
    ) throws -> ExportPage? {
        switch subject {
        case .backup:
            guard let backup else { return nil }
            let page = try messages(of: backup, after: last.key, limit: limit, exportedBy: actor.id)
            let visible = page.filter(\.isVisible)
            return page.last.map { end in
                ExportPage(
                    mails: visible.map(ExportedMail.init),
                    withheld: page.count - visible.count,
                    end: ExportPosition(key: end.content.key)
                )
            }
        case .record(let record):
            let page = try visibleMessages(on: record, to: actor.id, after: last.message, limit: limit)
            return page.last.map { end in
                ExportPage(
                    mails: page.map { ExportedMail($0, folders: []) },
                    end: ExportPosition(message: end)
                )
            }
        case .ownMail:
            let page = try ownMessages(of: actor.id, after: last.message, limit: limit)
            return try page.last.map { end in
                ExportPage(
                    mails: try page.map { ExportedMail($0, folders: try ownFolders(of: $0.id, of: actor.id)) },
                    end: ExportPosition(message: end)
                )
            }
        }
    }
}
