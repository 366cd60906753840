import ArgumentParser
import MailkeepApp
import MailkeepModel
import MailkeepSync

/// The mailbox that mail is put back into.
struct AppendOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The user into whose mailbox it goes, as their settings have it; else --host and --username.",
            valueName: "email"
        )
    )
    var toUser: String?
    @Option(help: "The IMAP server of another mailbox.") var host: String?
    @Option(help: "Its port; else 993 with TLS or 143.") var port: Int?
    @Option(help: "tls, starttls or none.") var security: ConnectionSecurity = .tls
    @Option(help: "The user name at the server.") var username: String?
    @Option(help: "The user whose mailbox it is, where --username is another's (SASL PLAIN).") var authorizeAs: String?
    @Flag(help: "Read the password from the first line of standard input.") var passwordStdin = false
    @Option(help: ArgumentHelp("Certificates (PEM) to trust for this server.", valueName: "file")) var caFile: String?
    @Option(help: "A folder below which all of it goes; levels are parted by a slash.") var folder: String?

    func validate() throws {
        guard (toUser == nil) == (host != nil), (host == nil) == (username == nil) else {
            throw ValidationError("Give --to-user, or --host and --username.")
        }
    }

    /// What the commands that take it say of it.
    static let discussion = """
        Each message goes into the folder that held it, made where it is missing, byte for byte, with its date and its \
        marks (read, flagged, answered); where these are not known it is marked as read. What is in the mailbox already \
        is passed over, so that the command can be given again: after an interruption, or when a full mailbox has room \
        again. Nothing in the mailbox is changed or removed.
        """
}

/// What became of mail that was put back, in the API's form.
private struct AppendDocument: Encodable {
    struct Refused: Encodable {
        var sha256: String
        var folder: String
        var reason: String
        var message: String
        var server_text: String?
    }

    struct Details: Encodable {
        var id: String
        var appended: Int
        var bytes: Int64
        var present: Int
        var folders_created: Int
        var refused_count: Int
        var refused: [Refused]
        var unconfirmed: Int
        /// Why the rest was left: full, or the code of what failed.
        var stopped: String?
        var withheld: Int
        var erased: Int
    }

    struct Action: Encodable {
        var code: String
        var details: Details
        var message: String
        var status: String
    }

    let appends: [Action]
}

extension Session {
    /// Puts mail into the mailbox that a command names, and tells what became of it.
    func append(
        _ subject: ExportSubject,
        _ options: AppendOptions,
        _ permissions: JobPermissions,
        id: String
    ) async throws {
        let (target, mailbox) = try await target(options)
        let line = ProgressLine(on: console)
        let action = AppendMail(subject, to: target, below: options.folder, permissions: permissions) { report in
            try await line.tell(
                wording.text(
                    .okAppendProgress,
                    ["appended": "\(report.appended)", "present": "\(report.present)"]
                )
            )
        }
        let output = try await perform(action)
        try await line.end()
        let report = output.report
        let numbers = ["appended": "\(report.appended)", "present": "\(report.present)"]
        let values = ["bytes": ByteCount(report.bytes).text, "mailbox": mailbox]
        var lines = [wording.text(.okAppend, numbers.merging(values) { $1 })]
        if output.withheld > 0 { lines.append(wording.text(.okAppendWithheld, ["withheld": "\(output.withheld)"])) }
        if output.erased > 0 { lines.append(wording.text(.backupErased, ["n": "\(output.erased)"])) }
        if report.unconfirmed > 0 { lines.append(wording.text(.okAppendUnconfirmed, ["n": "\(report.unconfirmed)"])) }
        if report.refusedCount > 0 { lines.append(wording.text(.okAppendRefused, ["n": "\(report.refusedCount)"])) }
        let stop = stop(report, numbers)
        if let stop { lines.append(stop.message) }
        let isWhole = report.refusedCount == 0 && report.unconfirmed == 0 && report.stop == nil
        let document = AppendDocument(
            appends: [
                .init(
                    code: isWhole ? "SUCCESS" : "MAIL_SERVER_ERROR",
                    details: details(output, id: id),
                    message: lines.joined(separator: " "),
                    status: isWhole ? "success" : "error"
                )
            ]
        )
        let table = Table(
            header: [],
            rows: report.refusals.map { refusal in
                [
                    refusal.sha256.prefix(6).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(),
                    refusal.folder, wording.text(key: "append.\(refusal.reason.rawValue)"), refusal.words ?? "",
                ]
            }
        )
        try await print(document, text: lines.joined(separator: "\n") + (table.rows.isEmpty ? "" : "\n\n" + table.text))
        guard !isWhole else { return }
        throw ExitCode(ExitStatus.unavailable)
    }

    /// Why the rest was left, and what to do.
    private func stop(_ report: AppendReport, _ numbers: [String: String]) -> (reason: String, message: String)? {
        switch report.stop {
        case .full: ("full", wording.error(AppError(.appendFull, numbers)))
        case .failure(let failure):
            (failure.code.rawValue, wording.failure(failure.code.rawValue, ofBackup: false))
        case nil: nil
        }
    }

    private func target(_ options: AppendOptions) async throws -> (AppendTarget, name: String) {
        guard let host = options.host, let username = options.username else {
            let email = options.toUser ?? ""
            return (.mailbox(of: try await user(email: email)), email)
        }
        let port = options.port ?? AccountType.imap.usualPort(options.security)
        guard (1...65_535).contains(port) else { throw AppError(.badPort) }
        var server = MailServer(host: host, port: port, security: options.security)
        if let file = options.caFile {
            server.certificates = String(decoding: try await console.readFile(file, limit: 1 << 20), as: UTF8.self)
            guard server.certificates?.contains("-----BEGIN CERTIFICATE-----") == true else {
                throw AppError(.badCertificates)
            }
        }
        let password = try await console.password(fromStandardInput: options.passwordStdin, wording: wording)
        let credentials = MailCredentials(username: username, password: password, authorizeAs: options.authorizeAs)
        return (.server(server, credentials), "\(options.authorizeAs ?? username) (\(host))")
    }

    private func details(_ output: AppendMail.Output, id: String) -> AppendDocument.Details {
        let report = output.report
        return AppendDocument.Details(
            id: id,
            appended: report.appended,
            bytes: report.bytes,
            present: report.present,
            folders_created: report.folders,
            refused_count: report.refusedCount,
            refused: report.refusals.map { refusal in
                AppendDocument.Refused(
                    sha256: refusal.sha256.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(),
                    folder: refusal.folder,
                    reason: refusal.reason.rawValue,
                    message: wording.text(key: "append.\(refusal.reason.rawValue)"),
                    server_text: refusal.words
                )
            },
            unconfirmed: report.unconfirmed,
            stopped: stop(report, [:])?.reason,
            withheld: output.withheld,
            erased: output.erased
        )
    }
}
