import MailkeepModel
import MailkeepStore

/// A contact with its account and deal, and everybody who might look at them.
struct Stage: Sendable {
    static let account = RecordKey(module: .accounts, id: Identifier(rawValue: 1))
    static let contact = RecordKey(module: .contacts, id: Identifier(rawValue: 1))
    static let deal = RecordKey(module: .deals, id: Identifier(rawValue: 1))
    static let records = [contact, account, deal]
    /// The contact's address.
    static let customer = "customer@customer.example"

    struct Viewer: Sendable {
        let name: String
        let id: UserID
        let isAssociated: Bool

        init(_ name: String, _ id: UserID, isAssociated: Bool) {
            self.name = name
            self.id = id
            self.isAssociated = isAssociated
        }
    }

    let owner: UserID
    let shared: UserID
    let unrelated: UserID
    let administrator: UserID
    let sharedAdministrator: UserID
    let viewers: [Viewer]
    private let sharedWith: [UserID]

    init(_ scene: Scene) throws {
        let director = try scene.role("director")
        let manager = try scene.role("manager", under: director)
        let seller = try scene.role("seller", under: manager)
        let assistant = try scene.role("assistant", under: seller)
        let neighbour = try scene.role("neighbour", under: director)
        owner = try scene.user("owner", role: seller)
        shared = try scene.user("shared", role: assistant)
        unrelated = try scene.user("unrelated")
        administrator = try scene.user("administrator", .administrator)
        sharedAdministrator = try scene.user("shared-administrator", .administrator)
        let inactive = try scene.user("inactive", status: .inactive)
        viewers = [
            Viewer("the record's owner", owner, isAssociated: true),
            Viewer("a user whom it is shared with", shared, isAssociated: true),
            Viewer("the owner's superior", try scene.user("manager", role: manager), isAssociated: true),
            Viewer("that one's superior", try scene.user("director", role: director), isAssociated: true),
            Viewer("a subordinate", try scene.user("assistant", role: assistant), isAssociated: false),
            Viewer("a peer", try scene.user("peer", role: seller), isAssociated: false),
            Viewer("a user of another branch", try scene.user("neighbour", role: neighbour), isAssociated: false),
            Viewer("an administrator", administrator, isAssociated: true),
            Viewer("an administrator whom it is shared with", sharedAdministrator, isAssociated: true),
            Viewer(
                "an inactive administrator",
                try scene.user("former-administrator", .administrator, status: .inactive),
                isAssociated: false
            ),
            Viewer(
                "an inactive superior",
                try scene.user("former-manager", status: .inactive, role: manager),
                isAssociated: false
            ),
            Viewer("an inactive user whom it is shared with", inactive, isAssociated: false),
            Viewer("an unrelated user", unrelated, isAssociated: false),
            Viewer("nobody", UserID(rawValue: 1_000_000), isAssociated: false),
        ]
        sharedWith = [shared, sharedAdministrator, inactive]
        try open(to: [], in: scene)
    }

    /// Shares the three records with some more users.
    func open(to users: [UserID], in scene: Scene) throws {
        let users = sharedWith + users
        try scene.record(.accounts, 1, owner: owner, sharedWith: users)
        try scene.record(
            .contacts,
            1,
            owner: owner,
            addresses: [Self.customer],
            account: Self.account,
            sharedWith: users
        )
        try scene.record(.deals, 1, owner: owner, account: Self.account, contact: Self.contact, sharedWith: users)
    }
}
