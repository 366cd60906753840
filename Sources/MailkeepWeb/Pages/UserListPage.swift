import Hummingbird
import MailkeepApp
import MailkeepModel

/// What is asked for of the list of users.
struct UserListQuery {
    var query: UserQuery

    init(_ form: FormData) {
        query = UserQuery(
            search: form.text("q") ?? "",
            status: form["status"].flatMap { UserStatus(rawValue: $0) },
            profile: form["profile"].flatMap { Profile(rawValue: $0) },
            role: form["role"].flatMap { RoleID($0) },
            sorting: Sorting(form["sort"]) ?? Sorting(by: .name),
            page: PageRequest(form["page"].flatMap { Int($0) } ?? 1)
        )
    }

    var address: PageAddress {
        var address = PageAddress(UserPages.address)
        address.add("q", query.search)
        address.add("status", query.status?.rawValue)
        address.add("profile", query.profile?.rawValue)
        address.add("role", query.role?.description)
        if query.sorting != Sorting(by: .name) {
            address.add("sort", (query.sorting.isDescending ? "-" : "") + query.sorting.key.rawValue)
        }
        return address
    }
}

extension UserPages {
    func list(_ asked: UserListQuery, for context: SignedInContext) async throws -> Response {
        let page = try await site.mailkeep.perform(FindUsers(asked.query), as: context.caller)
        let roles = try await site.mailkeep.perform(ListRoles(), as: context.caller)
        let presenter = Presenter(context)
        let content = UserListPage(page, asked, roles: roles, presenter)
        return try await site.render(.users, title: presenter.wording.text(.usersTitle), content, for: context)
    }
}

private struct UserListPage {
    struct Row {
        let userAddress: String
        let userName: String
        let email: String
        let roleName: String
        let profileName: String
        let statusClass: String
        let statusName: String
        let isActive: Bool
    }

    let search: String
    let statuses: [Choice]
    let profiles: [Choice]
    let roles: [Choice]
    let columns: [SortableColumn]
    let rows: [Row]
    let isEmpty: Bool
    let countText: String
    let pager: Pager

    init(_ page: Page<UserShape>, _ asked: UserListQuery, roles: [RoleShape], _ presenter: Presenter) {
        let wording = presenter.wording
        let query = asked.query
        search = query.search
        let all = Choice("", wording.text(.filterAll), chosen: nil)
        statuses =
            [all]
            + [(UserStatus.active, WordingID.stActive), (.inactive, .stInactive)].map {
                Choice($0.0.rawValue, wording.text($0.1), chosen: query.status?.rawValue)
            }
        profiles =
            [all]
            + [Profile.administrator, .standard].map {
                Choice($0.rawValue, presenter.profile($0), chosen: query.profile?.rawValue)
            }
        self.roles = [all] + roles.map { Choice($0.id, $0.name, chosen: query.role?.description) }
        columns = [
            (WordingID.colUser, UserQuery.Key.name), (.colEmail, .email), (.colRole, .role), (.colProfile, .profile),
            (.colStatus, .status),
        ].map { SortableColumn(wording.text($0.0), $0.1, in: query.sorting, asked.address) }
        rows = page.items.map { user in
            let isActive = user.status == "active"
            let isInvited = isActive && user.awaits_acceptance == true
            return Row(
                userAddress: "\(UserPages.address)/\(user.id)",
                userName: user.full_name,
                email: user.email,
                roleName: user.role?.name ?? "",
                profileName: presenter.profile(user.profile.id == "1" ? .administrator : .standard),
                statusClass: isInvited ? "invited" : isActive ? "active" : "inactive",
                statusName: isInvited
                    ? wording.text(.usersInvited) : wording.text(isActive ? .stActive : .stInactive),
                isActive: isActive
            )
        }
        isEmpty = rows.isEmpty
        countText = wording.text(.usersCount, ["n": presenter.number(page.total ?? page.items.count)])
        pager = Pager(page, asked.address, presenter)
    }
}
