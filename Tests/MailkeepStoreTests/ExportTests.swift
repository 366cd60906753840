import MailkeepModel
import Testing

@testable import MailkeepStore

@Suite("What of a backup a viewer may take out (B7, V)")
struct ExportTests {
    /// A leaver's completed backup of a mail with the stage's contact, and of one with a lead of the owner's.
    private static func office() async throws -> (Organization, (Stage, BackupDetails)) {
        try await Organization.make { scene in
            let stage = try Stage(scene)
            try scene.record(.leads, 1, owner: stage.owner, addresses: ["lead@customer.example"])
            let leaver = try scene.user("leaver")
            let mailbox = try scene.mailbox(of: leaver, .recordLevel)
            try scene.mail("contact", in: mailbox, [Stage.customer: .from])
            try scene.mail("lead", in: mailbox, ["lead@customer.example": .from])
            let backup = try scene.backup(of: leaver, reaching: .completed)
            try scene.transaction.deactivate(leaver, at: scene.now)
            return (stage, backup)
        }
    }

    /// The subjects that a viewer may take out; the page itself names all.
    private static func exported(_ backup: BackupDetails, by viewer: UserID?, _ scene: Scene) throws -> Set<String> {
        let messages = try scene.transaction.messages(of: backup, after: nil, limit: .max, exportedBy: viewer)
        #expect(Set(messages.map(\.subject)).isSuperset(of: ["contact", "lead"]))
        return Set(messages.filter(\.isVisible).map(\.subject))
    }

    @Test("An administrator may take out everything while administrators are associated with every record")
    func administrators() async throws {
        let (organization, (stage, backup)) = try await Self.office()
        try await organization.change { scene in
            #expect(try Self.exported(backup, by: stage.administrator, scene) == ["contact", "lead"])
            #expect(try Self.exported(backup, by: stage.sharedAdministrator, scene) == ["contact", "lead"])
            try scene.transaction.setAdministratorsSeeRecords(false)
            #expect(try Self.exported(backup, by: stage.administrator, scene) == [])
            #expect(try Self.exported(backup, by: stage.sharedAdministrator, scene) == ["contact"])
            try scene.transaction.setAdministratorsSeeRecords(true)
            try scene.transaction.deactivate(stage.administrator, at: scene.now)
            #expect(try Self.exported(backup, by: stage.administrator, scene) == [])
        }
    }

    @Test("Where nobody is named, nothing is visible")
    func nobody() async throws {
        let (organization, (_, backup)) = try await Self.office()
        try await organization.change { scene throws in
            #expect(try Self.exported(backup, by: nil, scene) == [])
        }
    }

    @Test(
        "Everybody may take out what stands on a page that they may open, with the setting on or off",
        arguments: [true, false]
    )
    func everybody(administratorsSeeRecords: Bool) async throws {
        let (organization, (stage, backup)) = try await Self.office()
        try await organization.change { scene in
            try scene.transaction.setAdministratorsSeeRecords(administratorsSeeRecords)
            let lead = RecordKey(module: .leads, id: Identifier(rawValue: 1))
            for viewer in stage.viewers {
                var pages: Set<String> = []
                for record in Stage.records + [lead] {
                    pages.formUnion(
                        try scene.transaction.visibleMessages(on: record, to: viewer.id).map(\.summary.subject)
                    )
                }
                #expect(try Self.exported(backup, by: viewer.id, scene) == pages, "\(viewer.name)")
            }
        }
    }

    /// What links the only record that a viewer may open to the contact of the mail.
    enum Link: CaseIterable {
        case accountOfContact
        case contactOfDeal
        case accountOfDeal
        case accountOfLead
        case contactOfContact
        case contactOfAccount
    }

    @Test("V4: the only links that count are a contact's account and a deal's contact", arguments: Link.allCases)
    func links(link: Link) async throws {
        let (organization, (stage, backup)) = try await Self.office()
        try await organization.change { scene in
            let viewer = stage.unrelated
            let opened: RecordKey
            switch link {
            case .accountOfContact:
                opened = try scene.record(.accounts, 1, owner: viewer)
            case .contactOfDeal:
                opened = try scene.record(.deals, 2, owner: viewer, contact: Stage.contact)
            case .accountOfDeal:
                opened = try scene.record(.deals, 2, owner: viewer, account: Stage.account)
            case .accountOfLead:
                opened = try scene.record(.accounts, 2, owner: viewer)
                try scene.record(.leads, 1, owner: stage.owner, addresses: ["lead@customer.example"], account: opened)
            case .contactOfContact:
                opened = try scene.record(.contacts, 2, owner: viewer, contact: Stage.contact)
            case .contactOfAccount:
                opened = try scene.record(.accounts, 2, owner: viewer, contact: Stage.contact)
            }
            let onPage = try scene.transaction.visibleMessages(on: opened, to: viewer).map(\.summary.subject)
            #expect(onPage == ([.accountOfContact, .contactOfDeal].contains(link) ? ["contact"] : []))
            #expect(try Self.exported(backup, by: viewer, scene) == Set(onPage))
        }
    }
}
