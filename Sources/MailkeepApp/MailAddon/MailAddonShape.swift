import MailkeepModel
import MailkeepStore
import MailkeepSync

/// Mail add-on settings in the API's form.
///
/// Credentials are written, never read back.
package struct MailAddonShape: Encodable, Sendable, Equatable {
    package struct Person: Encodable, Sendable, Equatable {
        package var id: String
        package var full_name: String
        package var email: String
        package var status: String

        init(_ user: User) {
            id = user.id.description
            full_name = user.name
            email = user.email
            status = user.status == .active ? "active" : "inactive"
        }
    }

    package struct Account: Encodable, Sendable, Equatable {
        package var account_type: String
        package var address: String
        package var host: String?
        package var port: Int?
        package var security: String?
        package var path: String?
        /// `password`, or the provider at which the mailbox is signed in to; only of settings that are shown alone.
        package var sign_in: String?
    }

    /// An action that the rules refuse now, and why (P5).
    package struct RefusedAction: Encodable, Sendable, Equatable {
        package var action: String
        package var rule: String
        package var reason: String?
        package var message: String
    }

    package struct SyncError: Encodable, Sendable, Equatable {
        package var code: String
        package var message: String
    }

    /// A backup source that is attached in place of a leaver's own sign-in (L9).
    package struct Source: Encodable, Sendable, Equatable {
        /// `sign_in`, `file` or `upload`.
        package var kind: String
        package var attached_by: UserShape.Reference
        package var attached_time: String
    }

    package var user: Person
    package var mailbox: Account
    package var sharing: String
    package var locked: Bool
    package var locked_by: UserShape.Reference?
    package var locked_time: String?
    package var saved_time: String
    package var last_sync_time: String?
    package var last_sync_error: SyncError?
    /// The completed backup that stands, and a later one that is not completed; on the administrators' page (P4).
    package var backup: BackupShape?
    package var last_attempt: BackupShape?
    /// Whether the reader may cancel `last_attempt`, which is pending then; on the administrators' page.
    package var can_cancel: Bool?
    package var backup_source: Source?
    /// Whether a legal hold stands on the user; on the administrators' page (R1).
    package var on_hold: Bool?
    /// What the reader may do now; on the administrators' page (P5).
    package var allowed_actions: [String]?
    package var refused_actions: [RefusedAction]?
}

extension ReadTransaction {
    /// Settings in the API's form; `owner`'s language is that of the error's words.
    func shape(of settings: MailAddonSettings, owner: User, reader: User? = nil) throws -> MailAddonShape {
        let names = try userNames(settings.lock.map { [$0.by] } ?? [])
        let error = try lastSynchronisationError(of: owner.id)?.code
        var shape = MailAddonShape(settings, of: owner, error: error, names: names, locale: (reader ?? owner).locale)
        shape.mailbox.sign_in = try credentials(of: owner.id).map { $0.grant?.provider.rawValue ?? "password" }
        return shape
    }
}

extension MailAddonShape {
    /// - Parameters:
    ///   - error: the code by which the last synchronisation failed.
    ///   - names: of who locked the settings.
    init(
        _ settings: MailAddonSettings,
        of owner: User,
        error: String?,
        names: [UserID: String],
        locale: Locale
    ) {
        self.init(
            user: MailAddonShape.Person(owner),
            mailbox: MailAddonShape.Account(
                account_type: settings.accountType.rawValue,
                address: settings.address,
                host: settings.server?.host,
                port: settings.server?.port,
                security: settings.server?.security.rawValue,
                path: settings.path
            ),
            sharing: settings.sharing.rawValue,
            locked: settings.lock != nil,
            locked_by: settings.lock.map { UserShape.Reference($0.by, names) },
            locked_time: settings.lock?.since.iso8601,
            saved_time: settings.savedAt.iso8601,
            last_sync_time: settings.lastSyncAt?.iso8601,
            last_sync_error: error.map { error in
                MailAddonShape.SyncError(
                    code: error,
                    message: Wording(locale: locale).failure(error, ofBackup: false)
                )
            }
        )
    }
}
