import Foundation
import MailkeepModel
import MailkeepStore
import MailkeepSync
import Testing

@testable import MailkeepApp

/// From a file of records and a mailbox to a record's page.
@Suite("Addresses of records find their mail (V2, V4, V5)")
struct AddressMatchingTests {
    /// The subjects on the page of a record that carries an address, of mails with these headers.
    private static func subjects(
        of address: String,
        _ headers: [String],
        in office: Office,
        seenBy viewer: UserID? = nil
    ) async throws -> [String] {
        let csv = "Id,Owner,Name,Email,Shared With\n7,hana@sakura.example,Other,\(address),kei@sakura.example\n"
        _ = try await office.perform(ImportFile(kind: .records(.contacts), bytes: Array(csv.utf8)), as: office.ada)
        let mails = headers.enumerated().map { "\($0.element)\nSubject: mail \($0.offset)\n\nHello\n" }
        try await office.readMail(.all, mails)
        return try await page(in: office, seenBy: viewer)
    }

    private static func page(in office: Office, seenBy viewer: UserID? = nil) async throws -> [String] {
        let record = RecordKey(module: .contacts, id: Identifier(rawValue: 7))
        return try await office.perform(ListRecordEmails(record: record), as: viewer ?? office.kei).items
            .compactMap(\.subject).sorted()
    }

    @Test(
        "Carriers' addresses that break the rules match as they are written, in letters of any case",
        arguments: [
            "a..b.@docomo.ne.jp", ".dot@docomo.ne.jp", "-a-.@ezweb.ne.jp", "x...y@docomo.ne.jp",
            "a/b..@t.vodafone.ne.jp",
        ]
    )
    func carriers(address: String) async throws {
        let other = address.replacing(".", with: "")
        let found = try await Self.subjects(
            of: address,
            [
                "From: \(address)", "From: <\(address.uppercased())>", "To: 太郎 <\(address)>, hana@sakura.example",
                "Cc: \"\(address.split(separator: "@")[0])\"@\(address.split(separator: "@")[1])",
                "From: \(other.replacing("docomonejp", with: "docomo.ne.jp"))",
            ],
            in: try await Office()
        )
        #expect(found == ["mail 0", "mail 1", "mail 2", "mail 3"])
    }

    @Test(
        "International domains and local parts match, whichever of their forms stands where",
        arguments: [
            ("info@日本語.jp", ["info@xn--wgv71a119e.jp", "INFO@日本語.JP", "info@日本語。jp"]),
            ("info@xn--wgv71a119e.jp", ["info@日本語.jp", "info@XN--WGV71A119E.jp"]),
            ("info@ＥＸＡＭＰＬＥ.jp", ["info@example.jp"]),
            ("山田@日本語.jp", ["山田@日本語.jp", "山田@xn--wgv71a119e.jp"]),
            ("José@straße.example", ["Jose\u{301}@straße.example", "JOSÉ@xn--strae-oqa.example"]),
            ("用户+tag@例え.jp", ["用户+tag@例え.jp"]),
        ]
    )
    func international(address: String, written: [String]) async throws {
        let encoded = Data("太郎".utf8).base64EncodedString()
        let headers = written.flatMap { ["From: <\($0)>", "To: =?UTF-8?B?\(encoded)?= <\($0)>"] }
        let found = try await Self.subjects(
            of: address,
            headers + ["From: someone@else.example"],
            in: try await Office()
        )
        #expect(found == headers.indices.map { "mail \($0)" }.sorted())
    }

    @Test("An address with a tag associates once the organisation ignores tags, at once, stored mail included")
    func tags() async throws {
        let office = try await Office()
        let headers = [
            "From: taro2+news@customer.example", "From: taro2@customer.example", "From: taro2x@customer.example",
        ]
        #expect(try await Self.subjects(of: "taro2@customer.example", headers, in: office) == ["mail 1"])
        let shape = try await office.perform(UpdateOrganization(ignoresAddressTags: true), as: office.ada)
        #expect(shape.address_tags_ignored && shape.administrators_see_records)
        // Its body was not wanted until now.
        let job = try await office.perform(SynchroniseMailbox(user: office.hana), as: office.hana)
        _ = try await office.mailkeep.jobs.runNext(only: job, logger: office.mailkeep.logger)
        #expect(try await Self.page(in: office) == ["mail 0", "mail 1"])
        _ = try await office.perform(UpdateOrganization(ignoresAddressTags: false), as: office.ada)
        #expect(try await Self.page(in: office) == ["mail 1"])
        _ = try await office.perform(UpdateOrganization(ignoresAddressTags: true), as: office.ada)
        #expect(try await Self.page(in: office) == ["mail 0", "mail 1"])
        let entry = try #require(try await office.lastEntry())
        #expect(entry.action == "organization.update" && entry.details == ["address_tags_ignored": "true"])
        await #expect(throws: Refusal(.p1)) {
            try await office.perform(UpdateOrganization(ignoresAddressTags: true), as: office.kei)
        }
    }

    @Test("V5: a record that carries a colleague's address with a tag shows none of the colleague's mail")
    func internalTags() async throws {
        for ignoresTags in [false, true] {
            let office = try await Office()
            _ = try await office.perform(UpdateOrganization(ignoresAddressTags: ignoresTags), as: office.ada)
            let headers = ["From: sota+private@sakura.example", "From: sota@sakura.example"]
            #expect(try await Self.subjects(of: "sota+private@sakura.example", headers, in: office) == [])
        }
    }

    @Test("V5: a colleague's alias with a tag does not show on the record that carries it without")
    func aliasTags() async throws {
        let office = try await Office()
        var update = UpdateUser(user: office.sota)
        update.addedAliases = ["sales+sota@partner.example"]
        _ = try await office.perform(update, as: office.ada)
        _ = try await office.perform(UpdateOrganization(ignoresAddressTags: true), as: office.ada)
        let headers = ["To: sales+sota@partner.example", "To: sales@partner.example", "To: sales+x@partner.example"]
        #expect(try await Self.subjects(of: "sales@partner.example", headers, in: office) == ["mail 1"])
    }

    @Test("V2: a colleague's alias makes them a correspondent; V5: an alias of the owner's never associates")
    func aliases() async throws {
        let office = try await Office()
        for (user, alias) in [(office.kei, "kei@partner.example"), (office.hana, "hana@partner.example")] {
            var update = UpdateUser(user: user)
            update.addedAliases = [alias]
            _ = try await office.perform(update, as: office.ada)
        }
        let headers = [
            "From: hana@partner.example\nTo: taro2@customer.example\nCc: kei@partner.example",
            "From: hana@partner.example\nTo: taro2@customer.example", "From: hana@partner.example\nTo: x@y.example",
        ]
        let csv =
            "Id,Owner,Name,Email,Shared With\n7,hana@sakura.example,Other,taro2@customer.example;hana@partner.example,kei@sakura.example\n"
        _ = try await office.perform(ImportFile(kind: .records(.contacts), bytes: Array(csv.utf8)), as: office.ada)
        try await office.readMail(
            .none,
            headers.enumerated().map { "\($0.element)\nSubject: mail \($0.offset)\n\nHi\n" }
        )
        #expect(try await Self.page(in: office) == ["mail 0"])
        #expect(try await Self.page(in: office, seenBy: office.hana) == ["mail 0", "mail 1"])
    }
}
