import MailkeepModel
import Testing

@testable import MailkeepStore

@Suite("Access to a record (V1, V3)")
struct AccessTests {
    private struct Office: Sendable {
        let stage: Stage
        let mailbox: MailboxID
        let message: MessageID
    }

    private static func office() async throws -> (Organization, Office) {
        try await Organization.make { scene in
            let stage = try Stage(scene)
            let mailbox = try scene.mailbox(of: scene.user("colleague"), .all)
            try scene.mail("mail", in: mailbox, [Stage.customer: .from])
            return Office(stage: stage, mailbox: mailbox, message: try scene.message("mail"))
        }
    }

    /// Whether somebody sees the mail on every page, or on none, by every way in.
    private static func sees(_ viewer: UserID, _ office: Office, _ transaction: ReadTransaction) throws -> Bool {
        let answers = try Stage.records.flatMap { record in
            [
                try transaction.isAssociated(viewer, with: record),
                try !transaction.visibleMessages(on: record, to: viewer).isEmpty,
                try transaction.visibleMessage(office.message, on: record, to: viewer) != nil,
            ]
        }
        #expect(Set(answers).count == 1)
        return answers.contains(true)
    }

    @Test("V1: what is absent and what is forbidden look alike")
    func absentAndForbidden() async throws {
        let (organization, office) = try await Self.office()
        try await organization.read { transaction throws in
            let absentRecord = RecordKey(module: .contacts, id: Identifier(rawValue: 99))
            let absentMessage = MessageID(rawValue: 99)
            let (outsider, insider) = (office.stage.unrelated, office.stage.shared)
            for (viewer, record) in [(outsider, Stage.contact), (outsider, absentRecord), (insider, absentRecord)] {
                #expect(try transaction.isAssociated(viewer, with: record) == false)
                #expect(try transaction.visibleMessages(on: record, to: viewer).isEmpty)
                #expect(try transaction.visibleMessage(office.message, on: record, to: viewer) == nil)
                #expect(try transaction.visibleMessage(absentMessage, on: record, to: viewer) == nil)
            }
            #expect(try transaction.visibleMessage(absentMessage, on: Stage.contact, to: insider) == nil)
            #expect(try transaction.visibleMessage(office.message, on: Stage.contact, to: insider) != nil)
        }
    }

    @Test("V1: a message of another record is not there, though the viewer may open that one too")
    func otherRecord() async throws {
        let (organization, office) = try await Self.office()
        let seen = try await organization.change { scene in
            let other = try scene.record(.leads, 5, owner: office.stage.shared, addresses: ["x@customer.example"])
            return try scene.transaction.visibleMessage(office.message, on: other, to: office.stage.shared)
        }
        #expect(seen == nil)
    }

    @Test("V3: a share withdrawn or a record reassigned takes effect at once")
    func sharesAndOwners() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let stage = office.stage
            #expect(try Self.sees(stage.shared, office, scene.transaction))
            #expect(try Self.sees(stage.owner, office, scene.transaction))
            #expect(try Self.sees(stage.unrelated, office, scene.transaction) == false)
            try scene.record(.accounts, 1, owner: stage.unrelated)
            try scene.record(
                .contacts,
                1,
                owner: stage.unrelated,
                addresses: [Stage.customer],
                account: Stage.account
            )
            try scene.record(.deals, 1, owner: stage.unrelated, contact: Stage.contact)
            #expect(try Self.sees(stage.shared, office, scene.transaction) == false)
            #expect(try Self.sees(stage.owner, office, scene.transaction) == false)
            #expect(try Self.sees(stage.unrelated, office, scene.transaction))
        }
    }

    @Test("V3: a role moved in the hierarchy, or a user moved to another role, takes effect at once")
    func roles() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let transaction = scene.transaction
            let director = try #require(try transaction.user(normalizedEmail: "director@example.jp"))
            let manager = try #require(try transaction.user(normalizedEmail: "manager@example.jp"))
            #expect(try Self.sees(director.id, office, transaction))
            // The manager's branch now reports to nobody, then again to the director.
            let role = try #require(manager.role)
            try transaction.setSuperior(of: role, to: nil)
            #expect(try transaction.rebuildRoleHierarchy())
            #expect(try Self.sees(director.id, office, transaction) == false)
            #expect(try Self.sees(manager.id, office, transaction))
            try transaction.setSuperior(of: role, to: director.role)
            #expect(try transaction.rebuildRoleHierarchy())
            #expect(try Self.sees(director.id, office, transaction))

            var owner = try #require(try transaction.user(office.stage.owner))
            owner.role = nil
            try transaction.updateUser(owner)
            #expect(try Self.sees(director.id, office, transaction) == false)
            #expect(try Self.sees(manager.id, office, transaction) == false)
            #expect(try Self.sees(owner.id, office, transaction))
        }
    }

    @Test("Administrators are associated with every record unless the organisation has taken them out")
    func administrators() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let stage = office.stage
            #expect(try Self.sees(stage.administrator, office, scene.transaction))
            try scene.transaction.setAdministratorsSeeRecords(false)
            #expect(try Self.sees(stage.administrator, office, scene.transaction) == false)
            #expect(try Self.sees(stage.sharedAdministrator, office, scene.transaction))
            try scene.transaction.setAdministratorsSeeRecords(true)
            #expect(try Self.sees(stage.administrator, office, scene.transaction))
        }
    }

    @Test("A viewer who becomes inactive sees nothing any more, also of their own mail, until they are active again")
    func inactiveViewer() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let viewer = office.stage.shared
            let mailbox = try scene.mailbox(of: viewer, .none)
            try scene.mail("own", in: mailbox, [Stage.customer: .to])
            try scene.transaction.deactivate(viewer, at: scene.now)
            #expect(try Self.sees(viewer, office, scene.transaction) == false)
            try scene.transaction.activate(viewer, at: scene.now)
            #expect(try Self.sees(viewer, office, scene.transaction))
            let own = try scene.transaction.visibleMessage(scene.message("own"), on: Stage.contact, to: viewer)
            #expect(own?.ground == .own)
        }
    }

    @Test("Pages of a record's mail follow one another, newest first")
    func pages() async throws {
        let (organization, office) = try await Self.office()
        let pages = try await organization.change { scene in
            for day in [2, 4, 1, 3] {
                let sentAt = scene.now.advanced(byMilliseconds: Int64(day % 3) * 86_400_000)
                try scene.mail("day \(day)", in: office.mailbox, sentAt: sentAt, [Stage.customer: .from])
            }
            return try [0, 2, 4, 6].map { offset in
                try scene.transaction.visibleMessages(
                    on: Stage.contact,
                    to: office.stage.shared,
                    offset: offset,
                    limit: 2
                ).map(\.summary.subject)
            }
        }
        // Of the same moment, what was stored later stands first.
        #expect(pages == [["day 2", "day 1"], ["day 4", "day 3"], ["mail"], []])
    }
}
