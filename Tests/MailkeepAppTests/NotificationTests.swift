import Delivery
import Foundation
import GRDB
import MailMessage
import MailkeepModel
import MailkeepSync
import Testing

@testable import MailkeepApp
@testable import MailkeepStore

@Suite("Webhooks and notifications")
struct NotificationTests {
    /// A receiver that is allowed to be asked for, and is there nowhere (RFC 5737).
    private static let nowhere = "https://192.0.2.1/hook"

    private static func webhook(in office: Office, _ events: [EventType] = []) async throws -> WebhookID {
        let made = try await office.perform(AddWebhook(url: nowhere, events: events.map(\.rawValue)), as: office.ada)
        return try #require(WebhookID(made.id))
    }

    private static func told(_ webhook: WebhookID, in office: Office) async throws -> [StoredDelivery] {
        try await office.mailkeep.store.read { try $0.deliveries(of: webhook, limit: 100) }.reversed()
    }

    private static func synchronise(_ office: Office) async throws {
        let job = try await office.perform(SynchroniseMailbox(user: office.hana), as: office.hana)
        _ = try await office.mailkeep.jobs.runNext(only: job, logger: office.mailkeep.logger)
    }

    @Test("A mailbox that cannot be read is told once until it can be read again")
    func attention() async throws {
        let office = try await Office()
        let webhook = try await Self.webhook(in: office)
        try await office.readMail(.all, ["Subject: one\n\ntext"])
        #expect(try await Self.told(webhook, in: office).isEmpty)
        let kept = try Data(contentsOf: URL(filePath: office.mailbox))
        for count in 1...2 {
            try FileManager.default.removeItem(atPath: office.mailbox)
            for _ in 0..<3 { try await Self.synchronise(office) }
            let told = try await Self.told(webhook, in: office)
            #expect(told.map(\.event.type) == Array(repeating: "mailbox.needs_attention", count: count))
            #expect(told.allSatisfy { $0.event.reason == "path" && $0.event.user == office.hana })
            try kept.write(to: URL(filePath: office.mailbox))
            try await Self.synchronise(office)
        }
        // Administrators are told by mail of each.
        let mail = try await office.mailkeep.store.read { try $0.deliveries(of: nil, limit: 100) }.filter {
            $0.user != nil
        }
        #expect(mail.map(\.user) == [office.ada, office.ada])
        #expect(Set(mail.map(\.event.uid)).count == 2)
        // Without a mail server there is nothing to send it by.
        #expect(try await office.mailkeep.dueDeliveries().allSatisfy { $0.webhook == webhook })
        #expect(
            try await office.mailkeep.store.read { try $0.deliveries(of: nil, limit: 9) }.allSatisfy { $0.user == nil }
        )
    }

    @Test(
        "A connection that is refused, or that broke off three times in a row, is told once until it was read to the end"
    )
    func connection() async throws {
        let office = try await Office()
        let webhook = try await Self.webhook(in: office, [.connectionNeedsAttention, .userNotBackedUp])
        let store = office.mailkeep.store
        let save = {
            let settings = ConnectionSettings(
                apiDomain: "https://crm.example",
                tokenEndpoint: "https://crm.example/token",
                clientID: "c",
                clientSecret: "s",
                refreshToken: "r"
            )
            try await store.write { try $0.saveConnection(settings, backsUp: false, by: office.ada, at: .now()) }
        }
        try await save()
        let savedAt = try #require(try await store.read { try $0.connection() }).savedAt
        let fail = { (isRefused: Bool) in
            let isNoted = try await store.write {
                try $0.failConnection("why", isRefused: isRefused, savedAt: savedAt, at: .now())
            }
            #expect(isNoted)
        }
        for _ in 0..<2 { try await fail(false) }
        #expect(try await Self.told(webhook, in: office).isEmpty)
        for isRefused in [false, false, true] { try await fail(isRefused) }
        try await store.write { transaction in
            try transaction.completeConnection(
                savedAt: savedAt,
                readUntil: .now(),
                unresolved: [],
                rereadAt: nil,
                at: .now()
            )
        }
        try await fail(false)
        for _ in 0..<2 { try await fail(true) }
        let told = try await Self.told(webhook, in: office).map(\.event)
        #expect(told.map(\.reason) == ["failing", "refused"])
        try await save()
        let connection = try #require(try await store.read { try $0.connection() })
        #expect(connection.attention == nil && connection.failures == 0 && connection.error == nil)

        let ada = try #require(try await store.read { try $0.user(office.ada) })
        try await store.write { try $0.noteNotBackedUp(office.sota, by: .b4, at: .now()) }
        let notBackedUp = try #require(try await Self.told(webhook, in: office).last?.event)
        for locale in Locale.allCases {
            var recipient = ada
            recipient.locale = locale
            let mail = NotificationMail(
                events: told,
                names: [:],
                recipient: recipient,
                from: "keep@example.com",
                pages: "https://keep.example.com"
            )
            let message = Message(parsing: mail.bytes(at: .now()))
            let wording = Wording(locale: locale)
            #expect(message.header.subject == wording.text(.mailConnectionAttentionSubject))
            for reason in ["failing", "refused"] {
                #expect(message.text.contains(wording.connectionAttention(reason)))
            }
            let single = NotificationMail(
                events: [notBackedUp],
                names: [office.sota: "Sota"],
                recipient: recipient,
                from: "keep@example.com",
                pages: "https://keep.example.com"
            )
            let told = Message(parsing: single.bytes(at: .now()))
            #expect(told.header.subject == wording.text(.mailNotBackedUpSubject, ["user": "Sota"]))
            #expect(told.text.contains("B4") && told.text.contains("/settings/mail-addon-users"))
        }
    }

    @Test("A webhook is told what it asks for, from when it was made")
    func chosen() async throws {
        let office = try await Office()
        try await office.readMail(.all, ["Subject: one\n\ntext"])
        _ = try await office.perform(LockSettings(user: office.hana), as: office.ada)
        let (some, all) = try await (
            Self.webhook(in: office, [.userUnlocked, .backupCompleted]), Self.webhook(in: office)
        )
        _ = try await office.perform(UnlockSettings(user: office.hana), as: office.ada)
        _ = try await office.perform(LockSettings(user: office.hana), as: office.ada)
        let backup = try #require(
            try await office.perform(DeactivateUser(user: office.hana, backUp: true), as: office.ada).backup
        )
        let job = try #require(try await office.mailkeep.job(of: backup))
        _ = try await office.mailkeep.jobs.runNext(only: job, logger: office.mailkeep.logger)
        #expect(
            try await Self.told(all, in: office).map(\.event.type) == [
                "user.unlocked", "user.locked", "user.deactivated", "backup.completed",
            ]
        )
        let told = try await Self.told(some, in: office)
        #expect(told.map(\.event.type) == ["user.unlocked", "backup.completed"])
        #expect(told.last?.event.backup == backup && told.last?.event.backupKind == "backup")
        let now = Timestamp.now().rawValue
        #expect(told.allSatisfy { (now - 60_000...now + 1000).contains($0.event.at.rawValue) })
    }

    @Test("A receiver that cannot be reached is tried seven times within a day, later and later, and then no more")
    func pauses() async throws {
        let office = try await Office()
        let webhook = try await Self.webhook(in: office)
        // Removed from what may be connected to by the time of the attempt: nothing leaves the test.
        try await office.mailkeep.store.write { transaction in
            let settings = WebhookSettings(url: "https://127.0.0.1/", key: WebhookSignature.makeKey())
            let sealed = try transaction.sealing.seal(settings, with: \.credentials, context: "webhook/\(webhook)")
            try transaction.run("UPDATE webhook SET sealed_settings = ?", [sealed])
        }
        _ = try await office.perform(DeactivateUser(user: office.sota), as: office.ada)
        var pauses: [Int64] = []
        for attempt in 1...7 {
            let delivery = try #require(try await Self.told(webhook, in: office).first)
            #expect(delivery.state == .pending && delivery.attempts == attempt - 1)
            try await office.mailkeep.deliver(delivery)
            let noted = try #require(try await Self.told(webhook, in: office).first)
            #expect(noted.error == "network" && noted.attempts == attempt)
            if attempt < 7 { pauses.append(noted.nextAt.rawValue - (try #require(noted.lastAt)).rawValue) }
        }
        #expect(pauses == [5, 300, 1800, 7200, 18_000, 36_000].map { $0 * 1000 })
        #expect(try await Self.told(webhook, in: office).first?.state == .failed)
        #expect(try await office.mailkeep.dueDeliveries().isEmpty)
    }

    @Test("However much happens while nobody delivers it, ten thousand events are kept")
    func bounded() async throws {
        let office = try await Office()
        let webhook = try await Self.webhook(in: office)
        try await office.mailkeep.store.write { transaction in
            try transaction.run(
                """
                WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 10100)
                INSERT INTO event (type, at) SELECT 'user.locked', n FROM number
                """
            )
        }
        let counts = try await office.mailkeep.store.read { transaction in
            try ["event", "delivery"].map { try transaction.row("SELECT COUNT(*) AS n FROM \($0)")?["n"] as Int? }
        }
        #expect(counts == [10_000, 10_000])
        _ = try await office.perform(RemoveWebhook(webhook), as: office.ada)
        #expect(try await office.mailkeep.store.read { try $0.deliveries(of: nil, limit: 1) }.isEmpty)
    }

    @Test("Only administrators manage webhooks, and what was refused is in the audit log")
    func administrators() async throws {
        let office = try await Office()
        let webhook = try await Self.webhook(in: office)
        let refusal = Refusal(.p1)
        await #expect(throws: refusal) { try await office.perform(AddWebhook(url: Self.nowhere), as: office.hana) }
        await #expect(throws: refusal) { try await office.perform(ListWebhooks(), as: office.hana) }
        await #expect(throws: refusal) { try await office.perform(ListDeliveries(), as: office.hana) }
        await #expect(throws: refusal) { try await office.perform(ShowMailNotifications(), as: office.hana) }
        await #expect(throws: refusal) { try await office.perform(RemoveWebhook(webhook), as: office.hana) }
        await #expect(throws: refusal) { try await office.perform(TestWebhook(webhook), as: office.hana) }
        let entry = try #require(try await office.lastEntry())
        #expect(entry.action == "webhook.test" && entry.outcome == .refused && entry.target == "webhook/\(webhook)")
        #expect(try await office.perform(ListWebhooks(), as: office.ada).count == 1)
        for _ in 1..<20 { _ = try await Self.webhook(in: office) }
        await #expect(throws: AppError(.tooManyWebhooks)) { try await Self.webhook(in: office) }
    }
}
