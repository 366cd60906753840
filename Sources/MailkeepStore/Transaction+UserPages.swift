import GRDB
package import MailkeepModel

extension ReadTransaction {
    /// A page of the users of the organisation, with how many all pages have.
    package func users(_ query: UserQuery) throws -> Page<User> {
        var conditions = ["TRUE"]
        var arguments: StatementArguments = [:]
        if let term = SearchText.term(query.search) {
            let texts = ["user.name", "user.email"].map(SearchText.isPart)
            conditions.append("(\(texts.joined(separator: " OR ")))")
            arguments += ["search": term]
        }
        if let status = query.status {
            conditions.append("user.status = :status")
            arguments += ["status": status.rawValue]
        }
        if let profile = query.profile {
            conditions.append("user.profile = :profile")
            arguments += ["profile": profile.rawValue]
        }
        if let role = query.role {
            conditions.append("user.role_id = :role")
            arguments += ["role": role.rawValue]
        }
        if let awaits = query.awaitsAcceptance {
            conditions.append("\(awaits ? "" : "NOT ")(\(Self.awaitsAcceptance))")
        }
        if let ids = query.ids {
            conditions.append("user.id IN (\(ids.map(\.description).joined(separator: ", ")))")
        }
        let condition = conditions.joined(separator: " AND ")
        let direction = query.sorting.isDescending ? "DESC" : "ASC"
        let found = try rows(
            """
            SELECT user.* FROM user LEFT JOIN role ON role.id = user.role_id WHERE \(condition)
            ORDER BY \(query.sorting.key.column) \(direction)\(query.sorting.key == .role ? " NULLS LAST" : ""), user.id \(direction)
            LIMIT :limit OFFSET :offset
            """,
            arguments + ["limit": query.page.limit, "offset": query.page.offset]
        )
        let total =
            try query.page.total(with: found.count)
            ?? row("SELECT COUNT(*) AS n FROM user WHERE \(condition)", arguments)?["n"]
        return Page(found.map(Self.user), of: query.page, total: total)
    }

    /// The names of some users.
    package func userNames(_ ids: some Sequence<UserID>) throws -> [UserID: String] {
        var names: [UserID: String] = [:]
        for id in ids where names[id] == nil {
            names[id] = try row("SELECT name FROM user WHERE id = ?", [id.rawValue])?["name"]
        }
        return names
    }
}

extension UserQuery.Key {
    fileprivate var column: String {
        switch self {
        case .name: "user.name COLLATE NOCASE"
        case .email: "user.normalized_email"
        case .role: "role.name COLLATE NOCASE"
        case .profile: "user.profile"
        case .status: "user.status"
        }
    }
}
