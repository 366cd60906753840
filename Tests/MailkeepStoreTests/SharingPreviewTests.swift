import MailkeepModel
import Testing

@testable import MailkeepStore

@Suite("What others would see under a sharing setting")
struct SharingPreviewTests {
    /// An organisation made at random, and what the tests need to know of it to count by hand.
    private struct World: Sendable {
        struct Mail: Sendable {
            let subject: String
            let addresses: Set<String>
        }

        var users: [UserID] = []
        var records: [Record] = []
        var sharedRecords: Set<RecordKey> = []
        var mails: [Mail] = []
        var internalAddresses: Set<String> = []
    }

    @Test("The counts are those of the policy, in organisations made at random", arguments: 0..<24)
    func counts(seed: UInt64) async throws {
        let (organization, world) = try await Organization.make { try Self.world(seed: seed, in: $0) }
        let owner = try #require(world.users.first)
        for sharing in SharingSetting.allCases {
            let preview = try await organization.read { try $0.preview(of: sharing, for: owner) }
            let expected = try await organization.read { try Self.expected(sharing, world, $0) }
            #expect(preview == expected)
        }
    }

    @Test("Mail that is counted once stands on several pages, in several folders, and before several people")
    func distinct() async throws {
        let (organization, stage) = try await Organization.make { scene in
            let stage = try Stage(scene)
            let mailbox = try scene.mailbox(of: stage.owner, .recordLevel)
            for folder in ["INBOX", "Sent"] {
                try scene.mail("one", in: mailbox, folder: folder, [Stage.customer: .from])
            }
            try scene.mail("private", in: mailbox, ["friend@private.example": .from])
            _ = try scene.transaction.shareEmails(of: stage.owner, on: Stage.deal, at: scene.now)
            return stage
        }
        try await organization.read { transaction throws in
            let others = stage.viewers.filter { $0.isAssociated }.count - 1
            let preview = { try transaction.preview(of: $0, for: stage.owner) }
            #expect(try preview(.none) == SharingPreview(sharing: .none, messages: 0, records: 0, users: 0))
            #expect(
                try preview(.recordLevel)
                    == SharingPreview(sharing: .recordLevel, messages: 1, records: 1, users: others)
            )
            #expect(try preview(.all) == SharingPreview(sharing: .all, messages: 1, records: 3, users: others))
        }
    }

    private static func world(seed: UInt64, in scene: Scene) throws -> World {
        var random = Numbers(state: seed &* 0x9E37_79B9_7F4A_7C15 &+ 1)
        var world = World()
        try scene.transaction.setAdministratorsSeeRecords(random.next(2) == 0)
        let top = try scene.role("top")
        let roles = [top, try scene.role("middle", under: top)]
        for number in 0..<6 {
            let status: UserStatus = number > 0 && random.next(4) == 0 ? .inactive : .active
            let profile: Profile = random.next(4) == 0 ? .administrator : .standard
            let role = random.next(3) == 0 ? nil : roles[random.next(2)]
            world.users.append(try scene.user("user\(number)", profile, status: status, role: role))
        }
        world.internalAddresses = Set((0..<6).map { "user\($0)@example.jp" })
        let customers = (0..<4).map { "customer\($0)@customer.example" }
        let addresses = customers + ["user1@example.jp"]
        for (module, ids) in [(Module.accounts, 1...2), (.leads, 1...2), (.contacts, 1...4), (.deals, 1...3)] {
            for id in ids {
                let owner = world.users[random.next(6)]
                let sharedWith = world.users.filter { _ in random.next(4) == 0 }
                let linked = { (module: Module, count: Int) in
                    RecordKey(module: module, id: Identifier(rawValue: Int64(random.next(count) + 1)))
                }
                let record = Record(
                    key: RecordKey(module: module, id: Identifier(rawValue: Int64(id))),
                    owner: owner,
                    name: "\(module) \(id)",
                    addresses: addresses.filter { _ in random.next(3) == 0 }.map {
                        RecordAddress(address: $0, hash: scene.hash($0))
                    },
                    account: module == .contacts && random.next(2) == 0 ? linked(.accounts, 2) : nil,
                    contact: module == .deals && random.next(3) > 0 ? linked(.contacts, 4) : nil,
                    sharedWith: sharedWith
                )
                try scene.transaction.upsertRecord(record, at: scene.now)
                world.records.append(record)
                if random.next(2) == 0 {
                    world.sharedRecords.insert(record.key)
                    _ = try scene.transaction.shareEmails(of: world.users[0], on: record.key, at: scene.now)
                }
            }
        }
        let mailbox = try scene.mailbox(of: world.users[0], .recordLevel, at: "box@example.jp")
        let stranger = try scene.mailbox(of: world.users[1], .all, at: "other@example.jp")
        for number in 0..<8 {
            let chosen = Set(addresses.filter { _ in random.next(4) == 0 })
            let fields = Dictionary(uniqueKeysWithValues: chosen.map { ($0, AddressFields.to) })
            try scene.mail("mail\(number)", in: number < 6 ? mailbox : stranger, fields)
            if number < 6 { world.mails.append(World.Mail(subject: "mail\(number)", addresses: chosen)) }
        }
        // Seen, but never stored.
        try scene.mail(nil, in: mailbox, [customers[0]: .from])
        return world
    }

    /// Counts by the policy: who, on which record, sees which of the first user's mails.
    private static func expected(
        _ sharing: SharingSetting,
        _ world: World,
        _ transaction: ReadTransaction
    ) throws -> SharingPreview {
        var (messages, records, users) = (Set<String>(), Set<RecordKey>(), Set<UserID>())
        for record in world.records {
            let sources = world.records.filter { source in
                record.key == source.key
                    || record.key.module == .accounts && source.key.module == .contacts && source.account == record.key
                    || record.key.module == .deals && record.contact == source.key
            }
            let addresses = Set(
                sources.flatMap { source in
                    source.addresses.map(\.address).filter {
                        VisibilityPolicy.associates(
                            module: source.key.module,
                            match: .init(
                                form: .exact,
                                recordAddressIsInternal: world.internalAddresses.contains($0)
                            ),
                            ignoresTags: false
                        )
                    }
                }
            )
            for viewer in world.users.dropFirst() {
                let isAssociated = try transaction.isAssociated(viewer, with: record.key)
                for mail in world.mails where !mail.addresses.isDisjoint(with: addresses) {
                    let copy = VisibilityPolicy.Copy(
                        viewerIsOwner: false,
                        ownerIsActive: true,
                        sharing: sharing,
                        isSharedOnRecord: world.sharedRecords.contains(record.key),
                        viewerIsCorrespondent: false,
                        isBackedUp: false
                    )
                    guard VisibilityPolicy.ground(of: copy, viewerIsAssociated: isAssociated) != nil else { continue }
                    messages.insert(mail.subject)
                    records.insert(record.key)
                    users.insert(viewer)
                }
            }
        }
        return SharingPreview(sharing: sharing, messages: messages.count, records: records.count, users: users.count)
    }

    /// The same numbers on every run (SplitMix64).
    private struct Numbers {
        var state: UInt64

        mutating func next(_ bound: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int((value ^ (value >> 31)) % UInt64(bound))
        }
    }
}
