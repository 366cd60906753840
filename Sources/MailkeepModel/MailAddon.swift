/// What of a user's customer mail colleagues may read (rules.md, Words).
package enum SharingSetting: String, Sendable, CaseIterable {
    /// Don't share, 共有しない.
    case none = "private"
    /// Record-level share, データ単位の共有.
    case recordLevel = "record_level"
    /// Share all, すべて共有.
    case all = "complete"

    /// Whether mail under this setting can be backed up (B3).
    package var allowsBackup: Bool { self != .none }
}

/// How a mailbox is reached.
///
/// `gmail`, `microsoft365`, `zoho` and `yahoo` speak IMAP at a known server.
package enum AccountType: String, Sendable, CaseIterable {
    case imap
    case pop3
    case gmail
    case microsoft365
    case zoho
    case yahoo
    case maildir
    case mbox

    /// Its name on screen, in every language.
    package var displayName: String {
        switch self {
        case .imap: "IMAP"
        case .pop3: "POP3"
        case .gmail: "Gmail"
        case .microsoft365: "Microsoft 365"
        case .zoho: "Zoho Mail"
        case .yahoo: "Yahoo Mail"
        case .maildir: "Maildir"
        case .mbox: "mbox"
        }
    }
}

/// How the connection to a mail server is secured.
package enum ConnectionSecurity: String, Sendable, CaseIterable {
    case tls
    case starttls
    case none
}

/// Who locked a user's settings, and when (L2).
package struct SettingsLock: Sendable, Equatable {
    package let by: UserID
    package let since: Timestamp

    package init(by: UserID, since: Timestamp) {
        self.by = by
        self.since = since
    }
}

/// What the rules need to know of a user's mail add-on settings; nil elsewhere means: none saved.
package struct MailAddonState: Sendable, Equatable {
    /// The domain of the mailbox's address: lower case, IDNA A-labels (B4).
    package var mailboxDomain: String
    package var sharing: SharingSetting
    package var lock: SettingsLock?
    /// When the settings were last saved, also unchanged (U3).
    package var savedAt: Timestamp

    package init(mailboxDomain: String, sharing: SharingSetting, lock: SettingsLock? = nil, savedAt: Timestamp) {
        self.mailboxDomain = mailboxDomain
        self.sharing = sharing
        self.lock = lock
        self.savedAt = savedAt
    }
}
