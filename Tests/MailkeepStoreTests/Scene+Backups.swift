import Foundation
import GRDB
import MailkeepModel

@testable import MailkeepStore

extension Scene {
    /// Asks for a backup of a user; it waits.
    func requestBackup(of user: UserID, kind: BackupKind = .first) throws -> BackupDetails {
        guard let addon = try transaction.mailAddon(of: user) else { throw Missing(what: "settings") }
        let id = try transaction.insertBackup(
            of: user,
            kind: kind,
            addon: addon,
            requestedBy: user,
            permissions: JobPermissions(),
            at: now
        )
        return try details(of: id)
    }

    /// Asks for a backup of a user and begins it.
    func beginBackup(of user: UserID, kind: BackupKind = .first) throws -> BackupDetails {
        let id = try requestBackup(of: user, kind: kind).id
        try transaction.beginBackup(id, at: now)
        return try details(of: id)
    }

    func details(of backup: BackupID) throws -> BackupDetails {
        guard let details = try transaction.backup(backup) else { throw Missing(what: "backup") }
        return details
    }

    /// A backup of a user that came as far as `status`; once begun, it had taken all there was.
    @discardableResult
    func backup(of user: UserID, reaching status: BackupStatus) throws -> BackupDetails {
        if status == .waiting { return try requestBackup(of: user) }
        let backup = try beginBackup(of: user)
        _ = try transaction.freezeMessages(into: backup, limit: .max)
        switch status {
        case .waiting, .inProgress: break
        case .completed: _ = try complete(backup)
        case .failed, .cancelled: _ = try end(backup, as: status)
        }
        return try details(of: backup.id)
    }

    /// What the certificate of a backup of a user says that is taken now; it is let go again.
    func counts(of user: UserID) throws -> [FolderCounts] {
        let backup = try beginBackup(of: user)
        _ = try transaction.freezeMessages(into: backup, limit: .max)
        let counts = try transaction.folderCounts(of: user, in: backup.mailbox)
        _ = try end(backup, as: .cancelled)
        return counts
    }

    func complete(_ backup: BackupDetails, added: Int? = nil) throws -> Bool {
        let held = try transaction.row(
            "SELECT COUNT(*) AS n FROM backup_message WHERE backup_id = ?",
            [backup.id.rawValue]
        )
        let seal = BackupSeal(
            messages: 0,
            added: added ?? held?["n"] ?? 0,
            messageBytes: 0,
            root: Data([1]),
            signature: Data([2]),
            manifest: content("manifest \(backup.id)"),
            auditHead: try transaction.auditHead(),
            coveredUntil: now,
            origin: .mailbox,
            error: nil,
            errorDetail: nil
        )
        let isCompleted = try transaction.completeBackup(backup.id, seal, at: now)
        try endJob(of: backup)
        return isCompleted
    }

    func end(_ backup: BackupDetails, as status: BackupStatus) throws -> Bool {
        let hasEnded = try transaction.endBackup(backup.id, as: status, at: now)
        try endJob(of: backup)
        return hasEnded
    }

    private func endJob(of backup: BackupDetails) throws {
        guard let job = try transaction.job(of: backup.id) else { throw Missing(what: "job") }
        try transaction.endJob(job, as: .done, at: now)
    }

    /// The subjects of what a backup holds.
    func subjects(of backup: BackupDetails) throws -> Set<String> {
        Set(try transaction.messages(of: backup, after: nil, limit: .max).map(\.subject))
    }
}

extension WriteTransaction {
    /// Takes up to `limit` messages into a backup, as its job does.
    func freezeMessages(into backup: BackupDetails, limit: Int) throws -> Int {
        var due: [MessageID] = []
        for folder in try foldersToFreeze(of: backup) {
            var last: UInt32 = 0
            while true {
                let page = try messagesToFreeze(into: backup, folder: folder, after: last, limit: 3)
                due += page.messages.filter { !due.contains($0) }
                guard let end = page.last else { break }
                last = end
            }
        }
        return try freeze(Array(due.prefix(limit)), into: backup)
    }
}

extension BackupMessage {
    /// What `Scene.summary` takes for the message's hash.
    var subject: String { String(decoding: sha256, as: UTF8.self) }
}
