package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// Attaches a file that an administrator uploads as a user's backup source: an mbox file, or a zip or tar file of a
/// Maildir or of mbox files (L9).
///
/// It is sealed as it comes, and removed when the backup is completed or cancelled, or the source detached, as it holds
/// mail that is none of the CRM's too (B2). An upload that fails leaves nothing behind.
package struct UploadBackupSource<Chunks: AsyncSequence & Sendable>: UseCase where Chunks.Element == [UInt8] {
    package var user: UserID
    /// The file's bytes; each chunk is asked for when the last one is kept.
    package var chunks: Chunks

    package init(user: UserID, chunks: Chunks) {
        self.user = user
        self.chunks = chunks
    }

    /// - Throws: `Refusal`, `AppError` (`noUser`, `uploadTooLarge`, `uploadNoMail`, `uploadUnreadable`,
    ///   `uploadTooMany`, `uploadGrows`), `SyncFailure`, and what `chunks` throws.
    package func perform(in mailkeep: Mailkeep, as caller: Caller) async throws -> UploadedMail {
        let action = AuditedAction(name: "backup_source.attach", user: user, details: ["kind": "upload"])
        try await mailkeep.read(action, as: caller) { try $0.allowSource(of: user, actor: $1) }
        let (writer, upload) = try await receive(in: mailkeep)
        let found = try await UploadedMail(in: try mailkeep.uploads.source(upload))
        let now = mailkeep.clock()
        try await mailkeep.act(action, as: caller) { transaction, actor in
            try transaction.allowSource(of: user, actor: actor)
            let source = BackupSource(upload: upload, attachedBy: actor.id, attachedAt: now)
            try transaction.attachBackupSource(source, to: user)
            return (.done, ())
        }
        writer.keep()
        try await mailkeep.removeDetachedUploads()
        return found
    }

    /// Keeps the bytes as they come, and unpacks them where they are an archive.
    private func receive(in mailkeep: Mailkeep) async throws -> (UploadWriter, StoredUpload) {
        let limit = mailkeep.uploadLimit
        let writer = try mailkeep.uploads.begin()
        // The file goes with the writer.
        defer { withExtendedLifetime(writer) {} }
        var head: [UInt8] = []
        for try await chunk in chunks {
            guard Int64(chunk.count) <= limit - writer.length else { throw AppError(uploadLimit: limit) }
            head += chunk.prefix(MailArchive.headLength - head.count)
            try chunk.withUnsafeBytes { try writer.append($0) }
        }
        let upload = try writer.finish(isArchive: false)
        guard MailArchive.isArchive(head) else { return (writer, upload) }
        let unpacked = try mailkeep.uploads.begin()
        let archive = try MailArchive(UploadReader(upload, in: mailkeep.uploads), limit: limit)
        try await archive.unpack(into: unpacked)
        return (unpacked, try unpacked.finish(isArchive: true))
    }
}

/// What was found in an uploaded file.
package struct UploadedMail: Sendable, Equatable {
    package let folders: Int
    package let messages: Int

    init(folders: Int, messages: Int) {
        self.folders = folders
        self.messages = messages
    }

    /// Counts the mails, as backups will read them.
    ///
    /// - Throws: `AppError` (`uploadNoMail`), `CancellationError`.
    fileprivate init(in source: any MailSource) async throws {
        let count = Count()
        do {
            try await source.withSession { session in
                for folder in try await session.folders() {
                    count.folders += 1
                    guard folder.exclusion == nil else { continue }
                    count.messages += try await session.open(folder).count
                }
            }
        } catch let failure as SyncFailure where failure.code == .path || failure.code == .server {
            throw AppError(.uploadNoMail)
        }
        guard count.messages > 0 else { throw AppError(.uploadNoMail) }
        self.init(folders: count.folders, messages: count.messages)
    }

    /// What a session's closure leaves behind.
    private final class Count {
        var folders = 0
        var messages = 0
    }
}

extension AppError {
    /// A file is larger than may be uploaded.
    init(uploadLimit limit: Int64) {
        self.init(.uploadTooLarge, ["limit": ByteCount(limit).text])
    }
}
