import ArgumentParser
import MailkeepApp
import MailkeepModel

struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Back up leavers' customer mail, and prove and export backups (administrators).",
        subcommands: [
            Start.self, Latest.self, Source.self, List.self, Show.self, Cancel.self, Verify.self, Manifest.self,
            Export.self, Append.self,
        ]
    )

    struct Start: ReachingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Back up data of an inactive user.",
            discussion: """
                Without a server the backup is taken at once. One that was interrupted goes on where it stopped when \
                the command is given again, or when a server starts.
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var target: UserOption
        @OptionGroup var reach: ReachOptions
        @OptionGroup var waiting: WaitOption

        func run(in context: CommandContext) async throws {
            let permissions = try reach.permissions
            try await context.withSession(common) { session in
                let user = try await session.user(target)
                let backup = try await session.resumeOr(of: user) {
                    try await session.perform(StartBackup(user: user, permissions: permissions))
                }
                try await session.follow(backup, of: user, wait: waiting.wait, key: .mailAddonUsers)
            }
        }
    }

    struct Latest: ReachingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take the latest backup of inactive users: only what is new is read.",
            discussion: "Each user is decided by itself; the refused ones are listed with their reasons."
        )

        @OptionGroup var common: CommonOptions
        @Option(help: ArgumentHelp("A user's e-mail address (repeatable).", valueName: "email")) var user: [String]
        @OptionGroup var reach: ReachOptions
        @OptionGroup var waiting: WaitOption

        func run(in context: CommandContext) async throws {
            let permissions = try reach.permissions
            try await context.withSession(common) { session in
                var seen: Swift.Set<String> = []
                let users = user.filter { seen.insert($0.lowercased()).inserted }
                try await session.each(users, key: .mailAddonUsers) { email in
                    let user = try await session.user(email: email)
                    let backup = try await session.resumeOr(of: user) {
                        try await session.perform(TakeLatestBackup(user: user, permissions: permissions))
                    }
                    let shape = try await session.finish(backup, wait: waiting.wait)
                    return ActionShape(id: user.description, message: session.message(of: shape), backup: shape)
                }
            }
        }
    }

    struct Source: ReachingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Attach a backup source to an inactive user, in place of their own sign-in.",
            discussion: """
                An administrator's or master user's sign-in to the same mailbox (--username, with --authorize-as where \
                the server wants to be told whose mailbox it is), a file of the server (--path: mbox, Maildir), or one \
                that is uploaded (--upload: mbox, or a zip or tar file of a Maildir; - reads standard input). An \
                uploaded file is kept encrypted until the backup is completed or cancelled, or --detach.
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var target: UserOption
        @OptionGroup var reach: ReachOptions
        @Option(help: "The user name to sign in with.") var username: String?
        @Option(help: "The user whose mailbox it is (SASL PLAIN).") var authorizeAs: String?
        @Flag(help: "Read the password from the first line of standard input.") var passwordStdin = false
        @Option(help: "An mbox file or a Maildir folder of the server.") var path: String?
        @Option(help: ArgumentHelp("A file to upload; - is standard input.", valueName: "file")) var upload: String?
        @Flag(help: "Take the backup source away again.") var detach = false

        func validate() throws {
            let given = [username != nil, path != nil, upload != nil, detach].count { $0 }
            guard given == 1 else {
                throw ValidationError("Give one of --username, --path, --upload and --detach.")
            }
        }

        func run(in context: CommandContext) async throws {
            let permissions = try reach.permissions
            try await context.withSession(common) { session in
                let user = try await session.user(target)
                if let message = try await uploadOrDetach(user, in: session) {
                    let actions = ActionList(.mailAddonUsers, [ActionShape(id: user.description, message: message)])
                    return try await session.print(actions, text: message)
                }
                var action: AttachBackupSource
                if let username {
                    let password = try await session.console.password(
                        fromStandardInput: passwordStdin,
                        wording: session.wording
                    )
                    let credentials = MailCredentials(username: username, password: password, authorizeAs: authorizeAs)
                    action = AttachBackupSource(user: user, source: .signIn(credentials))
                } else if let path {
                    action = AttachBackupSource(user: user, source: .path(session.console.absolute(path)))
                } else {
                    throw UsageError.sourceNeeded
                }
                action.permissions = permissions
                let server = try await session.perform(action)
                let message =
                    server.map { server in
                        let place = "\(server.host):\(server.port) (\(server.security.rawValue))"
                        return session.wording.text(.okSourceServer, ["server": place])
                    } ?? session.wording.text(.okSource)
                let actions = ActionList(.mailAddonUsers, [ActionShape(id: user.description, message: message)])
                try await session.print(actions, text: message)
            }
        }

        /// - Returns: what was done, or nil where neither is asked for.
        private func uploadOrDetach(_ user: UserID, in session: Session) async throws -> String? {
            if detach {
                let result = try await session.perform(DetachBackupSource(user: user))
                return session.wording.text(result == .done ? .okSourceDetach : .okUnchanged)
            }
            guard let upload else { return nil }
            let found = try await session.console.withInput(upload) { input in
                try await session.perform(UploadBackupSource(user: user, chunks: input))
            }
            return session.wording.text(
                .okSourceUpload,
                ["folders": "\(found.folders)", "messages": "\(found.messages)"]
            )
        }
    }

    struct List: ShellCommand {
        static let configuration = CommandConfiguration(abstract: "List backups, the newest first.")

        @OptionGroup var common: CommonOptions
        @Option(help: ArgumentHelp("Only this user's.", valueName: "email")) var user: String?
        @OptionGroup var paging: PageOptions

        func run(in context: CommandContext) async throws {
            let request = try paging.request
            try await context.withSession(common) { session in
                var id: UserID?
                if let user { id = try await session.user(email: user) }
                let backups = Page(all: try await session.perform(ListBackups(user: id)), of: request)
                let text =
                    backups.items.isEmpty
                    ? session.wording.text(.emptyBackups) : Table(backups.items, session.wording).text
                try await session.print(ListDocument(of: .backups, backups, request), text: text)
            }
        }
    }

    struct Show: ShellCommand {
        static let configuration = CommandConfiguration(abstract: "Show a backup with its folders.")

        @OptionGroup var common: CommonOptions
        @Argument(help: "The backup's id.") var id: String

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let backup = try await session.perform(ShowBackup(backup: backupID(id)))
                try await session.print(ListDocument(of: .backups, [backup]), text: backup.text(session.wording))
            }
        }
    }

    struct Cancel: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cancel a backup that is waiting or in progress.",
            discussion: "Its mail won't become viewable; an earlier backup stands."
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The backup's id.") var id: String

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let result = try await session.perform(CancelBackup(backup: backupID(id)))
                let message = session.wording.text(result == .done ? .okCancel : .okUnchanged)
                try await session.print(ActionList(.backups, [ActionShape(id: id, message: message)]), text: message)
            }
        }
    }

    struct Verify: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Re-read every message of a backup and prove it whole."
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The backup's id.") var id: String

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                let result = try await session.perform(VerifyBackup(backup: backupID(id)))
                guard result.whole else { throw result.failure }
                let message = session.wording.text(.okVerify)
                let action = ActionShape(id: id, message: message, verification: result)
                try await session.print(
                    ActionList(.backups, [action]),
                    text: "\(message) (\(result.messages), \(ByteCount(result.bytes).text))"
                        + (result.erased > 0
                            ? "\n" + session.wording.text(.backupErased, ["n": "\(result.erased)"]) : "")
                )
            }
        }
    }

    struct Manifest: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a backup's manifest, a JSON document that names every message by its SHA-256."
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The backup's id.") var id: String

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                try await session.perform(
                    ReadManifest(backup: backupID(id)) {
                        try await session.console.write(Array($0), to: .standardOutput)
                    }
                )
            }
        }
    }

    struct Export: ShellCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a backup's mails to a file, with the manifest that proves them.",
            discussion:
                "mailkeep verify-export proves the file, anywhere, by the public key (mailkeep keys public-key)."
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The backup's id.") var id: String
        @OptionGroup var options: ExportOptions

        func run(in context: CommandContext) async throws {
            try await context.withSession(common) { session in
                try await session.export(.backup(try backupID(id)), options, .backups, id: id)
            }
        }
    }

    struct Append: ReachingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a backup's mails back into a mailbox (administrators).",
            discussion: AppendOptions.discussion
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The backup's id.") var id: String
        @OptionGroup var reach: ReachOptions
        @OptionGroup var options: AppendOptions

        func run(in context: CommandContext) async throws {
            let permissions = try reach.permissions
            try await context.withSession(common) { session in
                try await session.append(.backup(try backupID(id)), options, permissions, id: id)
            }
        }
    }
}

/// The id of a backup on the command line.
private func backupID(_ text: String) throws -> BackupID {
    guard let id = BackupID(text) else { throw UsageError.badID }
    return id
}

extension Session {
    /// Goes on with a backup that was interrupted; otherwise asks for a new one.
    fileprivate func resumeOr(of user: UserID, _ ask: @Sendable () async throws -> BackupID) async throws -> BackupID {
        if let pending = try await interruptedBackup(of: user) { return pending }
        return try await ask()
    }

    /// A backup of the user that waits for somebody to go on with it: without a server, each that waits does.
    func interruptedBackup(of user: UserID) async throws -> BackupID? {
        guard !host.takesUpJobs, let pending = try await perform(ResumeBackup(user: user)) else { return nil }
        try await note(wording.text(.okResume))
        return pending
    }
}

extension Table {
    /// Backups as a person reads them.
    fileprivate init(_ backups: [BackupShape], _ wording: Wording) {
        self.init(
            header: [
                "Id", wording.text(.colUser), wording.text(.colStatus), wording.text(.colCount), wording.text(.colSize),
                wording.text(.colTaken), wording.text(.colBy),
            ],
            rows: backups.map { backup in
                let isDone = backup.status == "completed"
                return [
                    backup.id, backup.user.name, wording.progress(of: backup), isDone ? "\(backup.messages)" : "-",
                    isDone ? ByteCount(backup.bytes).text : "-", backup.completed_time ?? "-", backup.requested_by.name,
                ]
            }
        )
    }
}

extension BackupShape {
    /// A backup as a person reads it.
    fileprivate func text(_ wording: Wording) -> String {
        var lines = [
            (wording.text(.colUser), user.name), (wording.text(.colMailbox), mailbox),
            (wording.text(.colStatus), wording.progress(of: self)),
            (wording.text(.colBy), "\(requested_by.name), \(requested_time)"),
        ]
        if let completed_time {
            lines += [
                (wording.text(.colTaken), completed_time), (wording.text(.colCount), "\(messages) (+\(added))"),
                (wording.text(.colSize), ByteCount(bytes).text),
                (wording.text(.colCovers), covered_until ?? wording.unknownCoverage(of: self)),
            ]
        }
        if status == "completed", source == "synchronised", let covered_until {
            lines.append((wording.text(.colNote), wording.text(.stUntil, ["time": covered_until])))
        }
        if let error, completed_time != nil || ended_time != nil {
            lines.append((wording.text(status == "completed" ? .colNote : .stFailed), error.message))
        }
        if let erased, erased > 0 { lines.append((wording.text(.colErased), "\(erased)")) }
        lines += (holds ?? []).map { (wording.text(.colHold), wording.text(of: $0)) }
        if let root { lines.append(("Root", root)) }
        let folders = Table(
            header: [
                wording.text(.colFolder), wording.text(.colOnServer), wording.text(.colConsidered),
                wording.text(.colRemoved), wording.text(.colAssociated), wording.text(.colStored),
                wording.text(.colNotStored), wording.text(.colStoredBefore), wording.text(.colNote),
            ],
            rows: (folders ?? []).map { folder in
                let counts = [
                    folder.considered, folder.removed, folder.associated, folder.stored, folder.notStored,
                    folder.storedBefore,
                ]
                return [folder.name, folder.onServer.map(String.init) ?? "-"]
                    + counts.map { folder.isCounted ? "\($0)" : "-" } + [wording.note(on: folder)]
            }
        )
        return Table(pairs: lines).text + (folders.rows.isEmpty ? "" : "\n\n" + folders.text)
    }
}
