import MailkeepModel
import Testing

@testable import MailkeepStore

/// Holds the SQL of association against `VisibilityPolicy.associates` where addresses have a `+tag`.
@Suite("Addresses with a tag (V4, V5)")
struct TagTests {
    /// An address of a mail, an address of a record, and addresses of colleagues.
    struct Case: Sendable, Hashable {
        let mail: String
        let record: String
        let internalAddress: String?
        let module: Module
        let ignoresTags: Bool

        static let all: [Case] = Module.allCases.flatMap { module in
            [false, true].flatMap { ignoresTags in
                addresses.flatMap { mail in
                    addresses.flatMap { record in
                        ([nil] + addresses.map { $0 }).map {
                            Case(
                                mail: mail,
                                record: record,
                                internalAddress: $0,
                                module: module,
                                ignoresTags: ignoresTags
                            )
                        }
                    }
                }
            }
        }

        private static let addresses = ["a@x.example", "a+one@x.example", "a+two@x.example", "b@x.example"]

        static func untagged(_ address: String) -> String {
            guard let plus = address.firstIndex(of: "+"), let at = address.firstIndex(of: "@") else { return address }
            return String(address[..<plus] + address[at...])
        }

        /// What the policy says.
        var associates: Bool {
            let form: VisibilityPolicy.AddressMatch.Form =
                mail == record ? .exact : Self.untagged(mail) == record ? .withoutTag : .other
            let match = VisibilityPolicy.AddressMatch(
                form: form,
                recordAddressIsInternal: internalAddress.map { $0 == record || $0 == Self.untagged(record) } ?? false,
                taggedFormIsInternal: internalAddress.map { $0 != record && Self.untagged($0) == record } ?? false
            )
            return VisibilityPolicy.associates(module: module, match: match, ignoresTags: ignoresTags)
        }
    }

    @Test("The database associates what the policy does, in every combination, on pages, in backups and exports")
    func combinations() async throws {
        #expect(Case.all.count == 640)
        let organization = try await Organization.make { scene in
            _ = try scene.mailbox(of: try scene.user("owner"), .all, at: "box@example.jp")
        }.0
        // Each case has a domain, a record and a folder of its own.
        for (number, test) in Case.all.enumerated() {
            try await organization.change { scene in
                guard let owner = try scene.transaction.users().first,
                    let mailbox = try scene.transaction.mailAddon(of: owner.id)?.mailbox
                else { throw Missing(what: "the owner") }
                let own = { (address: String) in address.replacing("@x.", with: "@x\(number).") }
                try scene.transaction.setIgnoresTags(test.ignoresTags)
                if let alias = test.internalAddress {
                    try scene.alias(own(alias), of: owner.id)
                    try scene.noteTag(of: own(alias))
                }
                let key = try scene.record(
                    test.module,
                    Int64(number + 1),
                    owner: owner.id,
                    addresses: [own(test.record)]
                )
                try scene.noteTag(of: own(test.record))
                var addresses: [String: AddressFields] = [own(test.mail): .from]
                let untagged = Case.untagged(test.mail)
                if untagged != test.mail { addresses[own(untagged)] = .withoutTag }
                let expected = test.associates ? 1 : 0
                try scene.mail("stored \(number)", in: mailbox, folder: "\(number)", addresses)
                try scene.mail(nil, in: mailbox, folder: "\(number)", addresses)
                #expect(try scene.transaction.visibleMessages(on: key, to: owner.id).count == expected, "\(test)")
                let folder = try scene.transaction.folder(named: "\(number)", in: mailbox, uidValidity: 1)
                #expect(try scene.transaction.wantedEntries(in: folder.id, 1...UInt32.max).count == expected, "\(test)")
            }
        }
    }

    @Test("The setting acts at once, on stored mail too, and is off at first")
    func setting() async throws {
        let (organization, (owner, contact)) = try await Organization.make { scene in
            let owner = try scene.user("owner")
            let mailbox = try scene.mailbox(of: owner, .all)
            let contact = try scene.record(.contacts, 1, owner: owner, addresses: ["a@x.example"])
            try scene.mail("mail", in: mailbox, ["a+news@x.example": .from, "a@x.example": .withoutTag])
            return (owner, contact)
        }
        let count = { try await organization.read { try $0.visibleMessages(on: contact, to: owner).count } }
        #expect(try await organization.read { try $0.ignoresTags() } == false)
        #expect(try await count() == 0)
        try await organization.write { try $0.setIgnoresTags(true) }
        #expect(try await count() == 1)
        try await organization.write { try $0.setIgnoresTags(false) }
        #expect(try await count() == 0)
    }

    @Test("V5: nobody takes a customer's mail away by a mailbox address with or without the tag of the customer's")
    func claims() async throws {
        _ = try await Organization.make { scene in
            let user = try scene.user("user")
            try scene.record(.contacts, 1, owner: user, addresses: ["plain@x.example", "tagged+one@x.example"])
            try scene.noteTag(of: "tagged+one@x.example")
            let stands = { (address: String) in
                let untagged = Case.untagged(address)
                return try scene.transaction.standsOnRecord(
                    addressHash: scene.hash(address),
                    withoutTag: untagged == address ? nil : scene.hash(untagged),
                    otherThan: user
                )
            }
            #expect(try stands("plain@x.example") && stands("plain+any@x.example"))
            #expect(try stands("tagged+one@x.example") && stands("tagged@x.example"))
            #expect(try !stands("tagged+two@x.example") && !stands("other@x.example") && !stands("other+x@x.example"))
        }
    }
}

extension Scene {
    func noteTag(of address: String) throws {
        let untagged = TagTests.Case.untagged(address)
        guard untagged != address else { return }
        try transaction.noteTag(of: hash(address), withoutTag: hash(untagged))
    }
}
