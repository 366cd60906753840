import Foundation
import MailkeepModel
import MailkeepStore
import MailkeepSync
import Testing

@testable import MailkeepApp

@Suite("What pages read")
struct ReadingTests {
    private static let mails = (1...3).map {
        """
        From: \(Office.customer)
        To: hana@sakura.example
        Subject: mail \($0)
        Date: Thu, \($0) Jan 2026 09:00:00 +0900

        text
        """
    }

    private static func expectRefused<Action: UseCase>(
        _ action: Action,
        _ name: String,
        in office: Office
    ) async throws {
        await #expect(throws: Refusal(.p1)) { () async throws -> Void in
            _ = try await office.perform(action, as: office.kei)
        }
        let entry = try await office.lastEntry()
        #expect(entry?.action == name && entry?.rule == "P1")
    }

    @Test("P1: lists of the administration are for administrators, and what others asked for is in the audit log")
    func administration() async throws {
        let office = try await Office()
        try await office.readMail(.all, Self.mails)
        try await Self.expectRefused(
            FindMailAddonUsers(MailAddonUserQuery(status: .active)),
            "mail_addon.list",
            in: office
        )
        try await Self.expectRefused(ShowMailAddonUser(user: office.kei), "mail_addon.show", in: office)
        try await Self.expectRefused(FindUsers(), "user.list", in: office)
        try await Self.expectRefused(ListRoles(), "role.list", in: office)
        try await Self.expectRefused(FindAuditEntries(), "audit.list", in: office)
        try await Self.expectRefused(ListAuditActions(), "audit.list", in: office)

        let query = MailAddonUserQuery(status: .active)
        let found = try await office.perform(FindMailAddonUsers(query), as: office.ada)
        #expect((found.activeCount, found.inactiveCount) == (1, 0))
        let row = try #require(found.page.items.first)
        #expect(row.user.full_name == "Hana" && row.can_cancel == false && row.backup_source == nil)
        #expect(try await office.perform(ListMailAddonUsers(status: .active), as: office.ada) == [row])
        #expect(try await office.perform(ShowMailAddonUser(user: office.hana), as: office.ada) == row)
        #expect(try await office.perform(ShowMailAddonUser(user: office.sota), as: office.ada) == nil)
        #expect(try await office.perform(FindUsers(), as: office.ada).total == 4)

        let refused = AuditQuery(outcome: .refused, rule: "P1", actor: office.kei, page: PageRequest(size: 2))
        let entries = try await office.perform(FindAuditEntries(refused), as: office.ada)
        #expect(entries.items.map(\.action) == ["audit.list", "audit.list"])
        #expect(entries.hasMore && entries.total == nil)
        let shown = AuditQuery(action: "mail_addon.show", user: office.kei)
        #expect(try await office.perform(FindAuditEntries(shown), as: office.ada).items.count == 1)
        let actions = try await office.perform(ListAuditActions(), as: office.ada)
        #expect(actions == actions.sorted() && Set(actions).count == actions.count && actions.contains("user.add"))
    }

    @Test("A pending backup can be cancelled, and an attached source is told without what is secret of it")
    func leaver() async throws {
        let office = try await Office()
        try await office.readMail(.all, Self.mails)
        _ = try await office.perform(DeactivateUser(user: office.hana, backUp: true), as: office.ada)
        let source = AttachBackupSource(user: office.hana, source: .path(office.mailbox))
        _ = try await office.perform(source, as: office.ada)
        let row = try #require(try await office.perform(ShowMailAddonUser(user: office.hana), as: office.ada))
        #expect(row.can_cancel == true && row.last_attempt?.status == "waiting")
        #expect(row.backup_source?.kind == "file" && row.backup_source?.attached_by.name == "Ada")
        let backup = try #require(row.last_attempt.flatMap { BackupID($0.id) })
        _ = try await office.perform(CancelBackup(backup: backup), as: office.ada)
        #expect(try await office.perform(ShowMailAddonUser(user: office.hana), as: office.ada)?.can_cancel == false)
    }

    @Test("V1: a record is shown to who may open it, with why; absent and forbidden are refused alike")
    func record() async throws {
        let office = try await Office()
        try await office.readMail(.recordLevel, Self.mails)
        let show = ShowRecord(record: Office.contact)
        let shape = try await office.perform(show, as: office.hana)
        #expect(shape.opened_by == ["owner"] && shape.addresses == [Office.customer] && shape.fields == ["Phone": "03"])
        #expect(shape.shared_with.map(\.name) == ["Kei"] && shape.owner_active)
        #expect(shape.own_share == RecordShape.OwnShare(state: "not_shared"))
        #expect(try await office.perform(show, as: office.kei).own_share.state == "not_applicable")

        let share = ShareEmails(owner: office.hana, record: Office.contact, isShared: true)
        _ = try await office.perform(share, as: office.hana)
        #expect(try await office.perform(show, as: office.hana).own_share == RecordShape.OwnShare(state: "shared"))
        _ = try await office.perform(LockSettings(user: office.hana), as: office.ada)
        let locked = try await office.perform(show, as: office.hana).own_share
        #expect(locked.state == "shared" && locked.refused?.rule == "L2")

        let absent = ShowRecord(record: RecordKey(module: .contacts, id: Identifier(rawValue: 9)))
        for (action, user) in [(show, office.sota), (absent, office.hana)] {
            await #expect(throws: Refusal(.v1)) { try await office.perform(action, as: user) }
            #expect(try await office.lastEntry()?.rule == "V1")
        }
        let list = FindRecords(RecordQuery(module: .contacts))
        #expect(try await office.perform(list, as: office.kei).items.map(\.name) == ["Taro"])
        #expect(try await office.perform(list, as: office.sota).items == [])
    }

    @Test("A record's mail and My mail come in pages, and as a whole where no page is asked for")
    func pages() async throws {
        let office = try await Office()
        try await office.readMail(.all, Self.mails)
        for page in [nil, PageRequest(1, size: 2), PageRequest(2, size: 2)] {
            let record = ListRecordEmails(record: Office.contact, page: page)
            let found = try await office.perform(record, as: office.kei)
            let own = try await office.perform(ListOwnEmails(owner: office.hana, page: page), as: office.hana)
            let subjects = ["mail 3", "mail 2", "mail 1"]
            let expected = page.map { Array(subjects.dropFirst($0.offset).prefix(2)) } ?? subjects
            #expect(found.items.map(\.subject) == expected && own.items.map(\.subject) == expected)
            #expect(found.hasMore == (page?.number == 1) && own.hasMore == found.hasMore)
            #expect(found.total == nil)
        }
        let preview = try await office.perform(PreviewSharing(), as: office.hana)
        #expect(preview.map(\.messages) == [0, 0, 3] && preview.map(\.records) == [0, 0, 1])
        // Kei, whom it is shared with, and the administrator.
        #expect(preview.map(\.users) == [0, 0, 2])
    }

    @Test("Settings that are not saved yet can be tried, one's own alone, and only such as one may save")
    func test() async throws {
        let office = try await Office()
        try await office.readMail(.all, Self.mails)
        let input = office.settings(.all)
        #expect(try await office.perform(TestMailAccount(user: office.hana, input: input), as: office.hana) == 1)
        #expect(try await office.lastEntry()?.details["address"] == "hana@sakura.example")
        await #expect(throws: Refusal(.l1)) {
            try await office.perform(TestMailAccount(user: office.hana, input: input), as: office.ada)
        }
        await #expect(throws: Refusal(.v5)) {
            let claimed = office.settings(.all, at: Office.customer)
            return try await office.perform(TestMailAccount(user: office.hana, input: claimed), as: office.hana)
        }
        await #expect(throws: AppError(.serverIncomplete)) {
            let incomplete = MailAddonInput(accountType: .imap, address: "hana@sakura.example", sharing: .all)
            return try await office.perform(TestMailAccount(user: office.hana, input: incomplete), as: office.hana)
        }
        _ = try await office.perform(LockSettings(user: office.hana), as: office.ada)
        #expect(try await office.perform(TestMailAccount(user: office.hana, input: input), as: office.hana) == 1)
        await #expect(throws: Refusal(.l2)) {
            let other = office.settings(.all, at: "other@sakura.example")
            return try await office.perform(TestMailAccount(user: office.hana, input: other), as: office.hana)
        }
    }

    @Test("P1: who is neither an administrator nor at the machine chooses none of its files, and may keep theirs")
    func filesOfTheMachine() async throws {
        let office = try await Office()
        try await office.readMail(.all, ["From: \(Office.customer)\nSubject: 1\n\nText"])
        let away = { (user: UserID) in Caller(user: user, origin: "web") }
        var other = office.settings(.all)
        let path = office.mailbox + ".other"
        try Data().write(to: URL(filePath: path))
        other.path = path
        for user in [office.hana, office.sota] {
            await #expect(throws: Refusal(.p1)) {
                try await office.mailkeep.perform(SaveMailAddonSettings(user: user, input: other), as: away(user))
            }
            await #expect(throws: Refusal(.p1)) {
                try await office.mailkeep.perform(TestMailAccount(user: user, input: other), as: away(user))
            }
        }
        let kept = SaveMailAddonSettings(user: office.hana, input: office.settings(.all))
        _ = try await office.mailkeep.perform(kept, as: away(office.hana))
        var own = MailAddonInput(accountType: .mbox, address: "ada@sakura.example", sharing: .all)
        own.path = path
        _ = try await office.mailkeep.perform(SaveMailAddonSettings(user: office.ada, input: own), as: away(office.ada))
    }

    @Test("A locked address stays as it is, also where it is written in other letters (L2)")
    func lockedAddress() async throws {
        let office = try await Office()
        try await office.readMail(.all, ["From: \(Office.customer)\nSubject: 1\n\nText"])
        _ = try await office.perform(LockSettings(user: office.hana), as: office.ada)
        let input = office.settings(.all, at: "HANA@sakura.example")
        _ = try await office.perform(SaveMailAddonSettings(user: office.hana, input: input), as: office.hana)
        let shown = try await office.perform(ShowMailAddonSettings(user: office.hana), as: office.hana)
        #expect(shown?.mailbox.address == "hana@sakura.example")
    }
}
