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
    /// What the reader may do now; on the administrators' page (P5).
    package var allowed_actions: [String]?
    package var refused_actions: [RefusedAction]?
}

extension ReadTransaction {
    /// Settings in the API's form; `owner`'s language is that of the error's words.
    func shape(of settings: MailAddonSettings, owner: User, reader: User? = nil) throws -> MailAddonShape {
        let locker = try settings.lock.flatMap { try user($0.by) }
        let error = try lastSynchronisationError(of: owner.id)
        return MailAddonShape(
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
            locked_by: locker.map { UserShape.Reference(id: $0.id.description, name: $0.name) },
            locked_time: settings.lock?.since.iso8601,
            saved_time: settings.savedAt.iso8601,
            last_sync_time: settings.lastSyncAt?.iso8601,
            last_sync_error: error.map { error in
                MailAddonShape.SyncError(
                    code: error.code,
                    message: Wording(locale: (reader ?? owner).locale).failure(error.code, ofBackup: false)
                )
            }
        )
    }
}
