/// Which users of the organisation are asked for, and in which order.
package struct UserQuery: Sendable, Equatable {
    /// By what the list can be sorted.
    package enum Key: String, Sendable, CaseIterable {
        case name
        case email
        case role
        case profile
        case status
    }

    /// Part of the name or the address, in any case and width; empty asks for all.
    package var search: String
    package var status: UserStatus?
    package var profile: Profile?
    package var role: RoleID?
    /// Whether they were invited and have chosen no password yet.
    package var awaitsAcceptance: Bool?
    /// Only these.
    package var ids: [UserID]?
    package var sorting: Sorting<Key>
    package var page: PageRequest

    package init(
        search: String = "",
        status: UserStatus? = nil,
        profile: Profile? = nil,
        role: RoleID? = nil,
        sorting: Sorting<Key> = Sorting(by: .name),
        page: PageRequest = PageRequest()
    ) {
        self.search = search
        self.status = status
        self.profile = profile
        self.role = role
        self.sorting = sorting
        self.page = page
    }
}
