/// The templates there are, each in a file of its name.
enum Template: String, CaseIterable {
    case account
    case addonRow = "addon-row"
    case addonRowPart = "addon-row-part"
    case addonUsers = "addon-users"
    case audit
    case backup
    case backupPart = "backup-part"
    case choices
    case client
    case clients
    case column
    case confirm
    case deactivate
    case erasure
    case erasures
    case error
    case hold
    case holdPart = "hold-part"
    case holds
    case invitation
    case invited
    case layout
    case linking
    case mail
    case mailList = "mail-list"
    case mailSettings = "mail-settings"
    case message
    case notifications
    case organization
    case pager
    case provider
    case record
    case records
    case reference
    case retention
    case retentionQuestion = "retention-question"
    case settings
    case setup
    case signin
    case source
    case user
    case users
    case webhook

    /// Its text (UTF-8).
    var source: [UInt8] {
        switch self {
        case .account: PackageResources.account_mustache
        case .addonRow: PackageResources.addon_row_mustache
        case .addonRowPart: PackageResources.addon_row_part_mustache
        case .addonUsers: PackageResources.addon_users_mustache
        case .audit: PackageResources.audit_mustache
        case .backup: PackageResources.backup_mustache
        case .backupPart: PackageResources.backup_part_mustache
        case .choices: PackageResources.choices_mustache
        case .client: PackageResources.client_mustache
        case .clients: PackageResources.clients_mustache
        case .column: PackageResources.column_mustache
        case .confirm: PackageResources.confirm_mustache
        case .deactivate: PackageResources.deactivate_mustache
        case .erasure: PackageResources.erasure_mustache
        case .erasures: PackageResources.erasures_mustache
        case .error: PackageResources.error_mustache
        case .hold: PackageResources.hold_mustache
        case .holdPart: PackageResources.hold_part_mustache
        case .holds: PackageResources.holds_mustache
        case .invitation: PackageResources.invitation_mustache
        case .invited: PackageResources.invited_mustache
        case .layout: PackageResources.layout_mustache
        case .linking: PackageResources.linking_mustache
        case .mail: PackageResources.mail_mustache
        case .mailList: PackageResources.mail_list_mustache
        case .mailSettings: PackageResources.mail_settings_mustache
        case .message: PackageResources.message_mustache
        case .notifications: PackageResources.notifications_mustache
        case .organization: PackageResources.organization_mustache
        case .pager: PackageResources.pager_mustache
        case .provider: PackageResources.provider_mustache
        case .record: PackageResources.record_mustache
        case .records: PackageResources.records_mustache
        case .reference: PackageResources.reference_mustache
        case .retention: PackageResources.retention_mustache
        case .retentionQuestion: PackageResources.retention_question_mustache
        case .settings: PackageResources.settings_mustache
        case .setup: PackageResources.setup_mustache
        case .signin: PackageResources.signin_mustache
        case .source: PackageResources.source_mustache
        case .user: PackageResources.user_mustache
        case .users: PackageResources.users_mustache
        case .webhook: PackageResources.webhook_mustache
        }
    }
}
