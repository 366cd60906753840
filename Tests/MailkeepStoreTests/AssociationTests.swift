import Foundation
import GRDB
import MailkeepModel
import Testing

@testable import MailkeepStore

/// Which mail stands on which record's page.
///
/// The mailbox's owner shares all, and the viewer owns the records.
@Suite("Which mail stands on a record (B2, V4, V5)")
struct AssociationTests {
    private struct Office: Sendable {
        let viewer: UserID
        let colleague: UserID
        let mailbox: MailboxID
    }

    private static let contact = RecordKey(module: .contacts, id: Identifier(rawValue: 1))

    private static func office() async throws -> (Organization, Office) {
        try await Organization.make { scene in
            let colleague = try scene.user("colleague")
            return Office(
                viewer: try scene.user("viewer"),
                colleague: colleague,
                mailbox: try scene.mailbox(of: colleague, .all, at: "box@example.jp")
            )
        }
    }

    /// The subjects on a record's page.
    private static func subjects(_ scene: Scene, _ record: RecordKey, _ viewer: UserID) throws -> [String] {
        try scene.transaction.visibleMessages(on: record, to: viewer).map(\.summary.subject).sorted()
    }

    @Test("Leads and contacts show the mail of their own addresses, however these are written")
    func ownAddresses() async throws {
        let (organization, office) = try await Self.office()
        let seen = try await organization.change { scene in
            try scene.mail("first", in: office.mailbox, ["a@customer.example": .from])
            try scene.mail("second", in: office.mailbox, ["b@customer.example": .to])
            try scene.mail("other", in: office.mailbox, ["c@customer.example": .to])
            let addresses = ["A@Customer.Example", "b@customer.example"]
            let contact = try scene.record(.contacts, 1, owner: office.viewer, addresses: addresses)
            let lead = try scene.record(.leads, 1, owner: office.viewer, addresses: ["B@CUSTOMER.EXAMPLE"])
            return try [contact, lead].map { try Self.subjects(scene, $0, office.viewer) }
        }
        #expect(seen == [["first", "second"], ["second"]])
    }

    @Test(
        "A customer associates in every address field, but not by an address without its tag",
        arguments: [
            (AddressFields.from, true), (.sender, true), (.replyTo, true), (.to, true), (.cc, true), (.bcc, true),
            (.withoutTag, false),
        ]
    )
    func fields(fields: AddressFields, associates: Bool) async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            try scene.mail("mail", in: office.mailbox, ["a@customer.example": fields])
            let unread = try scene.mail(nil, in: office.mailbox, folder: "Later", ["a@customer.example": fields])
            let contact = try scene.record(.contacts, 1, owner: office.viewer, addresses: ["a@customer.example"])
            #expect(try Self.subjects(scene, contact, office.viewer) == (associates ? ["mail"] : []))
            let folder = try scene.transaction.folder(named: "Later", in: office.mailbox, uidValidity: 1)
            let wanted = try scene.transaction.wantedEntries(in: folder.id, 1...UInt32.max)
            #expect(wanted.map(\.id) == (associates ? [unread] : []))
            let frozen = try scene.beginBackup(of: office.colleague)
            #expect(try scene.transaction.freezeMessages(into: frozen, limit: 10) == (associates ? 1 : 0))
        }
    }

    @Test(
        "V4, B2: the addresses of leads and contacts alone make mail wanted, backed up and taken out",
        arguments: Module.allCases
    )
    func modules(module: Module) async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            try scene.record(module, 1, owner: office.viewer, addresses: ["a@customer.example"])
            try scene.mail("stored", in: office.mailbox, ["a@customer.example": .from])
            try scene.mail(nil, in: office.mailbox, ["a@customer.example": .from])
            let folder = try scene.transaction.folder(named: "INBOX", in: office.mailbox, uidValidity: 1)
            #expect(
                try scene.transaction.wantedEntries(in: folder.id, 1...UInt32.max).count
                    == (module.matchesAddresses ? 1 : 0)
            )
            let backup = try scene.backup(of: office.colleague, reaching: .completed)
            #expect(try scene.subjects(of: backup) == (module.matchesAddresses ? ["stored"] : []))
            let frozen = try scene.beginBackup(of: office.colleague)
            try scene.record(.leads, 9, owner: office.colleague, addresses: ["a@customer.example"])
            _ = try scene.transaction.freezeMessages(into: frozen, limit: 10)
            let messages = try scene.transaction.messages(
                of: frozen,
                after: nil,
                limit: 10,
                exportedBy: office.viewer
            )
            #expect(messages.map(\.isVisible) == [module.matchesAddresses])
        }
    }

    @Test("V4: an account shows the mail of its contacts, and a deal that of its contact only")
    func accountsAndDeals() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let viewer = office.viewer
            for name in ["first", "second", "lead", "account", "deal", "stranger"] {
                try scene.mail(name, in: office.mailbox, ["\(name)@customer.example": .from])
            }
            let account = try scene.record(.accounts, 1, owner: viewer, addresses: ["account@customer.example"])
            let first = try scene.record(
                .contacts,
                1,
                owner: viewer,
                addresses: ["first@customer.example"],
                account: account
            )
            // A link from a contact to another is none that the rules know, nor is one from a lead to an account.
            let second = try scene.record(
                .contacts,
                2,
                owner: viewer,
                addresses: ["second@customer.example"],
                account: account,
                contact: first
            )
            try scene.record(.leads, 1, owner: viewer, addresses: ["lead@customer.example"], account: account)
            let deal = try scene.record(
                .deals,
                1,
                owner: viewer,
                addresses: ["deal@customer.example"],
                account: account,
                contact: first
            )
            let bare = try scene.record(.deals, 2, owner: viewer, account: account)
            #expect(try Self.subjects(scene, account, viewer) == ["first", "second"])
            #expect(try Self.subjects(scene, deal, viewer) == ["first"])
            #expect(try Self.subjects(scene, bare, viewer) == [])
            #expect(try Self.subjects(scene, second, viewer) == ["second"])
        }
    }

    @Test(
        "V5: a colleague's address never associates, wherever it is one",
        arguments: [UserStatus.active, .inactive],
        InternalAddressKind.allCases
    )
    func internalAddresses(status: UserStatus, kind: InternalAddressKind) async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let other = try scene.user("other")
            let address: String
            switch kind {
            case .user: address = "other@example.jp"
            case .mailbox:
                address = "other-box@example.jp"
                try scene.mailbox(of: other, .none, at: address)
            case .alias:
                address = "sales@example.jp"
                try scene.alias(address, of: other)
            }
            if status == .inactive { try scene.transaction.deactivate(other, at: scene.now) }
            try scene.mail("internal", in: office.mailbox, [address: .from])
            try scene.mail("both", in: office.mailbox, [address: .from, "a@customer.example": .to])
            let unread = try scene.mail(nil, in: office.mailbox, folder: "Later", [address: .from])
            let contact = try scene.record(
                .contacts,
                1,
                owner: office.viewer,
                addresses: [address, "a@customer.example"]
            )
            #expect(try Self.subjects(scene, contact, office.viewer) == ["both"])
            let folder = try scene.transaction.folder(named: "Later", in: office.mailbox, uidValidity: 1)
            let wanted = try scene.transaction.wantedEntries(in: folder.id, 1...UInt32.max)
            #expect(!wanted.map(\.id).contains(unread))
        }
    }

    @Test("V5: a customer's address that becomes a colleague's takes its mail off the record at once")
    func addressBecomesInternal() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            try scene.mail("mail", in: office.mailbox, ["freelancer@example.jp": .from])
            let contact = try scene.record(.contacts, 1, owner: office.viewer, addresses: ["freelancer@example.jp"])
            #expect(try Self.subjects(scene, contact, office.viewer) == ["mail"])
            _ = try scene.user("freelancer")
            #expect(try Self.subjects(scene, contact, office.viewer) == [])
        }
    }

    @Test("An address added to a record brings last year's mail, and one removed takes it away, at once")
    func addressesChange() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            let viewer = office.viewer
            try scene.mail("stored", in: office.mailbox, ["a@customer.example": .from])
            let unread = try scene.mail(nil, in: office.mailbox, ["a@customer.example": .from])
            let folder = try scene.transaction.folder(named: "INBOX", in: office.mailbox, uidValidity: 1).id
            let contact = try scene.record(.contacts, 1, owner: viewer)
            #expect(try Self.subjects(scene, contact, viewer) == [])
            #expect(try scene.transaction.wantedEntries(in: folder, 1...UInt32.max).isEmpty)

            try scene.record(.contacts, 1, owner: viewer, addresses: ["a@customer.example"])
            #expect(try Self.subjects(scene, contact, viewer) == ["stored"])
            #expect(try scene.transaction.wantedEntries(in: folder, 1...UInt32.max).map(\.id) == [unread])

            try scene.record(.contacts, 1, owner: viewer, addresses: ["b@customer.example"])
            #expect(try Self.subjects(scene, contact, viewer) == [])
            #expect(try scene.transaction.wantedEntries(in: folder, 1...UInt32.max).isEmpty)
        }
    }

    @Test("A record that is stored again has the older mail of those addresses alone looked through that it got")
    func storedAgain() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            func changes(_ addresses: [String]) throws -> Set<Data> {
                try scene.transaction.run("DELETE FROM address_change", [])
                let record = Record(
                    key: Self.contact,
                    owner: office.viewer,
                    name: "Customer",
                    addresses: addresses.map { RecordAddress(address: $0, hash: scene.hash($0)) }
                )
                try scene.transaction.upsertRecord(record, links: false, at: scene.now)
                #expect(try scene.transaction.record(Self.contact)?.addresses == record.addresses)
                return try Set(scene.transaction.rows("SELECT hash FROM address_change").map { $0["hash"] as Data })
            }
            let (first, second, third) = ("a@customer.example", "b@customer.example", "c@customer.example")
            let added = try changes([first, second])
            #expect(added == [scene.hash(first), scene.hash(second)])
            for addresses in [[first, second], [second, first], ["A@customer.example", second], [second], []] {
                #expect(try changes(addresses).isEmpty, "\(addresses)")
            }
            #expect(try changes([third, first, first]) == [scene.hash(first), scene.hash(third)])
            #expect(try changes([first, second, third]) == [scene.hash(second)])
        }
    }

    @Test("B9: what a backup holds follows the records as they are now")
    func backedUpMailFollowsTheRecords() async throws {
        let (organization, office) = try await Self.office()
        try await organization.change { scene in
            try scene.record(.contacts, 1, owner: office.viewer, addresses: ["a@customer.example"])
            try scene.mail("mail", in: office.mailbox, ["a@customer.example": .from, "b@customer.example": .to])
            try scene.backup(of: office.colleague, reaching: .completed)
            try scene.transaction.deactivate(office.colleague, at: scene.now)
            let lead = try scene.record(.leads, 1, owner: office.viewer, addresses: ["b@customer.example"])
            try scene.record(.contacts, 1, owner: office.viewer)
            #expect(try Self.subjects(scene, lead, office.viewer) == ["mail"])
            #expect(try Self.subjects(scene, Self.contact, office.viewer) == [])
        }
    }
}
