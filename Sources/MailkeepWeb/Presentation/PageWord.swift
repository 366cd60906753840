/// The sentences of `pages.json` that code chooses or fills in; templates name the others themselves.
///
/// Those of codes that other types own stand there under the codes: `act.`, `ground.`, `module.`, `opened.`, `sharing.`.
enum PageWord: String, CaseIterable {
    case pageFormExpired = "page.form_expired"
    case pageBadRequest = "page.bad_request"

    case setupTitle = "setup.title"
    case signinTitle = "signin.title"
    case invitationTitle = "invitation.title"
    case passwordDiffers = "password.differs"
    case passwordChanged = "password.changed"
    case accountTitle = "account.title"
    case accountSaved = "account.saved"
    case settingsTitle = "settings.title"
    case organizationTitle = "organization.title"
    case organizationSaved = "organization.saved"

    case filterAll = "filter.all"
    case pagerPage = "pager.page"
    case pagerOf = "pager.of"

    case usersTitle = "users.title"
    case usersAdd = "users.add"
    case usersEdit = "users.edit"
    case usersCount = "users.count"
    case usersInvited = "users.invited"
    case usersNoRole = "users.no_role"
    case inviteTitle = "invite.title"
    case inviteDays = "invite.days"

    case addonTitle = "addon.title"
    case addonSelect = "addon.select"
    case addonSeveral = "addon.outcome"
    case addonTick = "addon.tick"
    case addonLocked = "addon.locked"
    case addonUnlocked = "addon.unlocked"
    case addonRefused = "addon.refused"
    case addonAttempt = "addon.attempt"

    case backupCovers = "backup.covers"
    case backupTitle = "backup.title"
    case backupFromMailbox = "backup.from_mailbox"
    case backupFromSource = "backup.from_source"
    case backupFromSynchronised = "backup.from_synchronised"
    case backupRead = "backup.read"

    case sourceTitle = "source.title"
    case sourceSignIn = "source.sign_in"
    case sourceFile = "source.a_file"
    case sourceUpload = "source.an_upload"
    case sourceUploadHint = "source.upload.hint"
    case sourceAttached = "source.attached"

    case auditTitle = "audit.title"

    case ownTitle = "own.title"
    case securityTls = "security.tls"
    case securityStarttls = "security.starttls"
    case securityNone = "security.none"
    case sharingPreview = "sharing.preview"
    case sharingPreviewNone = "sharing.preview_none"

    case recordName = "record.name"
    case recordModified = "record.modified"

    case mailTitle = "mail.title"
    case mailNoSubject = "mail.no_subject"
    case mailUnnamed = "mail.unnamed"
    case mailTo = "mail.to"
    case mailFrom = "mail.from"
    case mailFromBackup = "mail.from_backup"
    case mailMailbox = "mail.mailbox"

    case messageBack = "message.back"
    case messageFrom = "message.from"
    case messageSender = "message.sender"
    case messageReplyTo = "message.reply_to"
    case messageTo = "message.to"
    case messageCc = "message.cc"
    case messageBcc = "message.bcc"
}
