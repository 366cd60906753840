package import Foundation
import GRDB
package import MailkeepModel

extension ReadTransaction {
    /// The organisation's name; nil before `init`.
    package func organizationName() throws -> String? {
        try row("SELECT name FROM organization")?["name"]
    }

    /// When the organisation was made.
    package func organizationCreatedAt() throws -> Timestamp? {
        try (row("SELECT created_at FROM organization")?["created_at"] as Int64?).map(Timestamp.init)
    }

    /// The user with an id.
    package func user(_ id: UserID) throws -> User? {
        try row("SELECT * FROM user WHERE id = ?", [id.rawValue]).map(Self.user)
    }

    /// The user who signs in with a normalised address.
    package func user(normalizedEmail: String) throws -> User? {
        try row("SELECT * FROM user WHERE normalized_email = ?", [normalizedEmail]).map(Self.user)
    }

    /// All users, oldest first.
    package func users() throws -> [User] {
        try rows("SELECT * FROM user ORDER BY id").map(Self.user)
    }

    /// How many active users have the Administrator profile (L3, L4, U2).
    package func administratorCount() throws -> Int {
        try row("SELECT COUNT(*) AS n FROM user WHERE profile = 'administrator' AND status = 'active'")?["n"] ?? 0
    }

    /// When a user was last activated again after a deactivation; nil if never (N3).
    package func reactivatedAt(_ id: UserID) throws -> Timestamp? {
        let moment: Int64? = try row("SELECT reactivated_at FROM user WHERE id = ?", [id.rawValue])?["reactivated_at"]
        return moment.map(Timestamp.init)
    }

    /// The stored hash of a user's password, in the form that the hasher wrote.
    package func passwordHash(_ id: UserID) throws -> String? {
        try row("SELECT password_hash FROM user WHERE id = ?", [id.rawValue])?["password_hash"]
    }

    /// Whether an address with a `+tag` associates like the same without it.
    package func ignoresTags() throws -> Bool {
        try exists("SELECT 1 FROM organization WHERE ignores_tags")
    }

    /// Addresses of records and users that may have a `+tag` of which nothing is noted yet.
    package func addressesWithUnknownTags() throws -> [String] {
        try rows(
            """
            SELECT address FROM record_address
            WHERE address LIKE '%+%@%' AND hash NOT IN (SELECT hash FROM tagged_address)
            UNION SELECT normalized_email FROM user WHERE normalized_email LIKE '%+%@%'
            UNION SELECT normalized_address FROM mailbox WHERE normalized_address LIKE '%+%@%'
            UNION SELECT normalized_address FROM user_alias WHERE normalized_address LIKE '%+%@%'
            """
        ).map { $0["address"] }
    }

    /// A user's alias addresses, as they were given.
    package func aliases(of user: UserID) throws -> [String] {
        try rows("SELECT address FROM user_alias WHERE user_id = ? ORDER BY address", [user.rawValue]).map {
            $0["address"]
        }
    }

    /// Whose address, or alias, it is.
    package func owner(ofAddress normalized: String) throws -> UserID? {
        let found = try row(
            """
            SELECT id FROM user WHERE normalized_email = ?1
            UNION SELECT user_id FROM user_alias WHERE normalized_address = ?1
            """,
            [normalized]
        )
        return found.map { UserID(rawValue: $0["id"]) }
    }

    /// Whether administrators are associated with every record (rules.md, Words).
    package func administratorsSeeRecords() throws -> Bool {
        try row("SELECT administrators_see_records AS value FROM organization")?["value"] ?? false
    }

    /// The role of a name.
    package func role(named name: String) throws -> RoleID? {
        try row("SELECT id FROM role WHERE name = ?", [name]).map { RoleID(rawValue: $0["id"]) }
    }

    /// All roles.
    package func roles() throws -> [Role] {
        try rows("SELECT * FROM role ORDER BY id").map { row in
            let superior: Int64? = row["reports_to"]
            return Role(
                id: RoleID(rawValue: row["id"]),
                name: row["name"],
                reportsTo: superior.map(RoleID.init)
            )
        }
    }

    static func user(_ row: Row) -> User {
        let role: Int64? = row["role_id"]
        return User(
            id: UserID(rawValue: row["id"]),
            email: row["email"],
            domain: row["domain"],
            name: row["name"],
            profile: Profile(rawValue: row["profile"]) ?? .standard,
            status: UserStatus(rawValue: row["status"]) ?? .inactive,
            role: role.map(RoleID.init),
            locale: MailkeepModel.Locale(rawValue: row["locale"]) ?? .english
        )
    }
}

/// A user as they are added.
package struct NewUser: Sendable {
    package var email: String
    package var normalizedEmail: String
    package var domain: String
    package var name: String
    package var profile: Profile
    package var status: UserStatus
    package var role: RoleID?
    package var locale: MailkeepModel.Locale
    package var passwordHash: String?

    package init(
        email: String,
        normalizedEmail: String,
        domain: String,
        name: String,
        profile: Profile,
        status: UserStatus = .active,
        role: RoleID? = nil,
        locale: MailkeepModel.Locale,
        passwordHash: String? = nil
    ) {
        self.email = email
        self.normalizedEmail = normalizedEmail
        self.domain = domain
        self.name = name
        self.profile = profile
        self.status = status
        self.role = role
        self.locale = locale
        self.passwordHash = passwordHash
    }
}

extension WriteTransaction {
    /// Names the organisation.
    package func createOrganization(name: String, at now: Timestamp) throws {
        try run("INSERT INTO organization (id, name, created_at) VALUES (1, ?, ?)", [name, now.rawValue])
    }

    /// Says whether administrators are associated with every record (rules.md, Words).
    package func setAdministratorsSeeRecords(_ value: Bool) throws {
        try run("UPDATE organization SET administrators_see_records = ?", [value])
    }

    /// Says whether an address with a `+tag` associates like the same without it.
    package func setIgnoresTags(_ value: Bool) throws {
        try run("UPDATE organization SET ignores_tags = ?", [value])
    }

    /// Notes what an address of a record or of a user is without its `+tag`, by their keyed hashes (V5).
    package func noteTag(of hash: Data, withoutTag untagged: Data) throws {
        try run("INSERT OR IGNORE INTO tagged_address (hash, untagged_hash) VALUES (?, ?)", [hash, untagged])
    }

    /// Adds a user; their address becomes internal (V5).
    ///
    /// - Parameter addressHash: the keyed hash of `normalizedEmail`.
    package func insertUser(_ user: NewUser, addressHash: Data, at now: Timestamp) throws -> UserID {
        let id = try insert(
            """
            INSERT INTO user (email, normalized_email, domain, name, profile, status, role_id, locale, password_hash,
                              created_at, deactivated_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                user.email, user.normalizedEmail, user.domain, user.name, user.profile.rawValue,
                user.status.rawValue, user.role?.rawValue, user.locale.rawValue, user.passwordHash, now.rawValue,
                user.status == .inactive ? now.rawValue : nil,
            ]
        )
        try addInternalAddress(addressHash, of: UserID(rawValue: id), kind: .user)
        return UserID(rawValue: id)
    }

    /// Gives a user another address of their own (V2, V5).
    package func addAlias(_ address: String, normalized: String, hash: Data, to user: UserID) throws {
        try run(
            "INSERT OR REPLACE INTO user_alias (normalized_address, user_id, address) VALUES (?, ?, ?)",
            [normalized, user.rawValue, address]
        )
        try addInternalAddress(hash, of: user, kind: .alias)
    }

    /// Takes an alias from a user.
    package func removeAlias(normalized: String, hash: Data, from user: UserID) throws {
        try run(
            "DELETE FROM user_alias WHERE normalized_address = ? AND user_id = ?",
            [normalized, user.rawValue]
        )
        try run(
            "DELETE FROM internal_address WHERE hash = ? AND user_id = ? AND kind = 'alias'",
            [hash, user.rawValue]
        )
    }

    /// Makes an address one of the organisation's own (V5).
    package func addInternalAddress(_ hash: Data, of user: UserID, kind: InternalAddressKind) throws {
        try run(
            "INSERT OR IGNORE INTO internal_address (hash, user_id, kind) VALUES (?, ?, ?)",
            [hash, user.rawValue, kind.rawValue]
        )
    }

    /// Changes name, profile, role and locale.
    package func updateUser(_ user: User) throws {
        try run(
            "UPDATE user SET name = ?, profile = ?, role_id = ?, locale = ? WHERE id = ?",
            [user.name, user.profile.rawValue, user.role?.rawValue, user.locale.rawValue, user.id.rawValue]
        )
    }

    /// Stores a password's hash; sessions and one-time links that stood before it end.
    package func setPasswordHash(_ hash: String, of user: UserID) throws {
        try run("UPDATE user SET password_hash = ? WHERE id = ?", [hash, user.rawValue])
        try endSessions(of: user)
        try removeInvitation(of: user)
    }

    /// Makes a user inactive; nothing is deleted (design decision 11).
    ///
    /// Their sessions and tokens end (U1), and their mailbox is read no further but by backups: a synchronisation that waits or is
    /// at work ends.
    package func deactivate(_ user: UserID, at now: Timestamp) throws {
        try run(
            """
            UPDATE job SET state = 'cancelled', ended_at = ?, error = NULL, error_detail = NULL, lease = NULL,
                lease_until = NULL
            WHERE user_id = ? AND kind = 'synchronise' AND state IN ('waiting', 'running')
            """,
            [now.rawValue, user.rawValue]
        )
        try endSessions(of: user)
        try revokeClients(of: user, at: now)
        try removeInvitation(of: user)
        try run("UPDATE user SET status = 'inactive', deactivated_at = ? WHERE id = ?", [now.rawValue, user.rawValue])
    }

    /// Makes a user active again; the moment counts for N3.
    ///
    /// What was saved before it is saved before it, whatever the clock says. A backup source that was attached for
    /// the leaver is not one of an active user (L9).
    package func activate(_ user: UserID, at now: Timestamp) throws {
        try run(
            """
            UPDATE user SET status = 'active', reactivated_at =
                (SELECT MAX(:now, COALESCE((SELECT saved_at + 1 FROM mail_addon WHERE user_id = :user), :now)))
            WHERE id = :user
            """,
            ["now": now.rawValue, "user": user.rawValue]
        )
        try run("DELETE FROM backup_source WHERE user_id = ?", [user.rawValue])
    }

    /// Adds a role, or finds the one of that name.
    package func ensureRole(named name: String) throws -> RoleID {
        if let row = try row("SELECT id FROM role WHERE name = ?", [name]) { return RoleID(rawValue: row["id"]) }
        return RoleID(rawValue: try insert("INSERT INTO role (name) VALUES (?)", [name]))
    }

    /// Sets what a role reports to.
    ///
    /// Call `rebuildRoleHierarchy` after the last of several.
    package func setSuperior(of role: RoleID, to superior: RoleID?) throws {
        try run("UPDATE role SET reports_to = ? WHERE id = ?", [superior?.rawValue, role.rawValue])
    }

    /// Computes the closure of the role hierarchy anew.
    ///
    /// - Returns: false when the hierarchy has a cycle; the caller then gives the transaction up.
    package func rebuildRoleHierarchy() throws -> Bool {
        try run("DELETE FROM role_superior")
        try run(
            """
            WITH RECURSIVE above (role_id, superior_id) AS (
                SELECT id, reports_to FROM role WHERE reports_to IS NOT NULL
                UNION
                SELECT above.role_id, role.reports_to FROM above JOIN role ON role.id = above.superior_id
                WHERE role.reports_to IS NOT NULL
            )
            INSERT INTO role_superior SELECT role_id, superior_id FROM above
            """
        )
        return try !exists("SELECT 1 FROM role_superior WHERE role_id = superior_id")
    }
}

/// Where an internal address comes from.
///
/// Only the first and the last are given by administrators (V2).
package enum InternalAddressKind: String, Sendable, CaseIterable {
    case user
    case mailbox
    case alias
}
