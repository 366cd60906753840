import MailkeepModel
import Testing

@testable import MailkeepStore

@Suite("The page of mail add-on users, from the database (P2–P4)")
struct MailAddonPageTests {
    /// Users by letter: active a to d, inactive x to z; all others of the organisation have no settings.
    private struct Office: Sendable {
        var users: [String: UserID] = [:]

        func names(_ page: Page<MailAddonUser>) -> String { page.items.map(\.user.name).joined(separator: " ") }
    }

    private static func office() async throws -> (Organization, Office) {
        try await Organization.make { scene in
            var office = Office()
            _ = try scene.user("nobody")
            let settings: [(String, SharingSetting)] = [
                ("Dora", .all), ("anna", .none), ("Ｂｅｎ", .recordLevel), ("ﾀﾞｲｽｹ", .all), ("xaver", .all), ("yuki", .all),
                ("zoe", .recordLevel),
            ]
            for (name, sharing) in settings {
                let user = try scene.user(name)
                office.users[name] = user
                try scene.mailbox(of: user, sharing, at: "box-\(user)@mail.example.jp")
            }
            let (anna, zoe) = try (#require(office.users["anna"]), #require(office.users["zoe"]))
            try scene.transaction.lockMailAddon(of: zoe, by: anna, at: scene.now)
            for name in ["xaver", "yuki", "zoe"] {
                try scene.transaction.deactivate(#require(office.users[name]), at: scene.now)
            }
            try scene.backup(of: #require(office.users["xaver"]), reaching: .completed)
            try scene.backup(of: #require(office.users["yuki"]), reaching: .completed)
            try scene.backup(of: #require(office.users["yuki"]), reaching: .failed)
            return office
        }
    }

    private static func find(
        _ status: UserStatus,
        _ change: @Sendable @escaping (inout MailAddonUserQuery) -> Void = { _ in }
    ) async throws -> String {
        let (organization, office) = try await office()
        var query = MailAddonUserQuery(status: status)
        change(&query)
        return try await organization.read { [query] in office.names(try $0.mailAddonUsers(query)) }
    }

    @Test("P2: a tab lists the users of its status whose settings are saved, and tells how many")
    func tabs() async throws {
        let (organization, office) = try await Self.office()
        try await organization.read { transaction throws in
            let active = try transaction.mailAddonUsers(MailAddonUserQuery(status: .active))
            #expect(office.names(active) == "anna Dora Ｂｅｎ ﾀﾞｲｽｹ")
            #expect(active.total == 4)
            #expect(try transaction.mailAddonUserCount(.active) == 4)
            #expect(try transaction.mailAddonUserCount(.inactive) == 3)
            let nobody = try transaction.user(normalizedEmail: "nobody@example.jp")
            #expect(try transaction.mailAddonUser(#require(nobody).id) == nil)
        }
    }

    @Test("Pages follow each other without gap or repetition, in either direction")
    func pages() async throws {
        let (organization, office) = try await Self.office()
        try await organization.read { transaction throws in
            for isDescending in [false, true] {
                var names: [String] = []
                for number in 1...2 {
                    let sorting = Sorting(by: MailAddonUserQuery.Key.sharing, isDescending: isDescending)
                    let page = PageRequest(number, size: 3)
                    let query = MailAddonUserQuery(status: .active, sorting: sorting, page: page)
                    let found = try transaction.mailAddonUsers(query)
                    #expect(found.hasMore == (number == 1))
                    #expect(found.total == 4)
                    names.append(office.names(found))
                }
                let expected = ["anna Ｂｅｎ Dora", "ﾀﾞｲｽｹ"]
                #expect(names == (isDescending ? ["ﾀﾞｲｽｹ Dora Ｂｅｎ", "anna"] : expected))
            }
        }
    }

    @Test(
        "The search finds part of a name or address in any case and width, and takes % and _ as they are",
        arguments: [
            ("DORA", "Dora"), ("ben", "Ｂｅｎ"), ("ｂＥ", "Ｂｅｎ"), ("ダイ", "ﾀﾞｲｽｹ"), ("ﾀﾞｲ", "ﾀﾞｲｽｹ"), ("タイ", ""),
            ("mail.EXAMPLE", "anna Dora Ｂｅｎ ﾀﾞｲｽｹ"), ("anna@example", "anna"), ("%", ""), ("_", ""),
            ("  ", "anna Dora Ｂｅｎ ﾀﾞｲｽｹ"),
            ("'", ""), ("nobody", ""),
        ]
    )
    func search(_ search: String, _ expected: String) async throws {
        #expect(try await Self.find(.active) { $0.search = search } == expected)
    }

    @Test("Filters on sharing, lock, account type and backup go together")
    func filters() async throws {
        #expect(try await Self.find(.active) { $0.sharing = .all } == "Dora ﾀﾞｲｽｹ")
        #expect(try await Self.find(.active) { $0.isLocked = true } == "")
        #expect(try await Self.find(.inactive) { $0.isLocked = true } == "zoe")
        #expect(try await Self.find(.inactive) { $0.isLocked = false } == "xaver yuki")
        #expect(try await Self.find(.active) { $0.accountType = .gmail } == "")
        #expect(try await Self.find(.active) { ($0.accountType, $0.sharing) = (.imap, SharingSetting.none) } == "anna")
    }

    @Test(
        "P4: the filter on backups finds what is shown: the standing one, and a later attempt beside it",
        arguments: [
            (MailAddonUserQuery.Backup.none, "zoe"), (.status(.completed), "xaver yuki"), (.status(.failed), "yuki"),
            (.status(.waiting), ""), (.status(.inProgress), ""), (.status(.cancelled), ""),
        ]
    )
    func backups(_ backup: MailAddonUserQuery.Backup, _ expected: String) async throws {
        #expect(try await Self.find(.inactive) { $0.backup = backup } == expected)
        #expect(MailAddonUserQuery.Backup(rawValue: backup.rawValue) == backup)
    }

    @Test(
        "Every column sorts in both directions, and what a row lacks comes last",
        arguments: MailAddonUserQuery.Key.allCases
    )
    func sorting(_ key: MailAddonUserQuery.Key) async throws {
        let rising = try await Self.find(.inactive) { $0.sorting = Sorting(by: key) }
        let falling = try await Self.find(.inactive) { $0.sorting = Sorting(by: key, isDescending: true) }
        switch key {
        case .name, .mailbox: #expect((rising, falling) == ("xaver yuki zoe", "zoe yuki xaver"))
        case .accountType, .lastSync: #expect((rising, falling) == ("xaver yuki zoe", "zoe yuki xaver"))
        case .sharing: #expect((rising, falling) == ("zoe xaver yuki", "yuki xaver zoe"))
        case .lock: #expect((rising, falling) == ("zoe xaver yuki", "zoe yuki xaver"))
        case .backup: #expect((rising, falling) == ("zoe xaver yuki", "yuki xaver zoe"))
        case .messages, .takenAt: #expect((rising, falling) == ("xaver yuki zoe", "yuki xaver zoe"))
        }
    }

    @Test("A row holds what the rules and the page need")
    func row() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let (yuki, zoe) = try (#require(office.users["yuki"]), #require(office.users["zoe"]))
            let transaction = scene.transaction
            try transaction.attachBackupSource(
                BackupSource(path: "/mail/zoe.mbox", attachedBy: yuki, attachedAt: scene.now),
                to: zoe
            )
            _ = try scene.requestBackup(of: zoe)
            let row = try #require(try transaction.mailAddonUser(zoe))
            #expect(row.source == AttachedSource(kind: .file, attachedBy: yuki, attachedAt: scene.now))
            #expect(row.attempt?.status == .waiting)
            #expect(row.standing == nil)
            #expect(row.target.backups == (try transaction.backupState(of: zoe)))
            #expect(row.target.addon == (try transaction.mailAddon(of: zoe)?.state))
            let failed = try #require(try transaction.mailAddonUser(yuki))
            #expect(failed.standing?.status == .completed)
            #expect(failed.attempt?.status == .failed)
            #expect(failed.target.backups == (try transaction.backupState(of: yuki)))
            #expect(failed.source == nil)
        }
    }
}
