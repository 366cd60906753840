import Foundation
import TestSupport
import Testing

@Suite("A mailbox of 2,000 varied mails, by shell")
struct SampleMailboxTests {
    private static let contacts = [
        Workplace.customer, "sato@aoi.example", "o'brien@emerald.example", "suzuki.ichiro@日本語.example",
        "a..b@docomo.example", "info@bücher.example",
    ]
    /// Contacts of no record: whoever writes them is nobody's customer.
    private static let strangers = ["taro@customer.example.org", "sato@aoi.test", "news@letters.example"]
    private static let unread = [SampleFolder.junk, SampleFolder.drafts]

    @Test("Exactly the associated mails are stored, each byte as the server has it")
    func exactSet() async throws {
        let sample = SampleMailbox(
            owner: Workplace.Person.leaver.rawValue,
            contacts: Self.contacts,
            strangers: Self.strangers,
            count: 2000,
            seed: 7,
            associatedFraction: 0.3
        )
        try await DovecotServer.withLeaver { server in
            try server.deliver(sample, user: Workplace.Mailbox.account.name)
            try await withWorkplace { work in
                try await work.loadContacts(
                    Self.contacts.enumerated().map { "\(100 + $0),\(Workplace.Person.owner.rawValue),C\($0),\($1)," }
                )
                try await work.save(Workplace.Mailbox(on: server)).expectDone()
                try await work.deactivate()
                let backup = try await work.backUp()
                try await check(backup, of: sample, server, in: work)
                let flags = try SampleFolder.all.map { try server.flags(in: $0, user: Workplace.Mailbox.account.name) }
                #expect(flags.allSatisfy { $0.values.allSatisfy { !$0.contains("Seen") } })
            }
        }
    }

    private func check(
        _ backup: Backup,
        of sample: SampleMailbox,
        _ server: DovecotServer,
        in work: Workplace
    ) async throws {
        let wanted = sample.messages.filter { $0.isAssociated && !Self.unread.contains($0.folder) }
        let hashes = Set(wanted.map { sha256($0.raw) })
        #expect(hashes.count > 400)
        #expect(hashes.count < wanted.count)

        let manifest = try await work.manifest(of: backup.id)
        #expect(manifest.hashes.count == hashes.count)
        #expect(Set(manifest.hashes) == hashes)
        let places = Dictionary(grouping: wanted) { sha256($0.raw) }.mapValues { Set($0.map(\.folder)) }
        for message in manifest.messages { #expect(Set(message.folders) == places[message.sha256]) }

        // Nothing else is stored: a message for each of these, and the manifest.
        #expect(try work.count("message") == hashes.count)
        #expect(try work.count(Workplace.wholeContents) == hashes.count + 1)

        let onServer = try server.mails(in: SampleFolder.all)
        let exported = try await work.export(backup.id)
        #expect(exported.count == places.values.map(\.count).reduce(0, +))
        for bytes in exported { #expect(onServer[sha256(bytes)] == bytes) }
        #expect(Set(exported.map(sha256)) == hashes)

        try checkFolders(try #require(try await work.backup(backup.id).folders), of: sample)
    }

    /// The certificate adds up for every folder.
    private func checkFolders(_ folders: [Backup.Folder], of sample: SampleMailbox) throws {
        #expect(Set(folders.map(\.name)).isSuperset(of: SampleFolder.all))
        for folder in folders {
            let mails = sample.messages.filter { $0.folder == folder.name }
            if Self.unread.contains(folder.name) {
                #expect(folder.excluded == (folder.name == SampleFolder.junk ? "junk" : "drafts"))
                #expect(folder.considered == 0 && folder.stored == 0)
            } else if folder.excluded == nil {
                #expect(folder.on_server == mails.count, "\(folder.name)")
                #expect(folder.considered == mails.count, "\(folder.name)")
                #expect(folder.associated == mails.count { $0.isAssociated }, "\(folder.name)")
                #expect(folder.stored == folder.associated, "\(folder.name)")
            }
        }
    }
}
