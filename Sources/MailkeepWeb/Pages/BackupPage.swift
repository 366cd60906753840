import MailkeepApp
import MailkeepModel

/// What the page of a backup shows.
struct BackupPage {
    struct Folder {
        let folderName: String
        let onServer: String
        let considered: String
        let removed: String
        let associated: String
        let stored: String
        let notStored: String
        let storedBefore: String
        let note: String
    }

    struct Other {
        let otherAddress: String
        let otherID: String
        let kindName: String
        let statusClass: String
        let statusName: String
        let requested: Moment?
        let isShown: Bool
    }

    let backupID: String
    let partAddress: String?
    let userName: String
    let mailbox: String
    let kindName: String
    let statusClass: String
    let statusName: String
    let progress: MailAddonRow.Progress?
    let restTexts: [String]
    let failureText: String?
    let untilText: String?
    let requested: Moment?
    let requestedBy: String
    let completed: Moment?
    let ended: Moment?
    let covered: Moment?
    let unknownCoverage: String
    let originText: String?
    let countText: String
    let addedText: String
    let sizeText: String
    let erasedText: String?
    let holdPart: HoldPart
    let root: String?
    let signature: String?
    let isCompleted: Bool
    let isPending: Bool
    let verifyAddress: String
    let exportAddress: String
    let mboxAddress: String
    let keyAddress: String
    let fingerprint: String
    let manifestAddress: String
    let cancelAddress: String
    let folders: [Folder]
    let hasFolders: Bool
    let others: [Other]

    init(_ backup: BackupShape, all: [BackupShape], key: PublicKeyShape, _ presenter: Presenter) {
        let wording = presenter.wording
        let address = "\(BackupPages.address)/\(backup.id)"
        backupID = backup.id
        isPending = backup.isPending
        isCompleted = backup.status == BackupStatus.completed.rawValue
        partAddress = isPending ? "\(address)/part" : nil
        userName = backup.user.name
        mailbox = backup.mailbox
        kindName = Self.kind(backup, wording)
        statusClass = backup.status
        statusName = presenter.backupStatus(backup.status)
        progress = MailAddonRow.Progress(backup, presenter)
        restTexts = presenter.rest(backup)
        failureText = isPending ? nil : presenter.failure(backup)
        let isSynchronised = backup.source == "synchronised"
        covered = presenter.moment(backup.covered_until)
        unknownCoverage = wording.unknownCoverage(of: backup)
        untilText = isSynchronised ? covered.map { wording.text(.stUntil, ["time": $0.shown]) } : nil
        requested = presenter.moment(backup.requested_time)
        requestedBy = backup.requested_by.name
        completed = presenter.moment(backup.completed_time)
        ended = isCompleted ? nil : presenter.moment(backup.ended_time)
        originText = backup.source.map { source in
            switch source {
            case "backup_source": wording.text(.backupFromSource)
            case "synchronised": wording.text(.backupFromSynchronised)
            default: wording.text(.backupFromMailbox)
            }
        }
        countText = presenter.number(backup.messages)
        addedText = presenter.number(backup.added)
        sizeText = presenter.size(backup.bytes)
        erasedText = backup.erased.flatMap { $0 > 0 ? presenter.number($0) : nil }
        holdPart = HoldPart(backup.holds ?? [], on: .backup(BackupID(backup.id) ?? BackupID(rawValue: 0)), presenter)
        root = backup.root
        signature = backup.signature
        verifyAddress = "\(address)/verify"
        exportAddress = "\(address)/export?format=\(ExportFormat.emlZip.rawValue)"
        mboxAddress = "\(address)/export?format=\(ExportFormat.mbox.rawValue)"
        keyAddress = BackupPages.keyAddress
        fingerprint = key.fingerprint
        manifestAddress = "\(address)/manifest"
        cancelAddress = "\(address)/cancel"
        folders = (backup.folders ?? []).map { Folder($0, presenter) }
        hasFolders = !folders.isEmpty
        others = all.map { other in
            Other(
                otherAddress: "\(BackupPages.address)/\(other.id)",
                otherID: other.id,
                kindName: Self.kind(other, wording),
                statusClass: other.status,
                statusName: presenter.backupStatus(other.status),
                requested: presenter.moment(other.requested_time),
                isShown: other.id == backup.id
            )
        }
    }

    private static func kind(_ backup: BackupShape, _ wording: Wording) -> String {
        wording.text(backup.kind == BackupKind.latest.rawValue ? .btnLatest : .btnBackup)
    }
}

extension BackupPage.Folder {
    init(_ counts: FolderCounts, _ presenter: Presenter) {
        folderName = counts.name
        onServer = counts.onServer.map { presenter.number($0) } ?? "-"
        let shown = { (count: Int) in counts.isCounted ? presenter.number(count) : "-" }
        considered = shown(counts.considered)
        removed = shown(counts.removed)
        associated = shown(counts.associated)
        stored = shown(counts.stored)
        notStored = shown(counts.notStored)
        storedBefore = shown(counts.storedBefore)
        note = presenter.wording.note(on: counts) { presenter.number($0) }
    }
}
