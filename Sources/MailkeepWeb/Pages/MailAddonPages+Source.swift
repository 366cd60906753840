import HTTPTypes
import Hummingbird
import MailkeepApp
import MailkeepModel

/// The backup source of a leaver: a sign-in, a file of the server, or one that is uploaded (L9).
extension MailAddonPages {
    struct SourceForm {
        var isFile = false
        var username = ""
        var authorizeAs = ""
        var path = ""
    }

    private struct SourcePage {
        let userName: String
        let mailboxAddress: String
        let serverText: String
        let action: String
        let uploadAction: String
        let detachAction: String
        let back: String
        let entered: SourceForm
        let isFile: Bool
        let attachedText: String?
        let uploadHint: String
        let refusalText: String?
        let problem: String?
    }

    func source(
        _ entered: SourceForm,
        problem: Problem? = nil,
        for context: SignedInContext
    ) async throws -> Response {
        let user = try UserPages.user(context)
        let row = try await row(of: user, orElse: Refusal(.l9, .settings), for: context)
        let presenter = Presenter(context)
        let list = Self.list(context, orElse: .inactive)
        let content = SourcePage(
            userName: row.user.full_name,
            mailboxAddress: row.mailbox.address,
            serverText: row.mailbox.host.map { "\($0):\(row.mailbox.port ?? 0)" } ?? "",
            action: list.action("\(Self.address)/\(user)/source"),
            uploadAction: list.action("\(Self.address)/\(user)/source/upload"),
            detachAction: list.action("\(Self.address)/\(user)/source/detach"),
            back: list.place.text,
            entered: entered,
            isFile: entered.isFile,
            attachedText: row.backup_source.map { presenter.source($0) },
            uploadHint: presenter.wording.text(
                .sourceUploadHint,
                ["limit": presenter.size(site.mailkeep.uploadLimit)]
            ),
            refusalText: row.refused_actions?.first { $0.action == PagePolicy.Action.backupSource.rawValue }?.message,
            problem: problem?.message
        )
        let title = presenter.wording.text(.sourceTitle)
        return try await site.render(.source, title: title, content, problem?.status ?? .ok, for: context)
    }

    func attach(_ context: SignedInContext) async throws -> Response {
        let form = context.form
        let entered = SourceForm(
            isFile: form["kind"] == "file",
            username: form.text("username") ?? "",
            authorizeAs: form.text("authorize_as") ?? "",
            path: form.text("path") ?? ""
        )
        do {
            let source: AttachBackupSource.Source
            if entered.isFile {
                guard !entered.path.isEmpty else { throw AppError(.sourceIncomplete) }
                source = .path(entered.path)
            } else {
                guard !entered.username.isEmpty, let password = form["password"], !password.isEmpty else {
                    throw AppError(.sourceIncomplete)
                }
                source = .signIn(
                    MailCredentials(
                        username: entered.username,
                        password: password,
                        authorizeAs: entered.authorizeAs.isEmpty ? nil : entered.authorizeAs
                    )
                )
            }
            let action = AttachBackupSource(user: try UserPages.user(context), source: source)
            let server = try await site.mailkeep.perform(action, as: context.caller)
            let wording = Presenter(context).wording
            let told = server.map { wording.text(.okSourceServer, ["server": "\($0.host):\($0.port)"]) }
            let notice = Notice(text: told ?? wording.text(.okSource))
            return try await site.redirect(to: back(context), telling: notice, in: context)
        } catch {
            return try await source(entered, problem: try Self.problem(error, in: context), for: context)
        }
    }

    private func back(_ context: SignedInContext) -> String { Self.list(context, orElse: .inactive).place.text }

    /// Takes an uploaded file while it comes.
    ///
    /// The page's script, which shows how far it has come, is told where to go on: it would follow a redirect itself, and
    /// the notice be told to it alone.
    func upload(_ request: Request, _ context: SignedInContext) async throws -> Response {
        do {
            guard let form = context.visit.upload else { throw HTTPError(.badRequest) }
            let action = UploadBackupSource(user: try UserPages.user(context), chunks: try await form.file("file"))
            let found = try await site.mailkeep.perform(action, as: context.caller)
            let presenter = Presenter(context)
            let counts = [
                "folders": presenter.number(found.folders), "messages": presenter.number(found.messages),
            ]
            let notice = Notice(text: presenter.wording.text(.okSourceUpload, counts))
            var answer = try await site.redirect(to: back(context), telling: notice, in: context)
            if request.headers[.xRequestedWith] != nil { answer.status = .created }
            return answer
        } catch {
            return try await source(SourceForm(), problem: try Self.problem(error, in: context), for: context)
        }
    }

    func detach(_ context: SignedInContext) async throws -> Response {
        let result = try await site.mailkeep.perform(
            DetachBackupSource(user: try UserPages.user(context)),
            as: context.caller
        )
        let wording = Presenter(context).wording
        let notice = Notice(text: wording.text(result == .done ? .okSourceDetach : .okUnchanged))
        return try await site.redirect(to: back(context), telling: notice, in: context)
    }

    /// What the page tells of an error; one that is no matter of the source is thrown on.
    private static func problem(_ error: any Error, in context: SignedInContext) throws -> Problem {
        let problem = Problem(error, in: context.user.locale)
        guard problem.status != .internalServerError, (error as? Refusal)?.rule != .p1 else { throw error }
        return problem
    }
}

extension HTTPField.Name {
    fileprivate static var xRequestedWith: Self { Self("X-Requested-With") ?? .via }
}
