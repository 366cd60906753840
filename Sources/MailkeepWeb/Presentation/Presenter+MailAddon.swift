import MailkeepApp
import MailkeepModel

extension Presenter {
    /// A sharing setting's name.
    func sharing(_ value: String) -> String {
        switch SharingSetting(rawValue: value) {
        case .recordLevel: wording.text(.shareRecord)
        case .all: wording.text(.shareAll)
        case .some(.none), nil: wording.text(.shareNone)
        }
    }

    /// Whether settings are locked, by whom and since when (P3).
    func lock(_ row: MailAddonShape) -> String {
        guard row.locked, let by = row.locked_by, let since = moment(row.locked_time) else {
            return wording.text(.lockOff)
        }
        return wording.text(.lockOn, ["admin": by.name, "time": since.shown])
    }

    /// How a backup stands (B6).
    func backupStatus(_ status: String) -> String {
        switch BackupStatus(rawValue: status) {
        case .waiting: wording.text(.stWaiting)
        case .inProgress: wording.text(.stRunning)
        case .completed: wording.text(.stDone)
        case .failed: wording.text(.stFailed)
        case .cancelled: wording.text(.stCancelled)
        case nil: wording.text(.stNone)
        }
    }

    /// How far a backup has come.
    func progress(_ backup: BackupShape) -> String {
        let progress = backup.progress
        guard progress.found > 0 else {
            return progress.folders > 0
                ? wording.text(
                    .stFolders,
                    ["done": number(progress.folders_done), "all": number(progress.folders)]
                ) : ""
        }
        var values = [
            "found": number(progress.found), "stored": number(progress.stored), "bytes": size(progress.bytes),
        ]
        guard backup.rests_until == nil else { return wording.text(.stStored, values) }
        values["time"] = progress.seconds_left.map { duration(seconds: $0) } ?? "-"
        return wording.text(.stProgress, values)
    }

    /// Why a backup rests, and when it goes on; nothing of one that does not.
    func rest(_ backup: BackupShape) -> [String] {
        guard let until = moment(backup.rests_until) else { return [] }
        return [failure(backup), wording.text(.stRests, ["time": until.shown])].compactMap { $0 }
    }

    /// Why a backup rests, failed, or holds synchronised mail alone.
    func failure(_ backup: BackupShape) -> String? {
        backup.error.map {
            // Of a completed one it says why only synchronised mail is in it (B10).
            wording.failure($0.code, ofBackup: backup.status != BackupStatus.completed.rawValue)
        }
    }

    /// Why the last synchronisation of a mailbox failed.
    func failure(_ row: MailAddonShape) -> String? {
        row.last_sync_error.map { wording.failure($0.code, ofBackup: false) }
    }

    /// What a completed backup covers (P4).
    func covers(_ backup: BackupShape) -> String {
        guard let until = moment(backup.covered_until)?.shown else {
            return "\(backup.mailbox): \(wording.unknownCoverage(of: backup))"
        }
        return wording.text(.backupCovers, ["mailbox": backup.mailbox, "time": until])
    }

    /// A backup source that is attached (L9).
    func source(_ source: MailAddonShape.Source) -> String {
        let kind: PageWord =
            switch source.kind {
            case "file": .sourceFile
            case "upload": .sourceUpload
            default: .sourceSignIn
            }
        let time = moment(source.attached_time)?.shown ?? ""
        return wording.text(
            .sourceAttached,
            ["kind": wording.text(kind), "admin": source.attached_by.name, "time": time]
        )
    }
}
