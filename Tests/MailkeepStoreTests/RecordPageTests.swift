import MailkeepModel
import Testing

@testable import MailkeepStore

@Suite("Lists of records, and one record as it is opened (V1)")
struct RecordPageTests {
    private static func names(_ page: Page<ListedRecord>) -> String {
        page.items.map { "\($0.key.id)" }.joined(separator: " ")
    }

    @Test("V1: everybody is listed what they may open, and a linked record's name only where they may open that")
    func stage() async throws {
        let (organization, stage) = try await Organization.make { scene in
            let stage = try Stage(scene)
            // A second contact of the account, of somebody else: few may open it.
            try scene.record(.contacts, 2, owner: stage.unrelated, account: Stage.account)
            return stage
        }
        for viewer in stage.viewers {
            try await organization.read { transaction throws in
                let second = RecordKey(module: .contacts, id: Identifier(rawValue: 2))
                for module in Module.allCases {
                    let found = try transaction.records(RecordQuery(module: module), openTo: viewer.id)
                    let expected = try (Stage.records + [second]).filter {
                        try $0.module == module && transaction.isAssociated(viewer.id, with: $0)
                    }
                    #expect(found.items.map(\.key) == expected, "\(viewer.name): \(module)")
                    #expect(found.total == nil)
                    for record in found.items {
                        let seesAccount = try transaction.isAssociated(viewer.id, with: Stage.account)
                        #expect((record.account != nil) == (module != .accounts && seesAccount))
                    }
                }
                for record in Stage.records + [second] {
                    let grounds = try transaction.associationGrounds(of: viewer.id, with: record)
                    #expect(try grounds.isEmpty != transaction.isAssociated(viewer.id, with: record))
                    #expect(try (transaction.openRecord(record, for: viewer.id) == nil) == grounds.isEmpty)
                }
            }
        }
    }

    @Test("Every ground on which a record may be opened is told")
    func grounds() async throws {
        let (organization, stage) = try await Organization.make { try Stage($0) }
        try await organization.read { transaction throws in
            let grounds = { try transaction.associationGrounds(of: $0, with: Stage.contact) }
            #expect(try grounds(stage.owner) == [.owner])
            #expect(try grounds(stage.shared) == [.shared])
            #expect(try grounds(stage.viewers[2].id) == [.superior])
            #expect(try grounds(stage.administrator) == [.administrator])
            #expect(try grounds(stage.sharedAdministrator) == [.shared, .administrator])
            #expect(try grounds(stage.unrelated) == [])
        }
        try await organization.change { try $0.transaction.setAdministratorsSeeRecords(false) }
        try await organization.read { transaction throws in
            #expect(try transaction.associationGrounds(of: stage.administrator, with: Stage.contact) == [])
            #expect(try transaction.records(RecordQuery(module: .contacts), openTo: stage.administrator).items.isEmpty)
        }
    }

    @Test("An opened record names the contacts and deals that link to it, where the viewer may open them")
    func links() async throws {
        let (organization, stage) = try await Organization.make { scene in
            let stage = try Stage(scene)
            try scene.record(.contacts, 2, owner: stage.unrelated, account: Stage.account)
            try scene.record(.deals, 2, owner: stage.shared, account: Stage.account, contact: Stage.contact)
            _ = try scene.transaction.shareEmails(of: stage.shared, on: Stage.contact, at: scene.now)
            return stage
        }
        try await organization.read { transaction throws in
            let open = try #require(try transaction.openRecord(Stage.account, for: stage.shared))
            #expect(open.contacts.items.map(\.key) == [Stage.contact])
            #expect(open.deals.items.map(\.key.id.rawValue) == [1, 2])
            #expect(!open.sharesOwnMail)
            let contact = try #require(try transaction.openRecord(Stage.contact, for: stage.shared))
            #expect(contact.account?.key == Stage.account)
            #expect(contact.deals.items.map(\.key.id.rawValue) == [1, 2])
            #expect(contact.sharesOwnMail)
            #expect(contact.record.sharedWith.contains(stage.shared))
            let own = try #require(try transaction.openRecord(Stage.deal, for: stage.owner))
            #expect(own.contact?.key == Stage.contact)
            #expect(try transaction.openRecord(Stage.account, for: stage.administrator)?.contacts.items.count == 2)
        }
    }

    @Test("Records are searched by name and address, sorted and paged, for few and for many alike")
    func findsAlike() async throws {
        let (organization, (few, many)) = try await Organization.make { scene in
            let few = try scene.user("few")
            let many = try scene.user("many", .administrator)
            for id in 1...2100 {
                let owner = id.isMultiple(of: 700) ? few : many
                let addresses =
                    id.isMultiple(of: 1400) ? ["Taro\(id)@Customer.example", "b\(id)@customer.example"] : []
                try scene.record(.leads, Int64(id), owner: owner, addresses: addresses)
            }
            return (few, many)
        }
        try await organization.read { transaction throws in
            let find = { (viewer: UserID, change: (inout RecordQuery) -> Void) in
                var query = RecordQuery(module: .leads)
                change(&query)
                return try transaction.records(query, openTo: viewer)
            }
            #expect(Self.names(try find(few) { _ in }) == "1400 2100 700")
            #expect(Self.names(try find(few) { $0.sorting.isDescending = true }) == "700 2100 1400")
            #expect(Self.names(try find(few) { $0.sorting = Sorting(by: .modified) }) == "700 1400 2100")
            let page = try find(few) { $0.page = PageRequest(1, size: 2) }
            #expect(page.hasMore && Self.names(page) == "1400 2100")
            #expect(Self.names(try find(few) { $0.page = PageRequest(2, size: 2) }) == "700")
            for viewer in [few, many] {
                #expect(Self.names(try find(viewer) { $0.search = "ｔａｒｏ1400@CUST" }) == "1400")
                #expect(Self.names(try find(viewer) { $0.search = "leads/700" }) == "700")
                #expect(Self.names(try find(viewer) { $0.search = "700%" }) == "")
            }
            #expect(Self.names(try find(few) { $0.search = "leads/701" }) == "")
            #expect(try find(many) { _ in }.items.count == 50)
        }
        // Many of one's own, without being an administrator, are found in order too.
        try await organization.change { try $0.transaction.setAdministratorsSeeRecords(false) }
        try await organization.read { transaction throws in
            var (query, found) = (RecordQuery(module: .leads, page: PageRequest(size: 200)), [ListedRecord]())
            repeat {
                let page = try transaction.records(query, openTo: many)
                found += page.items
                guard page.hasMore else { break }
                query.page = PageRequest(query.page.number + 1, size: 200)
            } while true
            #expect(found.count == 2097)
            #expect(Set(found.map(\.owner)) == [many])
        }
    }
}
