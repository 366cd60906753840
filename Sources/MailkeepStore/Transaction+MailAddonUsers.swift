import GRDB
package import MailkeepModel

/// A row of the page of mail add-on users (P3, P4).
package struct MailAddonUser: Sendable {
    package var user: User
    package var settings: MailAddonSettings
    /// When an administrator last made the user active after a deactivation (N3).
    package var reactivatedAt: Timestamp?
    /// The completed backup that stands, and a later one that is not completed (B10).
    package var standing: BackupDetails?
    package var attempt: BackupDetails?
    package var source: AttachedSource?
    /// The code by which the last synchronisation failed.
    package var synchronisationError: String?

    /// What the rules need to know of it.
    package var target: BackupTarget {
        BackupTarget(
            user: user,
            addon: settings.state,
            backups: BackupState(isPending: attempt?.status.isPending ?? false, isCompleted: standing != nil),
            reactivatedAt: reactivatedAt
        )
    }
}

extension ReadTransaction {
    /// Of rows of `user` and `mail_addon`: the user is listed among the mail add-on users (P2).
    static let usesMailAddon = "mail_addon.user_id = user.id AND NOT (\(awaitsAcceptance))"

    /// A page of the mail add-on users of a status, with how many all pages have (P2).
    package func mailAddonUsers(_ query: MailAddonUserQuery) throws -> Page<MailAddonUser> {
        let (conditions, arguments) = Self.conditions(of: query)
        let needsBackups = query.backup != nil || [.backup, .messages, .takenAt].contains(query.sorting.key)
        let tables = Self.mailAddonUserTables + (needsBackups ? Self.shownBackups : "")
        let direction = query.sorting.isDescending ? "DESC" : "ASC"
        let found = try rows(
            """
            SELECT user.id FROM \(tables) WHERE \(conditions)
            ORDER BY \(query.sorting.key.column) \(direction)\(query.sorting.key.isOptional ? " NULLS LAST" : ""), user.id \(direction)
            LIMIT :limit OFFSET :offset
            """,
            arguments + ["limit": query.page.limit, "offset": query.page.offset]
        )
        let total =
            try query.page.total(with: found.count)
            ?? row("SELECT COUNT(*) AS n FROM \(tables) WHERE \(conditions)", arguments)?["n"]
        return try Page(found, of: query.page, total: total).map { found in
            guard let user = try mailAddonUser(UserID(rawValue: found["id"])) else {
                throw StoreError(.other, "a user was listed who is not there")
            }
            return user
        }
    }

    /// One mail add-on user; nil for who is not listed.
    package func mailAddonUser(_ id: UserID) throws -> MailAddonUser? {
        let found = try row(
            "SELECT user.* FROM user JOIN mail_addon ON \(Self.usesMailAddon) WHERE user.id = ?",
            [id.rawValue]
        )
        guard let found, let settings = try mailAddon(of: id) else { return nil }
        let reactivatedAt: Int64? = found["reactivated_at"]
        let (standing, attempt) = try latestBackups(of: id)
        return MailAddonUser(
            user: Self.user(found),
            settings: settings,
            reactivatedAt: reactivatedAt.map(Timestamp.init),
            standing: standing,
            attempt: attempt,
            source: try attachedSource(of: id),
            synchronisationError: try lastSynchronisationError(of: id)?.code
        )
    }

    /// All mail add-on users of a status, by name (P2).
    package func mailAddonUsers(_ status: UserStatus) throws -> [MailAddonUser] {
        try rows(
            "SELECT user.id FROM \(Self.mailAddonUserTables) WHERE user.status = ? ORDER BY user.name, user.id",
            [status.rawValue]
        ).compactMap { try mailAddonUser(UserID(rawValue: $0["id"])) }
    }

    /// How many mail add-on users there are of a status: the number of the tab (P2).
    package func mailAddonUserCount(_ status: UserStatus) throws -> Int {
        try row(
            "SELECT COUNT(*) AS n FROM user CROSS JOIN mail_addon ON \(Self.usesMailAddon) WHERE user.status = ?",
            [status.rawValue]
        )?["n"] ?? 0
    }

    private static let mailAddonUserTables = """
        user CROSS JOIN mail_addon ON \(usesMailAddon) CROSS JOIN mailbox ON mailbox.id = mail_addon.mailbox_id

        """

    /// The completed backup that stands, and the newest one whatever became of it (P4).
    private static let shownBackups = """
        LEFT JOIN backup AS newest
            ON newest.id = (SELECT MAX(id) FROM backup WHERE backup.user_id = user.id)
        LEFT JOIN backup AS standing
            ON standing.id = (SELECT MAX(id) FROM backup WHERE backup.user_id = user.id AND status = 'completed')

        """

    private static func conditions(of query: MailAddonUserQuery) -> (String, StatementArguments) {
        var conditions = ["user.status = :status"]
        var arguments: StatementArguments = ["status": query.status.rawValue]
        if let term = SearchText.term(query.search) {
            let texts = ["user.name", "user.email", "mailbox.address"].map(SearchText.isPart)
            conditions.append("(\(texts.joined(separator: " OR ")))")
            arguments += ["search": term]
        }
        if let sharing = query.sharing {
            conditions.append("mail_addon.sharing = :sharing")
            arguments += ["sharing": sharing.rawValue]
        }
        if let isLocked = query.isLocked {
            conditions.append("mail_addon.locked_by IS \(isLocked ? "NOT NULL" : "NULL")")
        }
        if let accountType = query.accountType {
            conditions.append("mail_addon.account_type = :type")
            arguments += ["type": accountType.rawValue]
        }
        switch query.backup {
        case nil: break
        case MailAddonUserQuery.Backup.none?: conditions.append("newest.id IS NULL")
        case .status(.completed)?: conditions.append("standing.id IS NOT NULL")
        case .status(let status)?:
            conditions.append("newest.status = :backup")
            arguments += ["backup": status.rawValue]
        }
        return (conditions.joined(separator: " AND "), arguments)
    }
}

extension MailAddonUserQuery.Key {
    /// Whether rows may lack it; these come last in either direction.
    fileprivate var isOptional: Bool { [.lock, .lastSync, .messages, .takenAt].contains(self) }

    /// What the rows are ordered by.
    fileprivate var column: String {
        switch self {
        case .name: "user.name COLLATE NOCASE"
        case .mailbox: "mailbox.normalized_address"
        case .accountType: "mail_addon.account_type"
        case .sharing:
            "CASE mail_addon.sharing WHEN 'private' THEN 0 WHEN 'record_level' THEN 1 ELSE 2 END"
        case .lock: "mail_addon.locked_at"
        case .lastSync: "mailbox.last_sync_at"
        case .backup:
            """
            CASE newest.status WHEN 'waiting' THEN 1 WHEN 'in_progress' THEN 2 WHEN 'completed' THEN 3
            WHEN 'failed' THEN 4 WHEN 'cancelled' THEN 5 ELSE 0 END
            """
        case .messages: "standing.messages"
        case .takenAt: "standing.ended_at"
        }
    }
}
