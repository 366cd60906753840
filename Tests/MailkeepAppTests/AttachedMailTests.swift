import Foundation
import MailVault
import MailkeepModel
import MailkeepStore
import MailkeepSync
import Testing

@testable import MailkeepApp

@Suite("A stored mail that another one carries")
struct AttachedMailTests {
    private static let friend = "friend@elsewhere.example"

    /// A mail of the customer's of a year; lines end in LF.
    private static func mail(_ subject: String, year: Int, to other: String, body: String) -> String {
        """
        From: \(Office.customer)
        To: hana@sakura.example, \(other)
        Subject: \(subject)
        Date: 2 Feb \(year) 09:00:00 +0000
        Content-Transfer-Encoding: base64

        \(body)
        """
    }

    private static func lines(_ data: Data) -> String {
        data.base64EncodedString(options: [.lineLength76Characters, .endLineWithLineFeed])
    }

    /// A mail, and one that carries it as it is stored.
    private static func mails(years: (Int, Int)) -> [String] {
        let attachment = Data((0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* $0 / 7) })
        let carried = mail("carried", year: years.0, to: friend, body: lines(attachment))
        let raw = stored(carried)
        return [carried, mail("carrier", year: years.1, to: "kei@sakura.example", body: lines(raw))]
    }

    private static func stored(_ mail: String) -> Data {
        Data((mail + "\n").replacingOccurrences(of: "\n", with: "\r\n").utf8)
    }

    /// The bytes of what is on the customer's record.
    private func messages(of office: Office) async throws -> Set<Data> {
        let found = try await office.mailkeep.store.read { try $0.visibleMessages(on: Office.contact, to: office.hana) }
        return Set(try found.map { try office.mailkeep.vault.readAll($0.content, limit: 1 << 20) })
    }

    /// Stores both anew, so that what the one is put together of is put together itself.
    private func nest(_ mails: [String], in office: Office) async throws {
        let mailkeep = office.mailkeep
        let contents = try mails.reversed().map { mail in
            let writer = try mailkeep.vault.makeWriter(isAnew: true)
            try writer.write(Self.stored(mail))
            return DurableContent(try writer.finish())
        }
        try mailkeep.vault.sync()
        try await mailkeep.store.write { transaction in
            for content in contents { try transaction.replaceContent(content) }
        }
    }

    /// Backs both up, and erases the one that is carried.
    private func backUpAndErase(_ mails: [String], in office: Office) async throws -> BackupID {
        try await office.readMail(.all, mails)
        let output = try await office.perform(DeactivateUser(user: office.hana, backUp: true), as: office.ada)
        let backup = try #require(output.backup)
        try await office.mailkeep.finish(try #require(try await office.mailkeep.job(of: backup)))
        let erasure = StartErasure(address: Self.friend, reason: "Asked for", confirmed: 1)
        _ = try await office.perform(erasure, as: office.ada)
        try await office.mailkeep.finishRemovals()
        return backup
    }

    private func collect(in office: Office) async throws -> Int {
        _ = try await office.perform(CollectGarbage(isDryRun: false), as: office.ada)
        try office.mailkeep.vault.scan { #expect(!$0.isDamaged) }
        return try await office.mailkeep.store.read { try $0.contents(after: nil, limit: 100).count }
    }

    @Test(
        "Whichever of them retention removes, the other one is whole, and nothing is left when both are gone",
        arguments: [[0, 1], [1, 0]],
        [(2001, 2026), (2026, 2001)]
    )
    func retention(_ order: [Int], _ years: (Int, Int)) async throws {
        for isNested in [false, true] {
            let office = try await Office()
            let mails = Self.mails(years: years)
            try await office.readMail(.all, order.map { mails[$0] })
            if isNested { try await nest(mails, in: office) }
            #expect(try await messages(of: office) == Set(mails.map(Self.stored)))

            _ = try await office.perform(SetRetention(days: 5000, confirmed: 1), as: office.ada)
            try await office.mailkeep.finishRemovals()
            #expect(try await office.mailkeep.store.read { try $0.pendingRemovals().isEmpty })
            let left = [Self.stored(mails[years.0 < years.1 ? 1 : 0])]
            #expect(try await messages(of: office) == Set(left))
            _ = try await collect(in: office)
            #expect(try await messages(of: office) == Set(left))

            let erasure = StartErasure(address: Office.customer, reason: "Asked for", confirmed: 1)
            _ = try await office.perform(erasure, as: office.ada)
            try await office.mailkeep.finishRemovals()
            #expect(try await collect(in: office) == 0)
        }
    }

    @Test("Erased, it counts as that in a backup, though its bytes stay for the mail that carries it")
    func erasure() async throws {
        let office = try await Office()
        let mails = Self.mails(years: (2025, 2026))
        let backup = try await backUpAndErase(mails, in: office)
        for _ in 0..<2 {
            let found = try await office.perform(VerifyBackup(backup: backup), as: office.ada)
            #expect(found.whole && found.messages == 2 && found.erased == 1)
            #expect(found.bytes == Int64(Self.stored(mails[1]).count))
            _ = try await collect(in: office)
        }
    }

    @Test(
        "What came again after its erasure, as a hold covers it, is read by verifying the backup that took it (R1, R5)"
    )
    func heldAfterErasure() async throws {
        let office = try await Office()
        let mails = Self.mails(years: (2025, 2026))
        let first = try await backUpAndErase(mails, in: office)

        _ = try await office.perform(PlaceHold(on: .user(office.hana), reason: "A trial"), as: office.ada)
        let again = try FileHandle(forWritingTo: URL(filePath: office.mailbox))
        try again.seekToEnd()
        try again.write(contentsOf: Data("From - Thu Jan  1 00:00:00 2026\n\(mails[0])\n\n".utf8))
        try again.close()
        let latest = try await office.perform(TakeLatestBackup(user: office.hana), as: office.ada)
        try await office.mailkeep.finish(try #require(try await office.mailkeep.job(of: latest)))

        let found = try await office.perform(VerifyBackup(backup: latest), as: office.ada)
        #expect(found.whole && found.erased == 0)
        #expect(found.bytes == mails.reduce(0) { $0 + Int64(Self.stored($1).count) })
        let before = try await office.perform(VerifyBackup(backup: first), as: office.ada)
        #expect(before.whole && before.erased == 1 && before.bytes == Int64(Self.stored(mails[1]).count))
    }
}
