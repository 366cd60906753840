/// Where a backup stands (B6).
package enum BackupStatus: String, Sendable, CaseIterable {
    case waiting
    case inProgress = "in_progress"
    case completed
    case failed
    case cancelled

    /// Whether the backup is still to be worked on.
    package var isPending: Bool { self == .waiting || self == .inProgress }
}

/// Which of the two actions asked for a backup.
package enum BackupKind: String, Sendable, CaseIterable {
    /// "Back up data" (B5).
    case first = "backup"
    /// "Latest backup" (N1).
    case latest = "latest_backup"
}

/// What the rules need to know of a user's backups.
package struct BackupState: Sendable, Equatable {
    /// A backup is Waiting or In progress.
    package var isPending: Bool
    /// At least one backup is Completed.
    package var isCompleted: Bool

    package init(isPending: Bool = false, isCompleted: Bool = false) {
        self.isPending = isPending
        self.isCompleted = isCompleted
    }
}

/// A frozen set of a user's associated mail.
package enum Backup {}
