import Foundation
package import MailkeepModel
import MailkeepStore
import MailkeepSync

/// A backup in the API's form.
package struct BackupShape: Encodable, Sendable, Equatable {
    package struct Progress: Encodable, Sendable, Equatable {
        package var folders_done: Int
        package var folders: Int
        package var found: Int
        package var stored: Int
        package var bytes: Int64
        /// About how long the reading will still take, once there is something to judge by.
        package var seconds_left: Int?
    }

    package struct Failure: Encodable, Sendable, Equatable {
        package var code: String
        package var message: String
    }

    package var id: String
    package var user: UserShape.Reference
    package var kind: String
    package var status: String
    package var mailbox: String
    package var messages: Int
    /// Messages that no earlier backup of the user held.
    package var added: Int
    package var bytes: Int64
    package var progress: Progress
    package var requested_by: UserShape.Reference
    package var requested_time: String
    package var started_time: String?
    package var completed_time: String?
    package var ended_time: String?
    package var covered_until: String?
    /// When it goes on that rests now, as its mail server asks for; `error` says why.
    package var rests_until: String?
    /// `mailbox`, `backup_source`, or `synchronised` (B10).
    package var source: String?
    package var error: Failure?
    package var root: String?
    package var signature: String?
    package var folders: [FolderCounts]?
    /// Messages that were erased since (B9), and the legal holds that stand on it; where a backup is shown alone.
    package var erased: Int?
    package var holds: [HoldShape]?

    /// Whether it is still to be worked on.
    package var isPending: Bool { status == "waiting" || status == "in_progress" }
}

extension ReadTransaction {
    /// A backup in the API's form; the error's words are in the reader's language.
    func shape(of backup: BackupDetails, reader: User, now: Timestamp) throws -> BackupShape {
        let names = try userNames([backup.user, backup.requestedBy])
        return BackupShape(backup, names: names, locale: reader.locale, now: now)
    }
}

extension BackupShape {
    /// - Parameter names: of the backup's user and of who asked for it.
    init(_ backup: BackupDetails, names: [UserID: String], locale: MailkeepModel.Locale, now: Timestamp) {
        self.init(
            id: backup.id.description,
            user: UserShape.Reference(backup.user, names),
            kind: backup.kind.rawValue,
            status: backup.status.rawValue,
            mailbox: backup.address,
            messages: backup.messages,
            added: backup.added,
            bytes: backup.messageBytes,
            progress: BackupShape.Progress(backup, now: now),
            requested_by: UserShape.Reference(backup.requestedBy, names),
            requested_time: backup.requestedAt.iso8601,
            started_time: backup.startedAt?.iso8601,
            completed_time: backup.status == .completed ? backup.endedAt?.iso8601 : nil,
            ended_time: backup.endedAt?.iso8601,
            covered_until: backup.coveredUntil?.iso8601,
            rests_until: backup.restsUntil.flatMap { backup.status.isPending && $0 > now ? $0.iso8601 : nil },
            source: backup.origin?.rawValue,
            error: backup.error.map {
                // Of a completed backup it says why only synchronised mail is in it (B10).
                BackupShape.Failure(
                    code: $0,
                    message: Wording(locale: locale).failure($0, ofBackup: backup.status != .completed)
                )
            },
            root: backup.root?.hex,
            signature: backup.signature?.base64EncodedString()
        )
    }
}

extension BackupShape.Progress {
    fileprivate init(_ backup: BackupDetails, now: Timestamp) {
        let progress = backup.progress
        var secondsLeft: Int?
        if backup.status == .inProgress, backup.restsUntil.map({ $0 <= now }) ?? true, let startedAt = backup.startedAt,
            progress.stored > 0
        {
            let elapsed = Double(now.rawValue - startedAt.rawValue) / 1000
            let left = elapsed / Double(progress.stored) * Double(progress.found - progress.stored)
            secondsLeft = Int(exactly: max(0, left).rounded())
        }
        self.init(
            folders_done: progress.foldersDone,
            folders: progress.folders,
            found: progress.found,
            stored: progress.stored,
            bytes: progress.bytes,
            seconds_left: secondsLeft
        )
    }
}
