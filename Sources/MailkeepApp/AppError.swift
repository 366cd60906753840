package import MailkeepModel

/// Input that cannot be used, or a state in which a command makes no sense.
///
/// What a person reads comes from the code.
package struct AppError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        case noOrganization = "no_organization"
        case organizationExists = "organization_exists"
        case badSignIn = "bad_sign_in"
        case tooManyAttempts = "too_many_attempts"
        case busy
        case badLink = "bad_link"
        case badScope = "bad_scope"
        case badClient = "bad_client"
        case noClient = "no_client"
        case badConnection = "bad_connection"
        case recordWasHeld = "record_was_held"
        case tooManyClients = "too_many_clients"
        case noConnection = "no_connection"
        case connectionRefused = "connection_refused"
        case connectionBroken = "connection_broken"
        case badWebhook = "bad_webhook"
        case badWebhookEvent = "bad_webhook_event"
        case webhookPlain = "webhook_plain"
        case webhookNetwork = "webhook_network"
        case tooManyWebhooks = "too_many_webhooks"
        case noWebhook = "no_webhook"
        case badMailSettings = "bad_mail_settings"
        case badSetUpToken = "bad_set_up_token"
        case wrongPassword = "wrong_password"
        case noUser = "no_user"
        case userExists = "user_exists"
        case aliasTaken = "alias_taken"
        case badEmail = "bad_email"
        case noName = "no_name"
        case noRole = "no_role"
        case roleCycle = "role_cycle"
        case passwordLength = "password_length"
        case passwordCommon = "password_common"
        case serverIncomplete = "server_incomplete"
        case passwordNeeded = "password_needed"
        case signInNeeded = "sign_in_needed"
        case signInUnavailable = "sign_in_unavailable"
        case signInExpired = "sign_in_expired"
        case signInDeclined = "sign_in_declined"
        case signInFailed = "sign_in_failed"
        case signInNotLasting = "sign_in_not_lasting"
        case signInOtherAccount = "sign_in_other_account"
        case badProviderSettings = "bad_provider_settings"
        case accountTypeUnavailable = "account_type_unavailable"
        case badPort = "bad_port"
        case badCertificates = "bad_certificates"
        case badNetwork = "bad_network"
        case sourceIncomplete = "source_incomplete"
        case sourceNoServer = "source_no_server"
        case uploadTooLarge = "upload_too_large"
        case uploadBroken = "upload_broken"
        case uploadNoMail = "upload_no_mail"
        case uploadUnreadable = "upload_unreadable"
        case uploadTooMany = "upload_too_many"
        case uploadGrows = "upload_grows"
        case badCredentials = "bad_credentials"
        case badInterval = "bad_interval"
        case badWatchedInboxes = "bad_watched_inboxes"
        case badMailConnections = "bad_mail_connections"
        case reasonNeeded = "reason_needed"
        case badRetentionDays = "bad_retention_days"
        case retentionUnseen = "retention_unseen"
        case noRetention = "no_retention"
        case erasureUnseen = "erasure_unseen"
        case erasureNothing = "erasure_nothing"
        case noBackup = "no_backup"
        case masterKeyOutside = "master_key_outside"
        case backupNotCompleted = "backup_not_completed"
        case backupNotPending = "backup_not_pending"
        case backupDamaged = "backup_damaged"
        case backupCancelled = "backup_cancelled"
        case appendFull = "append_full"
        case appendNeedsImap = "append_needs_imap"
        case badFolder = "bad_folder"
        case exportUnreadable = "export_unreadable"
        case exportKey = "export_key"
        case emailTooLarge = "email_too_large"
        case auditBroken = "audit_broken"
        case auditCut = "audit_cut"
        case importEncoding = "import_encoding"
        case importUnreadable = "import_unreadable"
        case importColumns = "import_columns"
        case importRows = "import_rows"
        case vaultBusy = "vault_busy"
        case collectionDoubt = "collection_doubt"
        case snapshotNone = "snapshot_none"
        case snapshotUnreadable = "snapshot_unreadable"
        case snapshotNewer = "snapshot_newer"
        case snapshotDamaged = "snapshot_damaged"
        case snapshotKeysNeeded = "snapshot_keys_needed"
        case snapshotMasterKeyNeeded = "snapshot_master_key_needed"
        case snapshotKeysUnreadable = "snapshot_keys_unreadable"
        case snapshotOtherKeys = "snapshot_other_keys"
    }

    package let code: Code
    /// What the sentence names.
    package let values: [String: String]
    /// The rows that could not be imported.
    package let rows: [ImportProblem]

    package init(_ code: Code, _ values: [String: String] = [:], rows: [ImportProblem] = []) {
        self.code = code
        self.values = values
        self.rows = rows
    }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }

    /// The sentence in a reader's language.
    package func message(in locale: Locale) -> String { Wording(locale: locale).error(self) }

    package var description: String { message(in: .english) }
}
