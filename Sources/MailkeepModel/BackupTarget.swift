/// What the rules need to know of a user whose mail is to be backed up.
package struct BackupTarget: Sendable, Equatable {
    package var user: User
    /// The mail add-on settings; nil where none are saved.
    ///
    /// An inactive user's are as they stood at the deactivation.
    package var addon: MailAddonState?
    package var backups: BackupState
    /// When an administrator last made the user active after a deactivation; nil if that never happened (N3).
    package var reactivatedAt: Timestamp?

    package init(
        user: User,
        addon: MailAddonState?,
        backups: BackupState = BackupState(),
        reactivatedAt: Timestamp? = nil
    ) {
        self.user = user
        self.addon = addon
        self.backups = backups
        self.reactivatedAt = reactivatedAt
    }

    /// Which action backs this user up: "Back up data" until a backup is Completed, then "Latest backup" (B5).
    package var offeredKind: BackupKind { backups.isCompleted ? .latest : .first }
}
