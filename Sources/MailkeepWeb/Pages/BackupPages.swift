import Foundation
import HTTPTypes
import Hummingbird
import MailkeepApp
import MailkeepModel
import NIOCore
import Synchronization

/// The details of a backup: what it covers, its folders, who took it and when, and what can be done with it (P4, B9).
struct BackupPages {
    static let address = "/settings/backups"
    static let keyAddress = "/settings/public-key"

    let site: Site

    func add(to router: some RouterMethods<SignedInContext>) {
        router.get("/settings/backups/{backup}") { _, context in try await details(for: context) }
        router.get("/settings/backups/{backup}/part") { _, context in
            let presenter = Presenter(context)
            let fragment = Fragment(
                t: Words(presenter.wording),
                content: try await content(context),
                formToken: context.visit.formToken
            )
            return try site.render(fragment, with: .backupPart)
        }
        router.post("/settings/backups/{backup}/verify") { _, context in try await verify(context) }
        router.get("/settings/backups/{backup}/cancel") { _, context in
            let backup = try await site.mailkeep.perform(ShowBackup(backup: Self.backup(context)), as: context.caller)
            let wording = Presenter(context).wording
            let list = MailAddonListQuery(leftBy: context)
            let address = "\(Self.address)/\(backup.id)"
            let confirmation = Confirmation(
                question: wording.text(.dlgStop),
                button: wording.text(.btnStop),
                action: list.action("\(address)/cancel"),
                back: list?.place.text ?? address,
                isDanger: true
            )
            return try await site.render(.confirm, title: wording.text(.btnStop), confirmation, for: context)
        }
        router.post("/settings/backups/{backup}/cancel") { _, context in
            let backup = Self.backup(context)
            let wording = Presenter(context).wording
            var notice: Notice
            do {
                let result = try await site.mailkeep.perform(CancelBackup(backup: backup), as: context.caller)
                notice = Notice(text: wording.text(result == .done ? .okCancel : .okUnchanged))
            } catch let error as AppError where error.code == .backupNotPending {
                // It ended meanwhile.
                notice = Notice(text: wording.error(error), isProblem: true)
            }
            let back = MailAddonListQuery(leftBy: context)?.place.text
            return try await site.redirect(to: back ?? "\(Self.address)/\(backup)", telling: notice, in: context)
        }
        router.get("/settings/backups/{backup}/manifest") { _, context in
            let backup = try await completed(context)
            let id = Self.backup(context)
            return Response(download: "mailkeep-backup-\(backup.id)-manifest.json", type: "application/json") { write in
                let action = ReadManifest(backup: id) { try await write($0) }
                try await site.mailkeep.perform(action, as: context.caller)
            }
        }
        router.get("/settings/backups/{backup}/export") { _, context in
            let backup = try await completed(context)
            let id = Self.backup(context)
            let name = context.visit.query["format"] ?? ExportFormat.emlZip.rawValue
            guard let format = ExportFormat(rawValue: name) else { throw HTTPError(.badRequest) }
            let file = "mailkeep-backup-\(backup.id).\(format.fileExtension)"
            return Response(download: file, type: format.contentType) { write in
                let action = ExportMail(.backup(id), as: format) { try await write($0) }
                _ = try await site.mailkeep.perform(action, as: context.caller)
            }
        }
        router.get("\(Self.keyAddress)") { _, context in
            let key = try await site.mailkeep.perform(ShowPublicKey(), as: context.caller)
            return Response(download: "mailkeep-public-key.pem", type: "application/x-pem-file") { write in
                try await write(Data(key.pem.utf8))
            }
        }
    }

    private static func backup(_ context: SignedInContext) -> BackupID {
        BackupID(orNone: context.parameters.get("backup"))
    }

    /// A completed backup; asked for before the first byte of a download goes out.
    private func completed(_ context: SignedInContext) async throws -> BackupShape {
        let backup = try await site.mailkeep.perform(ShowBackup(backup: Self.backup(context)), as: context.caller)
        guard backup.status == BackupStatus.completed.rawValue else { throw AppError(.backupNotCompleted) }
        return backup
    }

    private func verify(_ context: SignedInContext) async throws -> Response {
        let backup = Self.backup(context)
        let presenter = Presenter(context)
        let result = try await site.mailkeep.perform(VerifyBackup(backup: backup), as: context.caller)
        let read = ["n": presenter.number(result.messages), "bytes": presenter.size(result.bytes)]
        var notice = Notice(text: presenter.wording.text(.okVerify), lines: [presenter.wording.text(.backupRead, read)])
        if result.erased > 0 {
            notice.lines.append(presenter.wording.text(.backupErased, ["n": presenter.number(result.erased)]))
        }
        if !result.whole {
            notice = Notice(
                text: presenter.wording.error(result.failure),
                isProblem: true,
                lines: Array(result.damaged.prefix(50))
            )
        }
        return try await site.redirect(to: "\(Self.address)/\(backup)", telling: notice, in: context)
    }

    private struct Fragment {
        let t: Words
        let content: BackupPage
        let formToken: String
    }

    private func content(_ context: SignedInContext) async throws -> BackupPage {
        let backup = try await site.mailkeep.perform(ShowBackup(backup: Self.backup(context)), as: context.caller)
        let user = UserID(backup.user.id) ?? UserID(rawValue: 0)
        let all = try await site.mailkeep.perform(ListBackups(user: user), as: context.caller)
        let key = try await site.mailkeep.perform(ShowPublicKey(), as: context.caller)
        return BackupPage(backup, all: all, key: key, Presenter(context))
    }

    private func details(for context: SignedInContext) async throws -> Response {
        let content = try await content(context)
        let title = Presenter(context).wording.text(.backupTitle, ["user": content.userName])
        return try await site.render(.backup, title: title, content, for: context)
    }
}

/// Who reads a download.
private final class Reader: Sendable {
    let isGone = Atomic(false)
}

extension Response {
    /// A file that is written while it is made.
    init(
        download name: String,
        type: String,
        length: Int? = nil,
        _ write: @escaping @Sendable (@escaping @Sendable (Data) async throws -> Void) async throws -> Void
    ) {
        self.init(
            status: .ok,
            headers: [
                .contentType: type, .contentDisposition: Self.disposition(name),
                .contentSecurityPolicy: "sandbox; default-src 'none'",
            ],
            body: ResponseBody(contentLength: length) { writer in
                let (pieces, source) = RequestBody.makeStream()
                let reader = Reader()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        do {
                            try await write { piece in
                                // Nobody holds it back any more once nobody reads.
                                guard !reader.isGone.load(ordering: .relaxed) else { throw CancellationError() }
                                try Task.checkCancellation()
                                await source.yield(ByteBuffer(bytes: piece))
                            }
                            source.finish()
                        } catch {
                            source.finish(error)
                            throw error
                        }
                    }
                    for try await piece in pieces {
                        do {
                            try await writer.write(piece)
                        } catch {
                            reader.isGone.store(true, ordering: .relaxed)
                            throw error
                        }
                    }
                    try await group.waitForAll()
                }
                try await writer.finish(nil)
            }
        )
    }

    /// A name for a file to be saved, in every script (RFC 6266, RFC 8187).
    static func disposition(_ name: String) -> String {
        let plain = String(
            name.unicodeScalars.map { scalar -> Character in
                scalar.isASCII && scalar.value >= 0x20 && !"\"\\/%;".unicodeScalars.contains(scalar)
                    && scalar.value != 0x7f ? Character(scalar) : "_"
            }
        )
        return "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(PageAddress.encoded(name))"
    }
}
