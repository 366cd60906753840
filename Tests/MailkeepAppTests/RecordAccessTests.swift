import MailkeepModel
import MailkeepStore
import Testing

@testable import MailkeepApp

/// An administrator may be associated with no record; what goes by records is then not there for them either (V1).
@Suite("Administrators without records")
struct RecordAccessTests {
    private static func hide(_ isHidden: Bool = true, in office: Office) async throws {
        let action = UpdateOrganization(administratorsSeeRecords: !isHidden)
        _ = try await office.perform(action, as: office.ada)
    }

    /// Does what is to be refused as what is not there is, and told in the audit log.
    private static func expectNotThere<Action: UseCase>(_ action: Action, in office: Office) async throws {
        await #expect(throws: Refusal(.v1)) { _ = try await office.perform(action, as: office.ada) }
        let entry = try #require(try await office.lastEntry())
        #expect(entry.outcome == .refused && entry.rule == "V1" && entry.actor == office.ada)
    }

    @Test("R2, V1: holds on a record are listed, shown and lifted by administrators who may open it, and by no others")
    func holds() async throws {
        let office = try await Office()
        func place(_ scope: HoldScope) async throws -> HoldID {
            let shape = try await office.perform(PlaceHold(on: scope, reason: "A matter"), as: office.ada)
            return try #require(HoldID(shape.id))
        }
        let (ofRecord, ofUser) = (try await place(.record(Office.contact)), try await place(.user(office.hana)))
        let lifted = try await place(.record(Office.contact))
        #expect(try await office.perform(LiftHold(lifted, reason: "Settled"), as: office.ada) == .done)
        let all = ListHolds(liftedToo: true)
        #expect(try await office.perform(all, as: office.ada).count == 3)
        #expect(try await office.perform(ShowHold(ofRecord), as: office.ada).record == "Contacts/1")

        try await Self.hide(in: office)
        #expect(try await office.perform(all, as: office.ada).map(\.id) == ["\(ofUser)"])
        for hold in [ofRecord, lifted, HoldID(rawValue: 99), HoldID(rawValue: 0)] {
            try await Self.expectNotThere(ShowHold(hold), in: office)
            try await Self.expectNotThere(LiftHold(hold, reason: "Settled"), in: office)
            await #expect(throws: Refusal(.p1)) {
                _ = try await office.perform(LiftHold(hold, reason: "Settled"), as: office.kei)
            }
        }
        // R1 goes on to name it, as what it covers cannot be deleted.
        let refusal = Refusal(.r1, holds: [ofRecord])
        let erasure = StartErasure(address: Office.customer, reason: "Asked for", confirmed: 0)
        await #expect(throws: refusal) { _ = try await office.perform(erasure, as: office.ada) }
        #expect(try await office.perform(LiftHold(ofUser, reason: "Settled"), as: office.ada) == .done)

        try await Self.hide(false, in: office)
        #expect(try await office.perform(ListHolds(), as: office.ada).map(\.id) == ["\(ofRecord)"])
        #expect(try await office.perform(LiftHold(lifted, reason: "Again"), as: office.ada) == .unchanged)
        #expect(try await office.perform(LiftHold(ofRecord, reason: "Settled"), as: office.ada) == .done)
    }

    @Test(
        "R4, V1: the preview of an erasure counts records that the administrator may not open, and names none of them"
    )
    func erasure() async throws {
        let office = try await Office()
        try await office.readMail(.all, ["From: \(Office.customer)\nTo: hana@sakura.example\nSubject: Offer\n\nHello"])
        let preview = PreviewErasure(address: Office.customer)
        var shown = try await office.perform(preview, as: office.ada)
        #expect(shown.total.messages == 1 && shown.records == ["Contacts/1"] && shown.other_records == 0)
        try await Self.hide(in: office)
        (shown.records, shown.other_records) = ([], 1)
        #expect(try await office.perform(preview, as: office.ada) == shown)
    }
}
