import Foundation
import MailkeepApp
import MailkeepModel

extension Session {
    /// Sees a backup through, if it is to be waited for, and prints what became of it.
    func follow(_ backup: BackupID, of user: UserID, wait: Bool, key: ActionList.Key) async throws {
        let shape = try await finish(backup, wait: wait)
        let message = message(of: shape)
        let actions = ActionList(key, [ActionShape(id: user.description, message: message, backup: shape)])
        try await print(actions, text: message)
    }

    /// Waits for a backup's end and tells how it goes; without waiting, gives it as it stands.
    ///
    /// - Throws: what made it fail, or why it rests.
    func finish(_ backup: BackupID, wait: Bool) async throws -> BackupShape {
        guard let job = try await mailkeep.job(of: backup) else { throw AppError(.noBackup) }
        if wait || !host.takesUpJobs {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await host.finish(job, in: mailkeep, wait: wait) }
                group.addTask { try await tellProgress(of: backup) }
                try await group.next()
                group.cancelAll()
            }
            if let rest = try await mailkeep.rest(of: job) { throw rest }
            if let failure = try await mailkeep.failure(of: job) { throw failure }
        }
        let shape = try await perform(ShowBackup(backup: backup))
        if shape.status == "cancelled" { throw AppError(.backupCancelled) }
        return shape
    }

    func message(of backup: BackupShape) -> String {
        guard backup.status == "completed" else { return wording.rest(backup) ?? wording.text(.okBackup) }
        let summary = wording.text(
            .okBackupDone,
            [
                "id": backup.id, "messages": "\(backup.messages)", "added": "\(backup.added)",
                "bytes": ByteCount(backup.bytes).text,
            ]
        )
        guard backup.source == "synchronised", let until = backup.covered_until else { return summary }
        return summary + "\n" + wording.text(.stUntil, ["time": until])
    }

    /// Tells on standard error how a backup goes: a line that is written over on a terminal, plain lines elsewhere.
    private func tellProgress(of backup: BackupID) async throws {
        let isTerminal = console.terminal.isErrorTerminal
        var last = ""
        while !Task.isCancelled {
            let shape = try await perform(ShowBackup(backup: backup))
            let line = wording.progress(of: shape)
            if line != last {
                try await console.write(isTerminal ? "\r\u{1b}[K\(line)" : "\(line)\n", to: .standardError)
                last = line
            }
            guard shape.isPending else { break }
            try await Task.sleep(for: isTerminal ? .milliseconds(200) : .seconds(1))
        }
        if isTerminal { try await console.write("\r\u{1b}[K", to: .standardError) }
    }
}

extension Wording {
    /// How a backup goes, in words (B6).
    func progress(of backup: BackupShape) -> String {
        let progress = backup.progress
        let status = status(backup.status)
        if let rest = rest(backup) { return "\(status): \(rest)" }
        guard backup.status == "in_progress" else { return status }
        guard progress.found > 0, let left = progress.seconds_left else {
            return "\(status): "
                + text(.stFolders, ["done": "\(progress.folders_done)", "all": "\(progress.folders)"])
        }
        let time =
            left < 100 ? text(.saySeconds, ["n": "\(left)"]) : text(.sayMinutes, ["n": "\((left + 59) / 60)"])
        let values = [
            "found": "\(progress.found)", "stored": "\(progress.stored)", "bytes": ByteCount(progress.bytes).text,
            "time": time,
        ]
        return "\(status): \(text(.stProgress, values))"
    }

    /// Why a backup rests, and when it goes on; nil for one that does not.
    func rest(_ backup: BackupShape) -> String? {
        backup.rests_until.map { until in
            [backup.error?.message, text(.stRests, ["time": until])].compactMap { $0 }.joined(separator: " ")
        }
    }

    /// A backup's status in words (B6).
    func status(_ status: String) -> String {
        switch status {
        case "waiting": text(.stWaiting)
        case "in_progress": text(.stRunning)
        case "completed": text(.stDone)
        case "failed": text(.stFailed)
        case "cancelled": text(.stCancelled)
        default: text(.stNone)
        }
    }

    /// A sharing setting in words.
    func sharing(_ sharing: String) -> String {
        switch sharing {
        case "record_level": text(.shareRecord)
        case "complete": text(.shareAll)
        default: text(.shareNone)
        }
    }
}
