import Foundation
import Hummingbird
import MailkeepApp
import MailkeepModel

/// `/settings/mail_addon/backups`: backups, what proves them, and taking them out (P4, B9).
struct BackupsAPI {
    private static let path = "/settings/mail_addon/backups"

    let site: Site

    func add(to routes: APIRoutes) {
        routes.get(Self.path, .of(.backups), administrators: "backup.list") { _, context in
            let page = try context.page()
            let user: UserID? = try context.optionalID("user_id")
            let all = try await site.mailkeep.perform(ListBackups(user: user), as: context.caller)
            return try Response("backups", Page(all: all, of: page), of: page)
        }
        routes.get("\(Self.path)/{id}", .of(.backups)) { _, context in
            try Response("backups", [try await shown(context)])
        }
        routes.get("\(Self.path)/{id}/manifest", .of(.backups), administrators: "backup.manifest") { _, context in
            let backup = try await completed(context)
            let id: BackupID = context.id("id")
            return Response(download: "mailkeep-backup-\(backup.id)-manifest.json", type: "application/json") { write in
                let action = ReadManifest(backup: id) { try await write($0) }
                try await site.mailkeep.perform(action, as: context.caller)
            }
        }
        routes.post("\(Self.path)/{id}/actions/verify", .of(.backups), .read) { _, context in
            let id: BackupID = context.id("id")
            let result = try await site.mailkeep.perform(VerifyBackup(backup: id), as: context.caller)
            guard result.whole else {
                var problem = APIProblem(AppError(.backupDamaged), in: context.user.locale)
                problem.document.details.verification = result
                return try Response(json: problem.document, problem.status)
            }
            let answer = ActionAnswer(
                .init(id: "\(id)", verification: result),
                message: context.wording.text(.okVerify)
            )
            return try Response("backups", [answer])
        }
        routes.post("\(Self.path)/{id}/actions/cancel", .of(.backups), .update) { _, context in
            let id: BackupID = context.id("id")
            let result = try await site.mailkeep.perform(CancelBackup(backup: id), as: context.caller)
            let message = context.wording.text(result == .done ? .okCancel : .okUnchanged)
            return try Response("backups", [ActionAnswer(.init(id: "\(id)"), message: message)])
        }
        routes.get("\(Self.path)/{id}/export", .of(.backups), administrators: "backup.export") { _, context in
            let format = try context.choice("format", ExportFormat.self) ?? .emlZip
            let backup = try await completed(context)
            let id: BackupID = context.id("id")
            let file = "mailkeep-backup-\(backup.id).\(format.fileExtension)"
            return Response(download: file, type: format.contentType) { write in
                let action = ExportMail(.backup(id), as: format) { try await write($0) }
                _ = try await site.mailkeep.perform(action, as: context.caller)
            }
        }
    }

    private func shown(_ context: APIContext) async throws -> BackupShape {
        try await site.mailkeep.perform(ShowBackup(backup: context.id("id")), as: context.caller)
    }

    /// Refused before the first byte goes out.
    private func completed(_ context: APIContext) async throws -> BackupShape {
        let backup = try await shown(context)
        guard backup.status == BackupStatus.completed.rawValue else { throw AppError(.backupNotCompleted) }
        return backup
    }
}
