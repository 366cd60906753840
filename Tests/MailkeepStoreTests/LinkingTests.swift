import GRDB
import MailkeepModel
import Testing

@testable import MailkeepStore

@Suite("How far older mail is linked is counted, and told to whom it concerns")
struct LinkingTests {
    private static func look(for address: String, _ scene: Scene) throws {
        try scene.transaction.run("INSERT INTO address_change (hash) VALUES (?)", [scene.hash(address)])
    }

    private static func synchronisation(of user: UserID, _ scene: Scene) throws -> JobID {
        try scene.transaction.insertJob(.synchronise, user: user, permissions: JobPermissions(), at: scene.now)
    }

    @Test("Addresses are counted until their older mail is looked through, and its bodies until they are read")
    func counts() async throws {
        let (organization, _) = try await Organization.make { scene in
            let owner = try scene.user("owner")
            let mailbox = try scene.mailbox(of: owner, .none)
            // More mails than are looked through at once.
            var entries: [Int64] = []
            for _ in 1...501 { entries.append(try scene.mail(nil, in: mailbox, [Stage.customer: .from])) }
            #expect(try scene.transaction.linkingProgress() == LinkingProgress(addresses: 0, mails: 0))
            try scene.record(.contacts, 1, owner: owner, addresses: [Stage.customer, "other@customer.example"])
            let begun = try scene.transaction.linkingProgress()
            #expect((1...2).contains(begun.addresses) && begun.mails >= 499)
            while try scene.transaction.linkChangedAddresses(limit: 1000, at: scene.now) {}
            #expect(try scene.transaction.linkingProgress() == LinkingProgress(addresses: 0, mails: 501))
            // What the server refuses to give is not waited for.
            try scene.transaction.run("UPDATE entry SET skipped = 'unreadable' WHERE id = ?", [entries[0]])
            try scene.transaction.recordMessages([scene.fetched("read", as: entries[1])])
            #expect(try scene.transaction.linkingProgress().mails == 499)
            let job = try Self.synchronisation(of: owner, scene)
            try scene.transaction.endJob(job, as: .failed, at: scene.now)
            #expect(try scene.transaction.linkingProgress().mails == 0)
        }
        withExtendedLifetime(organization) {}
    }

    @Test("V1: that a record's mail is still looked for is told to who may open it, on the pages that it is for")
    func lookedFor() async throws {
        let (organization, _) = try await Organization.make { scene in
            let stage = try Stage(scene)
            let other = try scene.record(.contacts, 2, owner: stage.owner, addresses: ["other@customer.example"])
            let told = { (record: RecordKey) in
                try stage.viewers.map { try scene.transaction.linking(of: record, for: $0.id).isLookedFor }
            }
            for record in Stage.records { #expect(try told(record).allSatisfy { !$0 }) }
            try Self.look(for: Stage.customer, scene)
            for record in Stage.records { #expect(try told(record) == stage.viewers.map(\.isAssociated)) }
            #expect(try told(other).allSatisfy { !$0 })
            #expect(try told(RecordKey(module: .leads, id: Identifier(rawValue: 99))).allSatisfy { !$0 })
        }
        withExtendedLifetime(organization) {}
    }

    @Test("V5: an address of a user's own is not looked for, whatever record carries it")
    func ownAddresses() async throws {
        let (organization, _) = try await Organization.make { scene in
            let owner = try scene.user("owner")
            let record = try scene.record(.contacts, 1, owner: owner, addresses: ["owner@example.jp"])
            try Self.look(for: "owner@example.jp", scene)
            #expect(try !scene.transaction.linking(of: record, for: owner).isLookedFor)
        }
        withExtendedLifetime(organization) {}
    }

    @Test(
        "V: that mail is found is told to whom it will be shown, and to nobody else",
        arguments: SharingSetting.allCases
    )
    func beingRead(sharing: SharingSetting) async throws {
        let (organization, _) = try await Organization.make { scene in
            let stage = try Stage(scene)
            let mailbox = try scene.mailbox(of: stage.shared, sharing)
            let entry = try scene.mail(nil, in: mailbox, [Stage.customer: .from])
            let told = {
                try Stage.records.flatMap { record in
                    try stage.viewers.map { try scene.transaction.linking(of: record, for: $0.id).isBeingRead }
                }
            }
            // Nothing is at work that would read it.
            #expect(try told().allSatisfy { !$0 })
            _ = try Self.synchronisation(of: stage.shared, scene)
            let awaited = try told()
            try scene.transaction.recordMessages([scene.fetched("mail", as: entry)])
            let seen = try Stage.records.flatMap { record in
                try stage.viewers.map { try !scene.transaction.visibleMessages(on: record, to: $0.id).isEmpty }
            }
            #expect(awaited == seen)
            #expect(awaited.contains(true))
            #expect(try told().allSatisfy { !$0 })
        }
        withExtendedLifetime(organization) {}
    }
}
