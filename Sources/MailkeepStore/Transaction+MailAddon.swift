package import Foundation
import GRDB
package import MailkeepModel

/// A user's mail add-on settings, without the credentials.
package struct MailAddonSettings: Sendable, Equatable {
    package var mailbox: MailboxID
    package var address: String
    package var normalizedAddress: String
    package var domain: String
    package var accountType: AccountType
    package var server: MailServer?
    package var path: String?
    package var sharing: SharingSetting
    package var lock: SettingsLock?
    package var savedAt: Timestamp
    package var lastSyncAt: Timestamp?

    /// What the rules need to know of it.
    package var state: MailAddonState {
        MailAddonState(mailboxDomain: domain, sharing: sharing, lock: lock, savedAt: savedAt)
    }
}

/// Mail add-on settings as a user saves them.
package struct NewMailAddonSettings: Sendable {
    package var address: String
    package var normalizedAddress: String
    package var domain: String
    package var accountType: AccountType
    package var server: MailServer?
    package var path: String?
    package var credentials: MailCredentials?
    package var sharing: SharingSetting

    package init(
        address: String,
        normalizedAddress: String,
        domain: String,
        accountType: AccountType,
        server: MailServer?,
        path: String?,
        credentials: MailCredentials?,
        sharing: SharingSetting
    ) {
        self.address = address
        self.normalizedAddress = normalizedAddress
        self.domain = domain
        self.accountType = accountType
        self.server = server
        self.path = path
        self.credentials = credentials
        self.sharing = sharing
    }

    /// Whether saving this would change anything but a password (L2).
    package func isUnchanged(from settings: MailAddonSettings, username: String?) -> Bool {
        normalizedAddress == settings.normalizedAddress && accountType == settings.accountType
            && server == settings.server && path == settings.path && sharing == settings.sharing
            && credentials?.username == username
    }
}

extension ReadTransaction {
    /// A user's mail add-on settings; nil when none were saved.
    package func mailAddon(of user: UserID) throws -> MailAddonSettings? {
        try row(
            """
            SELECT mail_addon.*, mailbox.address, mailbox.normalized_address, mailbox.domain, mailbox.last_sync_at
            FROM mail_addon JOIN mailbox ON mailbox.id = mail_addon.mailbox_id WHERE mail_addon.user_id = ?
            """,
            [user.rawValue]
        ).map(Self.mailAddon)
    }

    /// Whether an address stands on a lead or contact, with a `+tag` or without, and no administrator has made it the
    /// user's own (V5).
    ///
    /// - Parameter untagged: the hash of the address without its `+tag`; nil where it has none.
    package func standsOnRecord(
        addressHash hash: Data,
        withoutTag untagged: Data? = nil,
        otherThan user: UserID
    ) throws -> Bool {
        try exists(
            """
            SELECT 1 FROM record_address JOIN record ON record.key = record_address.record_key
            WHERE record_address.hash IN (
                      SELECT :hash UNION SELECT :untagged UNION
                      SELECT hash FROM tagged_address WHERE untagged_hash = :hash)
              AND record.module IN ('Leads', 'Contacts')
              AND NOT EXISTS (SELECT 1 FROM internal_address
                              WHERE hash = :hash AND user_id = :user)
            """,
            ["hash": hash, "untagged": untagged, "user": user.rawValue]
        )
    }

    /// The stored sign-in of a user's mailbox.
    package func credentials(of user: UserID) throws -> MailCredentials? {
        let sealed: Data? =
            try row("SELECT sealed_credentials FROM mail_addon WHERE user_id = ?", [user.rawValue])?[
                "sealed_credentials"
            ]
        return try sealed.map {
            try sealing.open(MailCredentials.self, $0, with: \.credentials, context: "mail_addon/\(user)")
        }
    }

    /// The active users whose mailbox is to be synchronised: read last, or tried last, so long ago, and not to be read
    /// already; longest ago first.
    ///
    /// Each failure in a row doubles the wait, up to six hours, so that a server is not asked over and over with a
    /// password that it refuses; settings that were saved since are tried at once.
    package func usersToSynchronise(every interval: Int64, at now: Timestamp) throws -> [UserID] {
        let found = try rows(
            """
            SELECT user.id, mail_addon.saved_at, COALESCE(mailbox.last_sync_at, 0) AS read_at,
                   COALESCE((SELECT MAX(ended_at) FROM job
                             WHERE user_id = user.id AND kind = 'synchronise'), 0) AS tried_at,
                   (SELECT COUNT(*) FROM job WHERE user_id = user.id AND kind = 'synchronise' AND state = 'failed')
                       AS failures
            FROM user JOIN mail_addon ON mail_addon.user_id = user.id
            JOIN mailbox ON mailbox.id = mail_addon.mailbox_id
            WHERE user.status = 'active'
              AND NOT EXISTS (SELECT 1 FROM job WHERE job.user_id = user.id AND job.kind = 'synchronise'
                              AND job.state IN ('waiting', 'running'))
            ORDER BY MAX(read_at, tried_at), user.id
            """
        )
        return found.compactMap { row in
            let last = max(row["read_at"] as Int64, row["tried_at"])
            let isSavedSince = (row["saved_at"] as Int64) > last
            let failures = min(row["failures"] as Int, 20)
            let doubled = interval.multipliedReportingOverflow(by: 1 << failures)
            let wait = max(interval, doubled.overflow ? .max : min(doubled.partialValue, Self.longestWait))
            let isDue = Timestamp(rawValue: last).advanced(byMilliseconds: wait) <= now
            return isSavedSince || isDue ? UserID(rawValue: row["id"]) : nil
        }
    }

    /// Inboxes of active users of which the last synchronisation went well, those that were saved last first.
    package func inboxesToWatch() throws -> [WatchedInbox] {
        try rows(
            """
            SELECT user.id, mail_addon.saved_at FROM user
            JOIN mail_addon ON mail_addon.user_id = user.id
            JOIN mailbox ON mailbox.id = mail_addon.mailbox_id
            WHERE user.status = 'active' AND mail_addon.host IS NOT NULL AND mail_addon.account_type <> 'pop3'
              AND mailbox.last_sync_at >= mail_addon.saved_at
              AND NOT EXISTS (SELECT 1 FROM job WHERE job.user_id = user.id AND job.kind = 'synchronise'
                              AND job.state = 'failed')
            ORDER BY mail_addon.saved_at DESC, user.id
            """
        ).map { WatchedInbox(user: UserID(rawValue: $0["id"]), savedAt: Timestamp(rawValue: $0["saved_at"])) }
    }

    /// Between two attempts to synchronise: six hours.
    private static let longestWait: Int64 = 21_600_000

    static func server(_ row: Row) -> MailServer? {
        guard let host: String = row["host"], let port: Int = row["port"],
            let security = (row["security"] as String?).flatMap(ConnectionSecurity.init)
        else { return nil }
        return MailServer(host: host, port: port, security: security, certificates: row["ca_certificates"])
    }

    private static func mailAddon(_ row: Row) -> MailAddonSettings {
        let lockedBy: Int64? = row["locked_by"]
        let lockedAt: Int64? = row["locked_at"]
        let lastSyncAt: Int64? = row["last_sync_at"]
        var lock: SettingsLock?
        if let lockedBy, let lockedAt {
            lock = SettingsLock(by: UserID(rawValue: lockedBy), since: Timestamp(rawValue: lockedAt))
        }
        return MailAddonSettings(
            mailbox: MailboxID(rawValue: row["mailbox_id"]),
            address: row["address"],
            normalizedAddress: row["normalized_address"],
            domain: row["domain"],
            accountType: AccountType(rawValue: row["account_type"]) ?? .imap,
            server: server(row),
            path: row["path"],
            sharing: SharingSetting(rawValue: row["sharing"]) ?? .none,
            lock: lock,
            savedAt: Timestamp(rawValue: row["saved_at"]),
            lastSyncAt: lastSyncAt.map(Timestamp.init)
        )
    }
}

extension WriteTransaction {
    /// Saves a user's mail add-on settings and the moment of it (U3); the mailbox's address becomes internal (V5).
    ///
    /// Another address is another mailbox: what was read from the former one stays. What is saved after an activation
    /// is saved after it, whatever the clock says (N3).
    package func saveMailAddon(
        _ settings: NewMailAddonSettings,
        of user: UserID,
        addressHash: Data,
        at now: Timestamp
    ) throws {
        try run(
            """
            INSERT INTO mailbox (user_id, address, normalized_address, domain) VALUES (?, ?, ?, ?)
            ON CONFLICT (user_id, normalized_address) DO UPDATE SET address = excluded.address
            """,
            [user.rawValue, settings.address, settings.normalizedAddress, settings.domain]
        )
        let mailbox = try row(
            "SELECT id FROM mailbox WHERE user_id = ? AND normalized_address = ?",
            [user.rawValue, settings.normalizedAddress]
        )
        guard let mailbox: Int64 = mailbox?["id"] else { throw StoreError(.other, "the mailbox was not stored") }
        let credentials = try settings.credentials.map {
            try sealing.seal($0, with: \.credentials, context: "mail_addon/\(user)")
        }
        try run(
            """
            INSERT INTO mail_addon (user_id, mailbox_id, account_type, host, port, security, ca_certificates, path,
                                    sealed_credentials, sharing, saved_at)
            VALUES (:user, :mailbox, :type, :host, :port, :security, :certificates, :path, :credentials, :sharing,
                    (SELECT MAX(:now, COALESCE(reactivated_at, :now)) FROM user WHERE id = :user))
            ON CONFLICT (user_id) DO UPDATE SET mailbox_id = excluded.mailbox_id, account_type = excluded.account_type,
                host = excluded.host, port = excluded.port, security = excluded.security,
                ca_certificates = excluded.ca_certificates, path = excluded.path,
                sealed_credentials = excluded.sealed_credentials, sharing = excluded.sharing,
                saved_at = excluded.saved_at
            """,
            [
                "user": user.rawValue, "mailbox": mailbox, "type": settings.accountType.rawValue,
                "host": settings.server?.host, "port": settings.server?.port,
                "security": settings.server?.security.rawValue, "certificates": settings.server?.certificates,
                "path": settings.path, "credentials": credentials, "sharing": settings.sharing.rawValue,
                "now": now.rawValue,
            ]
        )
        // How the former settings failed says nothing of these.
        try run(
            "DELETE FROM job WHERE user_id = ? AND kind = 'synchronise' AND state = 'failed'",
            [user.rawValue]
        )
        try wakeJobs(.synchronise, of: user)
        try addInternalAddress(addressHash, of: user, kind: .mailbox)
    }

    /// Locks a user's settings (L2).
    package func lockMailAddon(of user: UserID, by administrator: UserID, at now: Timestamp) throws {
        try run(
            "UPDATE mail_addon SET locked_by = ?, locked_at = ? WHERE user_id = ?",
            [administrator.rawValue, now.rawValue, user.rawValue]
        )
    }

    /// Unlocks a user's settings (L6).
    package func unlockMailAddon(of user: UserID) throws {
        try run("UPDATE mail_addon SET locked_by = NULL, locked_at = NULL WHERE user_id = ?", [user.rawValue])
    }
}
