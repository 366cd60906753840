package import MailkeepModel

extension Wording {
    /// What a line of a backup's certificate says beside its numbers: why a folder was left out, why mails are not stored,
    /// and which of those that are stored are one message.
    ///
    /// - Parameter number: how a number is written.
    package func note(on folder: FolderCounts, number: (Int) -> String = { "\($0)" }) -> String {
        let counted: [(Int, WordingID)] = [
            (folder.vanished, .leftVanished), (folder.tooLarge, .leftTooLarge), (folder.unreadable, .leftUnreadable),
            (folder.notRead, .leftNotRead), (folder.expired ?? 0, .leftExpired), (folder.copies, .leftCopies),
        ]
        let excluded = folder.excluded.map { text(key: "skip.\($0.rawValue)") }
        let reasons = counted.filter { $0.0 > 0 }.map { text($0.1, ["n": number($0.0)]) }
        return ([excluded].compactMap(\.self) + reasons).joined(separator: ", ")
    }

    /// Up to when a completed backup is complete, where no moment is known.
    package func unknownCoverage(of backup: BackupShape) -> String {
        // A folder that could not be read is told by itself.
        text(backup.source == "backup_source" && backup.error == nil ? .coversFile : .coversUnknown)
    }
}
