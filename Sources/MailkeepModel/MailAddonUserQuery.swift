/// Which mail add-on users are asked for (P2), and in which order.
package struct MailAddonUserQuery: Sendable, Equatable {
    /// By what the list can be sorted: the columns of the page.
    package enum Key: String, Sendable, CaseIterable {
        case name
        case mailbox
        case accountType = "account_type"
        case sharing
        case lock
        case lastSync = "last_sync"
        /// How the newest backup stands.
        case backup
        /// How many messages the standing backup holds.
        case messages
        /// When the standing backup was completed.
        case takenAt = "taken_at"
    }

    /// A status that is shown of a user's backups: that of the standing one, or of a later attempt (P4, B10).
    package enum Backup: Sendable, Hashable, CaseIterable, RawRepresentable {
        /// Not backed up, and never tried.
        case none
        case status(BackupStatus)

        package static let allCases: [Backup] = [.none] + BackupStatus.allCases.map(Backup.status)

        package init?(rawValue: String) {
            if rawValue == "none" {
                self = .none
            } else if let status = BackupStatus(rawValue: rawValue) {
                self = .status(status)
            } else {
                return nil
            }
        }

        package var rawValue: String {
            switch self {
            case .none: "none"
            case .status(let status): status.rawValue
            }
        }
    }

    /// The tab.
    package var status: UserStatus
    /// Part of the name, the user's address or the mailbox's, in any case and width; empty asks for all.
    package var search: String
    package var sharing: SharingSetting?
    package var isLocked: Bool?
    package var accountType: AccountType?
    package var backup: Backup?
    package var sorting: Sorting<Key>
    package var page: PageRequest

    package init(
        status: UserStatus,
        search: String = "",
        sharing: SharingSetting? = nil,
        isLocked: Bool? = nil,
        accountType: AccountType? = nil,
        backup: Backup? = nil,
        sorting: Sorting<Key> = Sorting(by: .name),
        page: PageRequest = PageRequest()
    ) {
        self.status = status
        self.search = search
        self.sharing = sharing
        self.isLocked = isLocked
        self.accountType = accountType
        self.backup = backup
        self.sorting = sorting
        self.page = page
    }
}
